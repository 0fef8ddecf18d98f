/** longrope in dialogues: which factors a turn is read with, beside a fresh reading and the CPU reference. */
import { afterEach, describe, expect, it } from 'vitest';
import type { KvSettings } from '../protocol';
import { load, runOptions, runWithLogits } from './engine.test-support';
import { fastkvSettings } from './kv/settings.test-support';
import type { LoadedModel } from './load-model';
import { fastkvReference } from './models/fastkv-reference';
import { FIXTURES, logitError, readOnCpu } from './models/fixtures.test-support';
import type { TokenId } from './shapes';

/** Its original context is 64 tokens. */
const { folder } = FIXTURES.find(({ name }) => name === 'phi3-longrope-short')!;
const ORIGINAL = 64;
const ANSWER = 6;
const TEXT = Array.from({ length: 90 }, (_, i) => (2 + ((i * i * 7 + 3 * i) % 94)) as TokenId);

const open: LoadedModel[] = [];
afterEach(() => open.splice(0).forEach(({ device }) => device.destroy()));

async function loaded(): Promise<LoadedModel> {
  const model = await load(folder, { dtype: 'f32' });
  open.push(model);
  return model;
}

async function turn(on: LoadedModel, length: number, kv: KvSettings, answer = ANSWER) {
  const result = await runWithLogits(on, TEXT.slice(0, length), runOptions(answer, { kv }));
  return { tokens: result.tokens, rows: result.rows, reused: result.reusedTokens };
}

const FULL = fastkvSettings({ policy: 'full', turnMode: 'full' });
const FASTKV = fastkvSettings({ tspLayer: 0, retain: 0.5, tspRate: 0.7 });

describe.each<[string, KvSettings]>([
  ['full', FULL],
  ['fastkv', FASTKV],
])('with policy %s a model with longrope', (_, kv) => {
  it('reads again when prompt and answer outgrow the original context or fit it again, and each turn equals a fresh one', async () => {
    const model = await loaded();
    const lengths = [30, 50, ORIGINAL - ANSWER, ORIGINAL - ANSWER + 1, 80, 40];
    const reused: number[] = [];
    for (const length of lengths) {
      const found = await turn(model, length, kv);
      const fresh = await turn(await loaded(), length, kv);
      expect(found).toEqual({ ...fresh, reused: found.reused });
      reused.push(found.reused);
    }
    expect(reused.map((count) => count > 0)).toEqual([false, true, true, false, true, false]);
  });

  it('has the factors of the length that prompt and answer may reach, as the CPU reference', async () => {
    const { spec, tensors } = await readOnCpu(folder);
    const model = await loaded();
    for (const [length, answer] of [
      [40, ANSWER],
      [40, ORIGINAL],
      [70, ANSWER],
    ] as const) {
      const { rows, tokens } = await turn(model, length, kv, answer);
      const reading = fastkvReference(spec, tensors, TEXT.slice(0, length), kv, { length: length + answer });
      expect(logitError(rows[0]!, reading.logits)).toBeLessThan(1e-3);
      expect(logitError(rows[1]!, reading.next(tokens[0]!))).toBeLessThan(1e-3);
    }
  });
});
