import { createElement } from 'react';
import { beforeEach, expect, it } from 'vitest';
import { markupOf, pageStores } from '../../static-markup.test-support';
import type { TurnFigures } from '../../store/conversation';
import type { MemorySample } from '../../store/memory-history';
import { after, KV, memoryOf, MODEL, TTFT } from '../../store/scripted-engine.test-support';
import { heightsOf, lastKnown, sayPoint, shownIn } from './chart';
import { ChartTable } from './chart-table';
import { Charts } from './charts';
import { jsonOf, subtitleOf } from './export-chart';
import { layersChart, memoryChart } from './memory-charts';
import { firstTokenChart, writingChart } from './turn-charts';

const DONE: TurnFigures = {
  kv: KV,
  ttft: TTFT,
  promptTokens: 100,
  reusedTokens: 0,
  newTokens: 20,
  decodeTokensPerSecond: 40,
};
const STOPPED: TurnFigures = { kv: KV, stoppedAt: 0.4 };
const TURNS = [DONE, STOPPED, { ...DONE, ttft: { ...TTFT, totalMs: 60, lowerMs: 42 } }];

const sample = (ms: number, hotBytes: number): MemorySample => ({
  ...{ ms, hotBytes, trunkBytes: 300, scratchBytes: 10, weightsBytes: 5000, fullBytes: 1000 },
});

it('stacks the parts of the first wait up to its total, and leaves a turn without one empty', () => {
  const chart = firstTokenChart(TURNS);
  const heights = heightsOf(chart.series);
  expect(heights.map((column) => column[0])).toEqual([1, 13, 15, 21, 30]);
  expect(heights.at(-1)).toEqual([30, undefined, 60]);
  expect(chart.x.values).toEqual([1, 2, 3]);
  expect(sayPoint(chart, 1)).toContain('Turn 2: Text to tokens –');
});

it('speaks of the last turn that has figures', () => {
  expect(lastKnown(firstTokenChart([...TURNS, STOPPED]))).toBe(2);
  expect(lastKnown(firstTokenChart([]))).toBe(0);
});

it('gives no writing speed for a turn that wrote one token', () => {
  const one = { ...DONE, newTokens: 1, decodeTokensPerSecond: 0 };
  expect(writingChart([DONE, one, STOPPED]).series[0]?.values).toEqual([40, undefined, undefined]);
});

it('puts the turns’ memory one after the other, without the time between them', () => {
  const chart = memoryChart([[sample(0, 1), sample(2000, 2)], [], [sample(500, 3)]], false);
  expect(chart.x.values).toEqual([0, 2, 2.5]);
  expect(chart.turns).toEqual([
    { x: 0, turn: 1 },
    { x: 2, turn: 3 },
  ]);
});

it('draws the weights when asked for, and tells them always', () => {
  const [without, withWeights] = [false, true].map((asked) => memoryChart([[sample(0, 1)]], asked));
  const keys = (series: readonly { readonly key: string }[] = []) => series.map(({ key }) => key);
  expect(keys(without && shownIn(without))).toEqual(['hotBytes', 'trunkBytes', 'scratchBytes', 'fullBytes']);
  expect(keys(withWeights && shownIn(withWeights))).toContain('weightsBytes');
  expect(keys(without?.series)).toContain('weightsBytes');
});

it('measures a layer against its part of the full cache', () => {
  const { kv } = memoryOf(90);
  const layer = { lengths: [3, 3], bytes: 90 };
  const chart = layersChart({ ...kv, fullBytes: 1000, layers: [layer, layer, layer, layer] });
  expect(chart.series.map(({ key, values }) => [key, values[3]])).toEqual([
    ['fullBytes', 250],
    ['bytes', 90],
  ]);
});

it('exports figures with unit, model and settings, and null for what is not known', () => {
  const json: unknown = JSON.parse(jsonOf(firstTokenChart(TURNS), { model: MODEL, turns: TURNS }));
  expect(json).toMatchObject({
    chart: 'first-token',
    unit: 'ms',
    x: { key: 'turn', values: [1, 2, 3] },
    model: { name: 'Demo model', weights: 'f16', layers: 2 },
  });
  const { series, turns } = json as { series: { key: string; values: unknown }[]; turns: unknown[] };
  expect(series.find(({ key }) => key === 'lowerMs')?.values).toEqual([12, null, 42]);
  expect(turns[0]).toMatchObject({
    turn: 1,
    promptTokens: 100,
    settings: { retain: 0.1, turnMode: 'exact' },
  });
});

it('says below a picture’s title which model it is of and how it was set', () => {
  const context = { model: MODEL, turns: [DONE] };
  expect(subtitleOf(context)).toBe(
    'Demo model, 1.31\u00a0M parameters, weights f16 · exact mode, KV retention 10\u00a0%, TSP rate 20\u00a0%, TSP layer 0',
  );
  expect(subtitleOf({ model: undefined, turns: [] })).toBe('');
});

const table = (chart: Parameters<typeof ChartTable>[0]['chart']) =>
  markupOf(page.stores, createElement(ChartTable, { chart }));

let page: Awaited<ReturnType<typeof pageStores>>;
beforeEach(async () => {
  page = await pageStores(MODEL);
});

it('tells every figure of a chart in its table, the undrawn ones too', () => {
  const html = table(memoryChart([[sample(0, 77)]], false));
  for (const told of ['After 0\u00a0ms', 'Kept (hot)', '77\u00a0B', 'Weights', '4.88\u00a0KiB', 'Full cache'])
    expect(html).toContain(told);
});

it('thins the table of a long chart out, says so, and keeps its last point', () => {
  const many = Array.from({ length: 401 }, (_, index) => sample(index * 100, index));
  const html = table(memoryChart([many], false));
  expect(html.match(/<tbody>/g)?.length).toBeLessThanOrEqual(42);
  expect(html).toContain('One of every 11 samples');
  expect(html).toContain('After 40.0\u00a0s');
});

const charts = () => markupOf(page.stores, createElement(Charts));

it('says what will be drawn before there is anything, and then the figures of the last turn', async () => {
  expect(charts()).toContain('change from turn to turn');
  expect(charts()).not.toContain('chart-picture');
  await after(() => void page.stores.chat.getState().ask('What?'));
  expect(charts()).toContain('aria-valuetext="Turn 1: Text to tokens –');
  await page.worker.turns[0]?.finish({ ttft: TTFT, newTokens: 20 });
  expect(charts()).toMatch(/Turn 1, in all<\/dt><dd>30.0\u00a0ms/);
  expect(charts()).toMatch(/Scoring and selecting<\/dt><dd>2.00\u00a0ms/);
});
