import { describe, expect, it } from 'vitest';
import type { KvSettings, PlanRequest } from '../../protocol';
import { planOf } from './scripted-engine.test-support';
import { assess, sayChange, verdictFor } from './verdict';

const ask = async (request: PlanRequest) => planOf(request);

/** 2000 of weights, 100 of scratch, 100 + 24 of hot cache, 500 of trunk. */
const REQUEST: PlanRequest = { promptTokens: 1000, answerTokens: 24 };
const PEAK = planOf(REQUEST).peakBytes;

const judge = (budgetBytes: number, settings: Partial<KvSettings> = {}, plan = ask) =>
  assess({ ...REQUEST, kv: settings }, { budgetBytes }, plan);

/** Of a checkpoint that is quantised itself. */
const packed = async (request: PlanRequest) => {
  const plan = planOf(request);
  return { ...plan, model: { ...plan.model, isPacked: true } };
};

describe('a verdict', () => {
  it('is fits up to 80 percent of the budget, tight up to all of it, and too big beyond', () => {
    const verdict = (budgetBytes: number) => verdictFor(planOf(REQUEST), { budgetBytes });
    expect(verdict(PEAK / 0.8)).toBe('fits');
    expect(verdict(PEAK / 0.8 - 1)).toBe('tight');
    expect(verdict(PEAK)).toBe('tight');
    expect(verdict(PEAK - 1)).toBe('too-big');
  });

  it('is too big for a device that allows no such buffer, whatever the budget', () => {
    const { largestBufferBytes } = planOf(REQUEST);
    const verdict = (maxBufferBytes: number) =>
      verdictFor(planOf(REQUEST), { budgetBytes: 1e9, maxBufferBytes });
    expect(verdict(largestBufferBytes)).toBe('fits');
    expect(verdict(largestBufferBytes - 1)).toBe('too-big');
  });
});

describe('the smallest change', () => {
  it('is none where it fits', async () => {
    expect(await judge(1e9)).toEqual({ plan: planOf(REQUEST), verdict: 'fits', suggestion: undefined });
  });

  it('is lean mode where dropping the trunk is enough, before any precision is given up', async () => {
    const { verdict, suggestion } = await judge((PEAK - 500) / 0.8);
    expect(verdict).toBe('tight');
    expect(suggestion).toMatchObject({ change: { kv: { turnMode: 'lean' } }, verdict: 'fits' });
    expect(suggestion?.plan.peakBytes).toBe(PEAK - 500);
  });

  it('is 8 bits where lean is not enough, 4 bits where 8 are not, and both together where neither is', async () => {
    const change = async (budget: number) => (await judge(budget / 0.8)).suggestion?.change;
    expect(await change(PEAK - 940)).toEqual({ dtype: 'q8' });
    expect(await change(PEAK - 1380)).toEqual({ dtype: 'q4' });
    expect(await change(0.8 * (PEAK - 1440))).toEqual({ dtype: 'q4', kv: { turnMode: 'lean' } });
    expect(await change(0.8 * (PEAK - 1381))).toEqual({ dtype: 'q4', kv: { turnMode: 'lean' } });
  });

  it('is FastKV for a full cache', async () => {
    const full = planOf({ ...REQUEST, kv: { turnMode: 'full' } }).peakBytes;
    const { suggestion } = await judge((full - 400) / 0.8, { turnMode: 'full' });
    expect(suggestion?.change).toEqual({ kv: { policy: 'fastkv', turnMode: 'exact' } });
  });

  it('leaves the weights of a packed checkpoint alone', async () => {
    const lean = { turnMode: 'lean' } as const;
    expect((await judge(PEAK - 540, lean, packed)).suggestion?.change).toEqual({
      kv: { retain: 0.05, tspRate: 0.1 },
    });
    expect((await judge(PEAK - 540, lean)).suggestion?.change).toEqual({ dtype: 'q8' });
  });

  it('is the longest prompt that fits where nothing else helps, and with the other changes where that alone does not', async () => {
    const bytes = (promptTokens: number) => 100 + promptTokens + 24;
    const kv = { turnMode: 'full' } as const;
    const full = async ({ kv: _, ...request }: PlanRequest) => planOf({ ...request, kv });
    const fullAndPacked = async (request: PlanRequest) => packed({ ...request, kv });
    const long = { ...REQUEST, promptTokens: 5000 };
    const alone = await assess(long, { budgetBytes: 2000 + bytes(3000) }, fullAndPacked);
    expect(alone).toMatchObject({ verdict: 'too-big', suggestion: { change: { promptTokens: 2816 } } });
    const both = await assess(long, { budgetBytes: 620 + bytes(300) }, full);
    expect(both.suggestion?.change).toMatchObject({ dtype: 'q4', promptTokens: 256 });
  });

  it('does not exist where not even the weights fit', async () => {
    expect(await judge(400)).toMatchObject({ verdict: 'too-big', suggestion: undefined });
  });

  it('is one that fits tightly only where none fits well', async () => {
    const { verdict, suggestion } = await judge(PEAK - 1880);
    expect(verdict).toBe('too-big');
    expect(suggestion).toMatchObject({ verdict: 'tight' });
    // One that fits well goes before one that costs less and fits tightly, but two changes before none.
    expect((await judge(PEAK - 1)).suggestion).toMatchObject({ change: { dtype: 'q8' }, verdict: 'fits' });
  });
});

it('says a change in words', () => {
  const said = (change: Parameters<typeof sayChange>[0]) => sayChange(change).replaceAll('\u00a0', ' ');
  expect(said({ dtype: 'q8' })).toBe('8-bit weights');
  expect(said({ dtype: 'q4', kv: { turnMode: 'lean' } })).toBe('4-bit weights and lean mode');
  expect(said({ kv: { policy: 'fastkv', turnMode: 'exact' } })).toBe('FastKV in exact mode');
  expect(said({ kv: { retain: 0.05, tspRate: 0.1 }, promptTokens: 512 })).toBe(
    'a KV retention of 5 %, a TSP rate of 10 % and at most 512 tokens',
  );
});
