import { expect, it } from 'vitest';
import type { SelectionReport } from '../../../protocol';
import { rowIndexAt, rowPlaces, stripHeight } from './draw-strip';
import { cellText } from './readout';
import { cellAt, columnOf, countIn, keptAnywhere, stripOf, tokensOf } from './strip-data';

const positions = (...list: number[]) => Uint32Array.from(list);
/** Ten tokens, two layers, two KV heads. */
const REPORT: SelectionReport = {
  promptTokens: 10,
  tspLayer: 0,
  propagated: positions(0, 1, 2, 9),
  kept: [
    [positions(0, 9), positions(1, 9)],
    [positions(2, 9), positions(2, 9)],
  ],
};

it('puts every token in exactly one column, and columns and tokens are each other’s inverse', () => {
  for (const [promptTokens, columns] of [
    [10, 10],
    [10, 3],
    [16_384, 337],
    [1, 1],
  ] as const) {
    for (let column = 0, next = 0; column < columns; column++) {
      const { from, to } = tokensOf(column, columns, promptTokens);
      expect(from).toBe(next);
      expect(to).toBeGreaterThan(from);
      expect(columnOf(from, columns, promptTokens)).toBe(column);
      expect(columnOf(to - 1, columns, promptTokens)).toBe(column);
      next = to;
    }
    expect(tokensOf(columns - 1, columns, promptTokens).to).toBe(promptTokens);
  }
});

it('gives each column the share of its tokens that went on, and of its pairs that a layer keeps', () => {
  const { propagated, kept } = stripOf(REPORT, 2, 5);
  expect([...propagated]).toEqual([1, 0.5, 0, 0, 0.5]);
  expect([...(kept[0] ?? [])]).toEqual([0.5, 0, 0, 0, 0.5]);
  expect([...(kept[1] ?? [])]).toEqual([0, 0.5, 0, 0, 0.5]);
});

it('loses no token of a long prompt to rounding', () => {
  const every3rd = Uint32Array.from({ length: 5461 }, (_, i) => 3 * i);
  const { propagated } = stripOf({ ...REPORT, promptTokens: 16_384, propagated: every3rd }, 2, 337);
  const total = propagated.reduce((sum, share, column) => {
    const { from, to } = tokensOf(column, 337, 16_384);
    return sum + share * (to - from);
  }, 0);
  expect(total).toBeCloseTo(5461, 2);
});

it('is full where everything was kept', () => {
  const whole = { promptTokens: 10, tspLayer: undefined, propagated: undefined, kept: undefined };
  const strip = stripOf(whole, 2, 5);
  for (const shares of [strip.propagated, ...strip.kept]) expect([...shares]).toEqual([1, 1, 1, 1, 1]);
  expect(strip.kept).toHaveLength(2);
  expect(keptAnywhere(whole)).toBe(10);
  expect(cellAt(whole, 1, { from: 2, to: 4 }, 2).counts).toEqual([2, 2]);
});

it('counts tokens that any layer and head keeps once', () => {
  expect(keptAnywhere(REPORT)).toBe(4);
  expect(countIn(positions(2, 4, 4096), { from: 4, to: 4096 })).toBe(1);
});

it('says of a place which layer, which tokens and which KV heads', () => {
  const say = (row: number | 'propagated', from: number, to: number) =>
    cellText(cellAt(REPORT, row, { from, to }, 2), 0);
  expect(say('propagated', 3, 4)).toBe('Past layer 0, token 3, did not go on');
  expect(say('propagated', 0, 10)).toBe('Past layer 0, tokens 0–9, 4 of 10 went on');
  expect(say(0, 0, 1)).toBe('Layer 0 (TSP), token 0, kept by KV head 0');
  expect(say(1, 2, 3)).toBe('Layer 1, token 2, kept by every KV head');
  expect(say(1, 2, 4)).toBe('Layer 1, tokens 2–3, kept by KV head 0: 1, head 1: 1 of 2');
  expect(say(1, 3, 5)).toBe('Layer 1, tokens 3–4, let go by every KV head');
});

it('lays out a row for each layer, of many layers lower ones, and finds the row under the pointer', () => {
  const few = rowPlaces(6, 2);
  expect(few).toHaveLength(7);
  for (const [index, { top, height }] of few.entries()) expect(rowIndexAt(few, top + height / 2)).toBe(index);
  expect(rowIndexAt(few, -5)).toBe(0);
  expect(rowIndexAt(few, 1e4)).toBe(6);
  expect(stripHeight(rowPlaces(40, 19))).toBeLessThan(220);
});
