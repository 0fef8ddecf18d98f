import type { Stores } from '../stores';
import type { Change } from '../store/verdict';

/** Whether a button can make the change: of a text only its owner can take something away. */
export const canApply = ({ promptTokens }: Change): boolean => promptTokens === undefined;

/** For the next message and the next load. */
export function applyChange({ model, kv, loadOptions }: Stores, { dtype, kv: settings }: Change): void {
  const { status } = model.getState();
  if (settings) kv.getState().change(settings, status.state === 'ready' ? status.model : undefined);
  if (dtype) loadOptions.getState().choose(dtype);
}
