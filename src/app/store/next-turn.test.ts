import { expect, it } from 'vitest';
import { createBudgetStore } from './memory-budget';
import { createNextTurn } from './next-turn';
import { createPlanner } from './planner';
import { changeKv } from './settings';
import { after, MODEL, planOf, readyStores, TTFT } from './scripted-engine.test-support';

const MIB = 2 ** 20;

async function foretelling() {
  const stores = await readyStores();
  const nothing = { getItem: () => null, setItem: () => undefined };
  const budget = createBudgetStore(nothing, { isMobile: false, memoryGiB: 8 });
  const planner = createPlanner(stores.model, budget);
  // The scripted plans are of bytes; the least budget is far above them.
  stores.worker.planOf = (request) => {
    const plan = planOf(request);
    return { ...plan, peakBytes: (plan.peakBytes * MIB) / 8 };
  };
  const next = createNextTurn({ ...stores, budget, planner }, 0);
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
  return { ...stores, budget, next, settled };
}

const document = (tokens: number) => ({ name: 'notes.txt', text: 'x'.repeat(tokens), tokens, questions: [] });

it('counts the document and the draft, and says nothing while nothing would be sent', async () => {
  const { chat, next, settled, worker } = await foretelling();
  await settled();
  expect(next.getState()).toEqual({ use: undefined, assessment: undefined });
  chat.getState().attach(document(1000));
  chat.getState().setDraft('Why?');
  await settled();
  expect(next.getState()).toMatchObject({
    use: { documents: 1000, conversation: 0, draft: 4 },
    assessment: { verdict: 'fits' },
  });
  expect(worker.planned.at(-1)).toMatchObject({ promptTokens: 1004, answerTokens: MODEL.maxNewTokens });
});

it('goes on from the last turn’s prompt and answer, and waits while a turn runs', async () => {
  const { chat, next, settled, worker } = await foretelling();
  chat.getState().attach(document(1000));
  await settled();
  void chat.getState().ask('What?');
  await settled();
  expect(next.getState().use).toEqual({ documents: 1000, conversation: 0, draft: 0 });
  await worker.turns[0]?.finish({ text: 'That.', promptTokens: 1010, newTokens: 5, ttft: TTFT });
  await settled();
  expect(next.getState().use).toEqual({ documents: 1000, conversation: 15, draft: 0 });
  chat.getState().setDraft('And?');
  await settled();
  expect(next.getState().use).toEqual({ documents: 1000, conversation: 15, draft: 4 });
});

it('lets go at once of what was taken out, so that it keeps nobody from sending', async () => {
  const { chat, next, settled } = await foretelling();
  chat.getState().attach(document(20_000));
  chat.getState().setDraft('Why?');
  await settled();
  expect(next.getState().use).toEqual({ documents: 20_000, conversation: 0, draft: 4 });
  chat.getState().newChat();
  expect(next.getState().use).toEqual({ documents: 0, conversation: 0, draft: 4 });
});

it('of a chat begun while another is answered does not count what was asked there', async () => {
  const { chat, next, settled } = await foretelling();
  chat.getState().setDraft('Why?');
  await settled();
  await after(() => void chat.getState().askDraft());
  chat.getState().newChat();
  await settled();
  expect(next.getState().use).toEqual({ documents: 0, conversation: 0, draft: 0 });
});

it('names what would help when the budget or the settings change, by the settings of the next turn', async () => {
  const { chat, next, settled, budget, ...stores } = await foretelling();
  chat.getState().attach(document(8000));
  await settled();
  // 2000 of weights, 100 of scratch, 864 of hot cache, 4000 of trunk; an eighth of a MiB each.
  expect(next.getState().assessment?.plan.peakBytes).toBe((6964 * MIB) / 8);
  budget.getState().setBudget(500 * MIB);
  await settled();
  expect(next.getState().assessment).toMatchObject({
    verdict: 'too-big',
    suggestion: { change: { kv: { turnMode: 'lean' } } },
  });
  changeKv({ ...stores, chat }, { turnMode: 'lean' });
  await settled();
  expect(next.getState().assessment).toMatchObject({ verdict: 'fits' });
});

it('tells a prompt beyond the context by its length alone', async () => {
  const { chat, next, settled } = await foretelling();
  chat.getState().attach(document(MODEL.contextLength - 3));
  chat.getState().setDraft('Why?');
  await settled();
  expect(next.getState()).toEqual({
    use: { documents: MODEL.contextLength - 3, conversation: 0, draft: 4 },
    assessment: undefined,
  });
});

it('counts the system message before the first turn too', async () => {
  const { chat, next, settled } = await foretelling();
  chat.getState().changeSettings({ system: 'Be brief.' });
  await settled();
  expect(next.getState().use).toEqual({ documents: 0, conversation: 'Be brief.'.length, draft: 0 });
});
