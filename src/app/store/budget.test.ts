import { expect, it } from 'vitest';
// eslint-disable-next-line no-restricted-imports -- what the page foretells is held against what the engine plans.
import { planReading } from '../../engine/kv/reading-plan';
import type { KvSettings, SelectionReport } from '../../protocol';
import { alwaysKept, keptStart, onlyEndsKept, outlookFor } from './budget';
import { KV } from './scripted-engine.test-support';

const L = 6;
const CASES: readonly Partial<KvSettings>[] = [
  {},
  { retain: 0.05, tspRate: 0.05 },
  { retain: 0.3, tspRate: 0.1 },
  { tspRate: 1 },
  { tspLayer: L - 1 },
  { tspLayer: undefined },
  { budget: 'constant', capacity: 64, tspLength: 128 },
  { budget: 'constant' },
  { budget: 'constant', capacity: 2048, tspLength: 128 },
  { turnMode: 'full' },
  { floor: 0, window: 16 },
];

it('foretells what the engine plans to keep and to send on', () => {
  for (const change of CASES) {
    const settings = { ...KV, tspLayer: 2, ...change };
    for (const N of [20, 150, 255, 256, 413, 1121, 5000, 16_000]) {
      const { propagated, kept } = planReading(settings, L, N);
      const outlook = outlookFor(settings, L, N);
      const told = `${JSON.stringify(change)} with ${N}`;
      expect(outlook.propagated, told).toBe(propagated);
      expect(outlook.kept, told).toBe(Math.min(...kept));
      if (outlook.whole !== undefined) expect(Math.min(...kept), told).toBe(N);
    }
  }
});

it('says why a prompt would be kept whole', () => {
  expect(outlookFor({ ...KV, turnMode: 'full' }, L, 1000).whole).toBe('mode');
  expect(outlookFor(KV, L, 255).whole).toBe('floor');
  expect(outlookFor({ ...KV, window: 64 }, L, 300).whole).toBe('window');
  expect(outlookFor(KV, L, 300).whole).toBeUndefined();
});

const report = (...kept: number[][]): SelectionReport => ({
  promptTokens: 10,
  tspLayer: 0,
  propagated: undefined,
  kept: kept.map((positions) => [Uint32Array.from(positions)]),
});

it('counts what no score can win: the window, and the longer of the two protected starts', () => {
  expect(alwaysKept(KV, 0)).toBe(12);
  expect(alwaysKept(KV, 13)).toBe(21);
  expect(alwaysKept({ ...KV, protectHeader: false }, 13)).toBe(12);
});

it('reads the protected start off what every layer kept', () => {
  const long = (...kept: number[][]) => ({ ...report(...kept), promptTokens: 100 });
  expect(keptStart(long([0, 1, 2, 8, 9], [0, 1, 5, 8, 9]))).toBe(2);
  expect(keptStart(long([3, 9]))).toBe(0);
  expect(keptStart(report([0, 1, 2, 8, 9])), 'half of the prompt').toBe(0);
  expect(keptStart({ ...long(), kept: undefined })).toBe(0);
});

it('notices when nothing but the first and the last tokens was kept', () => {
  expect(onlyEndsKept(report([0, 1, 8, 9], [0, 1, 9]))).toEqual({ first: 2, last: 2 });
  expect(onlyEndsKept(report([8, 9]))).toEqual({ first: 0, last: 2 });
  expect(onlyEndsKept(report([0, 1, 8, 9], [0, 4, 9]))).toBeUndefined();
  expect(onlyEndsKept(report([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])), 'all of it').toBeUndefined();
  expect(onlyEndsKept({ ...report(), kept: undefined })).toBeUndefined();
});
