import type { ComponentProps, ReactNode } from 'react';
import { Icon } from '../icons';
import { CloseButton } from './close-button';
import './notice.css';

interface NoticeProps {
  /** What to say; undefined while there is nothing. */
  readonly text: string | undefined;
  /** Something went wrong: it looks so, and a screen reader says it at once. */
  readonly isError: boolean;
  readonly testId: string;
  /** What can be done about it. */
  readonly children?: ReactNode;
  readonly onDismiss: ComponentProps<'button'>['onClick'];
}

/** News or an error, above the composer. */
export function Notice({ text, isError, testId, children, onDismiss }: NoticeProps) {
  const bar = text !== undefined && (
    <div className="notice" data-testid={testId} data-tone={isError ? 'error' : 'news'}>
      {isError && <Icon name="problem" />}
      <p>{text}</p>
      {children}
      <CloseButton label="Dismiss" onClick={onDismiss} />
    </div>
  );
  return (
    <>
      {/* Both are there before they have anything to say, or it would not be heard. */}
      <div role="status" className="notice-region">
        {!isError && bar}
      </div>
      <div role="alert" className="notice-region">
        {isError && bar}
      </div>
    </>
  );
}
