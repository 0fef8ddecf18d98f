import { describe, expect, it } from 'vitest';
import type { KvSettings } from '../../protocol';
import type { ModelSpec } from '../models/spec';
import { llamaSpec } from '../models/spec.test-support';
import type { RunOptions } from '../run';
import type { TokenId } from '../shapes';
import { calibrate, squaredDistance, suggestTspLayer, type CalibratedSession } from './calibrate';
import { PAPER } from './reading-plan';

const SPEC = llamaSpec({ L: 6, H: 4, G: 2, D: 32, C: 128, F: 352, V: 1536, contextLength: 4096, tied: true });
const SETTINGS: KvSettings = { ...PAPER, policy: 'fastkv', turnMode: 'exact', tspLayer: undefined };
const prompt = (length: number) => new Array<TokenId>(length).fill(1 as TokenId);

/** Full context ends in the origin; candidate T in a state whose distance from it is given. Remembers what it was asked. */
class ScriptedSession implements CalibratedSession {
  forgotten = 0;
  forget = () => {
    this.forgotten++;
  };

  readonly asked: { readonly length: number; readonly kv: KvSettings; readonly maxNewTokens: number }[] = [];
  constructor(
    private readonly state: (T: number, promptLength: number) => number[],
    readonly spec: ModelSpec = SPEC,
    private readonly onRun: (runs: number) => void = () => undefined,
  ) {}

  async run({ length }: readonly TokenId[], { kv, maxNewTokens }: RunOptions): Promise<void> {
    this.asked.push({ length, kv: kv!, maxNewTokens });
    this.onRun(this.asked.length);
  }

  async finalHidden(): Promise<Float32Array> {
    const { kv, length } = this.asked.at(-1)!;
    return Float32Array.from(kv.policy === 'full' ? [0, 0] : this.state(kv.tspLayer!, length));
  }
}

describe('calibration', () => {
  it('takes the squared length of a difference', () => {
    expect(squaredDistance(Float32Array.of(1, 2, 3), Float32Array.of(1, 0, 6))).toBe(13);
  });

  it('averages distances over the prompts, and reads each with full context and with every T below the last layer', async () => {
    const session = new ScriptedSession((T, length) => [T === 2 ? 0 : T + 1, length === 400 ? 2 : 4]);
    const { steps } = await calibrate(session, [prompt(400), prompt(600)], SETTINGS);
    expect(steps.map(({ tspLayer }) => tspLayer)).toEqual([0, 1, 2, 3, 4]);
    const meanOfSecond = (4 + 16) / 2;
    expect(steps.map(({ distance }) => distance - meanOfSecond)).toEqual([1, 4, 0, 16, 25]);
    expect(session.asked.map(({ kv, length }) => [kv.policy, kv.tspLayer, length])).toEqual([
      ['full', undefined, 400],
      ['full', undefined, 600],
      ...[0, 1, 2, 3, 4].flatMap((T) => [400, 600].map((length) => ['fastkv', T, length])),
    ]);
    expect(new Set(session.asked.map(({ maxNewTokens }) => maxNewTokens))).toEqual(new Set([1]));
  });

  it('counts work as a share of full context’s, more the later T', async () => {
    const session = new ScriptedSession(() => [1, 1]);
    const { steps } = await calibrate(session, [prompt(1000)], SETTINGS);
    const work = steps.map((step) => step.work);
    expect(work).toEqual([...work].sort((a, b) => a - b));
    expect(work[0]).toBeGreaterThan(0);
    expect(work[4]).toBeLessThan(1);
  });

  it('suggests the least distance up to the middle layer, however near later ones come', async () => {
    const session = new ScriptedSession((T) => [[5, 4, 3, 2, 1][T]!, 0]);
    expect(await calibrate(session, [prompt(400)], SETTINGS)).toMatchObject({ suggested: 3 });
  });

  it('suggests the lower of two equal ones', () => {
    const step = (tspLayer: number, distance: number) => ({ tspLayer, distance, work: 1 });
    expect(suggestTspLayer([step(2, 1), step(1, 1), step(0, 2)], 6)).toBe(1);
    expect(suggestTspLayer([step(4, 1)], 6)).toBeUndefined();
  });

  it('tells how far it is, and ends early with what was through', async () => {
    const stop = new AbortController();
    const seen: [number, number][] = [];
    // Two prompts: runs 1 and 2 are full context, 3 to 6 the first two candidates.
    const session = new ScriptedSession(
      (T) => [T === 1 ? 0 : 1, 0],
      SPEC,
      (runs) => {
        if (runs === 7) stop.abort();
      },
    );
    const { steps, suggested } = await calibrate(session, [prompt(400), prompt(401)], SETTINGS, {
      signal: stop.signal,
      onStep: (done, total) => seen.push([done, total]),
    });
    expect(steps.map(({ tspLayer }) => tspLayer)).toEqual([0, 1]);
    expect(suggested).toBe(1);
    expect(session.forgotten).toBe(1);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6].map((done) => [done, 12]));
  });

  it('stopped at once, suggests what the settings say, else the middle', async () => {
    const stop = new AbortController();
    stop.abort();
    const run = (kv: KvSettings) =>
      calibrate(new ScriptedSession(() => [1]), [prompt(400)], kv, { signal: stop.signal });
    expect(await run({ ...SETTINGS, tspLayer: 4 })).toEqual({ steps: [], suggested: 4 });
    expect(await run(SETTINGS)).toEqual({ steps: [], suggested: 2 });
  });

  it.each([
    ['no prompt', [], SETTINGS, SPEC, /there is none/],
    ['a prompt too short to be reduced', [400, 30], SETTINGS, SPEC, /prompt 1 of 30 tokens goes whole/],
    ['a TSP rate of 1', [400], { ...SETTINGS, tspRate: 1 }, SPEC, /prompt 0 of 400 tokens goes whole/],
    ['a model of one layer', [400], SETTINGS, { ...SPEC, L: 1 }, /one layer/],
  ])('has nothing to compare with %s, and says so', async (_, lengths, kv, spec, message) => {
    const promise = calibrate(new ScriptedSession(() => [1], spec), lengths.map(prompt), kv);
    await expect(promise).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringMatching(message),
    });
  });
});
