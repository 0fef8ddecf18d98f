import { expect, it } from 'vitest';
import type { SelectionReport } from '../../protocol';
import { alwaysKept, keptStart, onlyEndsKept, outlookFor } from './budget';
import { KV } from './scripted-engine.test-support';

const L = 6;

it('foretells what the engine plans to keep and to send on, and why a prompt would be kept whole', () => {
  // Layers past T keep half of the 200 that go on to them.
  const settings = { ...KV, tspLayer: 2, retain: 0.1, tspRate: 0.2 };
  expect(outlookFor(settings, L, 1000)).toEqual({
    ...{ tokens: 1000, whole: undefined },
    ...{ propagated: 200, kept: 100 },
  });
  // Up to T 300 are kept; past it no more than go on.
  expect(outlookFor({ ...settings, retain: 0.3 }, L, 1000).kept).toBe(200);
  expect(outlookFor({ ...settings, turnMode: 'full' }, L, 1000)).toEqual({
    ...{ tokens: 1000, whole: 'policy' },
    ...{ propagated: 1000, kept: 1000 },
  });
  expect(outlookFor(settings, L, 255).whole).toBe('floor');
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
