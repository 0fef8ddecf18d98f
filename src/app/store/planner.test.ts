import { describe, expect, it } from 'vitest';
import { createBudgetStore } from './memory-budget';
import { createPlanner, keyOf, type Judged } from './planner';
import { after, coded, planOf, scriptedStores } from './scripted-engine.test-support';

const REQUEST = { config: '{}', promptTokens: 1000, answerTokens: 24 };
const GIB = 2 ** 30;

function planning() {
  const { model, workers } = scriptedStores();
  const budget = createBudgetStore(
    { getItem: () => null, setItem: () => undefined },
    { isMobile: false, memoryGiB: 8 },
  );
  return { model, workers, budget, planner: createPlanner(model, budget) };
}

describe('the planner', () => {
  it('judges before any model is loaded, each question once', async () => {
    const { planner, workers } = planning();
    const judged = await planner.getState().judge(REQUEST);
    const plan = planOf(REQUEST);
    expect(judged).toEqual({ state: 'judged', assessment: { plan, verdict: 'fits', suggestion: undefined } });
    await planner.getState().judge(REQUEST);
    expect(workers).toHaveLength(1);
    expect(workers[0]?.planned).toEqual([REQUEST]);
    expect(planner.getState().judged[keyOf(REQUEST, 4 * GIB)]).toBe(judged);
  });

  it('judges by the visitor’s budget, and by what the adapter allows of one buffer', async () => {
    const { planner, budget, workers } = planning();
    const huge = { ...REQUEST, promptTokens: 5 * GIB };
    expect(await planner.getState().judge(huge)).toMatchObject({ assessment: { verdict: 'too-big' } });
    budget.getState().setBudget(100 * GIB);
    // Two bytes in all a token, but the largest buffer has one, and the scripted adapter allows 2 GiB.
    expect(await planner.getState().judge(huge)).toMatchObject({ assessment: { verdict: 'too-big' } });
    expect(await planner.getState().judge({ ...REQUEST, promptTokens: GIB })).toMatchObject({
      assessment: { verdict: 'fits' },
    });
    expect(workers).toHaveLength(1);
  });

  it('tells why there is no plan, and asks again the next time', async () => {
    const { planner, model, workers } = planning();
    await model.getState().ask((api) => api.limits());
    const refuse = () => {
      throw coded('family-unsupported', 'This model is of the family "mamba".');
    };
    workers[0]!.planOf = refuse;
    const error = { code: 'family-unsupported', message: 'This model is of the family "mamba".' };
    expect(await planner.getState().judge(REQUEST)).toEqual({ state: 'failed', error });
    workers[0]!.planOf = planOf;
    expect(await planner.getState().judge(REQUEST)).toMatchObject({ state: 'judged' });
  });

  it('asks the next engine where a load closed the one that was asked', async () => {
    const { planner, model, workers } = planning();
    await model.getState().ask((api) => api.limits());
    workers[0]!.api.plan = () => new Promise(() => undefined);
    let judged: Judged | undefined;
    void planner
      .getState()
      .judge(REQUEST)
      .then((answer) => (judged = answer));
    await after(() => undefined);
    void model.getState().load({ source: { kind: 'site', baseUrl: 'https://example.org/' }, name: 'Next' });
    await after(() => undefined);
    expect(workers).toHaveLength(2);
    expect(judged).toMatchObject({ state: 'judged' });
  });

  it('fails with the engine’s own words where that has died', async () => {
    const { planner, model, workers } = planning();
    await model.getState().ask((api) => api.limits());
    workers[0]!.api.plan = () => new Promise(() => undefined); // as of a worker that is gone
    await workers[0]!.die({ code: 'internal', message: 'The worker stopped.' });
    expect(await planner.getState().judge(REQUEST)).toMatchObject({
      state: 'failed',
      error: { message: 'The worker stopped.' },
    });
  });

  it('keeps the last hundred answers', async () => {
    const { planner } = planning();
    for (let i = 0; i < 150; i++) await planner.getState().judge({ ...REQUEST, promptTokens: i + 1 });
    expect(Object.keys(planner.getState().judged)).toHaveLength(100);
    expect(planner.getState().judged[keyOf({ ...REQUEST, promptTokens: 150 }, 4 * GIB)]).toBeDefined();
  });
});
