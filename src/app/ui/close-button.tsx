import type { ComponentProps } from 'react';
import { Icon } from '../icons';

interface CloseButtonProps extends Pick<ComponentProps<'button'>, 'onClick'> {
  /** What it does, for who does not see the cross. */
  readonly label: string;
}

export function CloseButton({ label, onClick }: CloseButtonProps) {
  return (
    <button type="button" className="quiet-button" aria-label={label} onClick={onClick}>
      <Icon name="close" />
    </button>
  );
}
