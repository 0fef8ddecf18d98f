import { changeKv } from '../store/settings';
import type { Stores } from '../stores';
import type { Change } from '../store/verdict';

/** Whether a button can make the change: of a text only its owner can take something away. */
export const canApply = ({ promptTokens }: Change): boolean => promptTokens === undefined;

/** For the next message and the next load. */
export function applyChange(stores: Stores, { dtype, kv }: Change): void {
  if (kv) changeKv(stores, kv);
  if (dtype) stores.loadOptions.getState().choose(dtype);
}
