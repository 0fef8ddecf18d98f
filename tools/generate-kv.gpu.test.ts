/** `npm run generate` with FastKV: what it compresses, what it prints of that, and dialogues. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareSelections } from '../bench/eval-reference';
import { fastkvSettings } from '../src/engine/kv/settings.test-support';
import { fastkvReference } from '../src/engine/models/fastkv-reference';
import {
  FIRST_FOLDER,
  FASTKV,
  readOnCpu,
  SAMPLES,
  type FastkvFixture,
} from '../src/engine/models/fixtures.test-support';
import type { TokenId } from '../src/engine/shapes';
import { runTool } from './run-tool.test-support';

const temporary = mkdtempSync(join(tmpdir(), 'generate-kv-'));
afterAll(() => rmSync(temporary, { recursive: true }));

interface Printed {
  readonly promptTokens: number;
  readonly reusedTokens: number;
  readonly tokens: number[];
  readonly text: string;
  readonly ttftMs: number;
  readonly lowerMs: number;
  readonly selectMs: number;
  readonly upperMs: number;
  readonly kv: {
    readonly hotBytes: number;
    readonly trunkBytes: number;
    readonly parkedBytes: number;
    readonly scratchPeakBytes: number;
    readonly fullBytes: number;
    readonly layers: { readonly lengths: number[] }[];
  };
  readonly tsp: { readonly layer: number; readonly positions: number[] } | null;
  readonly coverage: number | null;
  readonly kept: number[][][];
}

async function generate(...args: readonly string[]): Promise<Printed[]> {
  const { status, stdout, stderr } = await runTool('tools/generate.ts', '--model', FIRST_FOLDER, ...args);
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Printed);
}

const ascending = (positions: readonly number[]) => [...positions].sort((a, b) => a - b);

const fastkvOf = ({ tspLayer, retain, tspRate, pooling, window, kernel }: FastkvFixture) => ({
  ...{ tspLayer, retain, tspRate, pooling, window, kernel },
});

describe('generate --policy fastkv', () => {
  // Of the others, the answer or the propagated tokens hang on which of tied tokens stay.
  const fixture = FASTKV[1]!;
  const N = fixture.tokens.length;
  let printed: Printed;
  beforeAll(async () => {
    const settings = [
      ...['--retain', `${fixture.retain}`, '--tsp-rate', `${fixture.tspRate}`],
      ...['--tsp-layer', `${fixture.tspLayer}`, '--pooling', fixture.pooling],
      ...['--window', `${fixture.window}`, '--kernel', `${fixture.kernel}`],
    ];
    const what = ['--tokens', fixture.tokens.join(), '--max-new', `${fixture.greedy.length}`];
    [printed] = (await generate(
      ...['--policy', 'fastkv', ...settings, ...what, '--dtype', 'f32', '--json', '--dump-kept'],
    )) as [Printed];
  });

  it('propagates and keeps the tokens that the published code does, but for ties', async () => {
    const { tspLayer, tspPositions, keptPositions } = fixture;
    expect(printed.tsp!.layer).toBe(tspLayer);
    expect(printed.tsp!.positions).toHaveLength(tspPositions.length);
    expect(printed.kept.map((heads) => heads.map(({ length }) => length))).toEqual(
      keptPositions.map((heads) => heads.map(({ length }) => length)),
    );
    const { spec, tensors } = await readOnCpu(FIRST_FOLDER);
    const settings = fastkvSettings(fastkvOf(fixture));
    // Both are a choice that the scores allow: other tokens stand only where scores tie.
    for (const chosen of [
      { propagated: printed.tsp!.positions, kept: printed.kept },
      { propagated: ascending(tspPositions), kept: keptPositions.map((heads) => heads.map(ascending)) },
    ]) {
      const reading = fastkvReference(spec, tensors, fixture.tokens, settings, { chosen });
      expect(compareSelections(reading, chosen)).toMatch(/^(equal|tied)$/);
    }
    for (const positions of [printed.tsp!.positions, ...printed.kept.flat()]) {
      expect(positions).toEqual(ascending(positions));
    }
  });

  it('answers as the published selection does', () => {
    const end = fixture.greedy.indexOf(2 as TokenId);
    expect(end).toBeGreaterThan(3);
    expect(printed.tokens).toEqual(fixture.greedy.slice(0, end + 1));
  });

  it('prints the bytes of what it holds: entries kept and written, and the trunk up to T', () => {
    const { kv, kept, tokens } = printed;
    const written = tokens.length - 1; // the last token is drawn but not fed
    expect(kv.layers.map(({ lengths }) => lengths)).toEqual(
      kept.map((heads) => heads.map((positions) => positions.length + written)),
    );
    const entryBytes = 2 * 32 * 4; // K and V of D floats
    const entries = kv.layers.flatMap(({ lengths }) => lengths).reduce((a, b) => a + b, 0);
    expect(kv.hotBytes).toBe(entryBytes * entries);
    expect(kv.fullBytes).toBe(6 * 2 * (N + written) * entryBytes);
    expect(kv.trunkBytes).toBeGreaterThanOrEqual((fixture.tspLayer + 1) * 2 * N * entryBytes);
    expect(kv.scratchPeakBytes).toBeGreaterThan(0);
  });

  it('splits the time to first token', () => {
    const { ttftMs, lowerMs, selectMs, upperMs } = printed;
    for (const part of [lowerMs, selectMs, upperMs]) expect(part).toBeGreaterThan(0);
    expect(lowerMs + selectMs + upperMs).toBeLessThanOrEqual(ttftMs);
  });

  it('keeps no trunk in turn mode lean', async () => {
    const [lean] = await generate(
      ...['--policy', 'fastkv', '--turn-mode', 'lean', '--tokens', fixture.tokens.join(), '--json'],
    );
    expect(lean!.kv.trunkBytes).toBe(0);
    expect(lean!.kv.hotBytes).toBeLessThan(0.2 * lean!.kv.fullBytes);
  });
});

describe('generate --turns', () => {
  const [, sample] = SAMPLES;
  const [one, two, three] = sample.questions.map(({ question }) => question) as [string, string, string];
  const file = join(temporary, 'turns.json');
  writeFileSync(file, JSON.stringify([`${sample.text}\n\n${one}`, two, three]));
  const settings = ['--policy', 'fastkv', '--retain', '0.2', '--dtype', 'f32', '--dump-kept'];
  let exact: Printed[];
  beforeAll(async () => {
    exact = await generate('--turns', file, '--turn-mode', 'exact', ...settings);
  });

  it('prints a line a turn, and a follow-up in mode exact reads only what is new', () => {
    expect(exact).toHaveLength(3);
    exact.slice(1).forEach((turn, i) => {
      // All of the prompt before was read then; the answer was only written.
      expect(turn.reusedTokens).toBe(exact[i]!.promptTokens);
    });
    expect(exact[0]!).toMatchObject({ reusedTokens: 0, coverage: null });
    for (const { coverage } of exact.slice(1)) {
      expect(coverage).toBeGreaterThan(0);
      expect(coverage).toBeLessThanOrEqual(1);
    }
  });

  it('selects and answers in mode lean, which reads everything again, as in mode exact', async () => {
    const lean = await generate('--turns', file, '--turn-mode', 'lean', ...settings);
    lean.forEach((turn, i) => {
      const { text, promptTokens, tsp, kept } = exact[i]!;
      expect(turn).toMatchObject({ text, promptTokens, tsp });
      expect(turn.kept).toEqual(kept);
      expect(turn.reusedTokens).toBe(0);
    });
  });

  it('answers the same with a trunk that is parked while it writes', async () => {
    const parked = await generate('--turns', file, '--park-trunk', ...settings);
    parked.forEach(({ text, tsp, kept, reusedTokens, kv }, i) => {
      expect({ text, tsp, kept, reusedTokens }).toEqual({
        text: exact[i]!.text,
        tsp: exact[i]!.tsp,
        kept: exact[i]!.kept,
        reusedTokens: exact[i]!.reusedTokens,
      });
      expect(kv.parkedBytes).toBe(kv.trunkBytes);
    });
    expect(exact[0]!.kv.parkedBytes).toBe(0);
  });

  it('keeps everything in mode full, and answers as PyTorch does', async () => {
    const full = await generate('--turns', file, '--turn-mode', 'full', ...settings);
    expect(full[0]!.text).toBe(sample.questions[0]!.model_full_cache);
    for (const { tsp, kept, promptTokens, kv } of full) {
      expect(tsp).toBeNull();
      expect(kept[5]![1]).toHaveLength(promptTokens);
      expect(kv.hotBytes).toBe(kv.fullBytes);
    }
    expect(full[1]!.reusedTokens).toBeGreaterThanOrEqual(full[0]!.promptTokens);
  });
});
