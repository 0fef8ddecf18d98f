import { expect, it } from 'vitest';
import { after, readyStores } from '../store/scripted-engine.test-support';
import type { Stores } from '../stores';
import { ACTIONS } from './use-shortcuts';

it('Esc stops the answer of the chat that is shown, and none of a chat that was left', async () => {
  const { worker, ...some } = await readyStores();
  const stores = some as unknown as Stores;
  const { chat } = stores;
  await after(() => void chat.getState().ask('What color?'));
  const left = chat.getState();
  chat.getState().newChat();
  expect(chat.getState().away?.activeId).toBe(left.activeId);

  expect(ACTIONS.stop(stores), 'Esc keeps its other meanings').toBe(false);
  expect(worker.stops).toBe(0);

  chat.getState().show(left);
  expect(ACTIONS.stop(stores)).toBe(true);
  expect(worker.stops).toBe(1);
});
