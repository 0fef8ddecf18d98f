/** The benchmark and the evaluation of FastKV as others run them, on a little of what they take by default. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Bar, LengthResult } from '../bench/ttft-bars';
import { DEMO_FOLDER } from '../src/engine/models/fixtures.test-support';
import { complaints, runTool } from './run-tool.test-support';

const temporary = mkdtempSync(join(tmpdir(), 'eval-'));
afterAll(() => rmSync(temporary, { recursive: true }));

const lastLine = (stdout: string): unknown => JSON.parse(stdout.trimEnd().split('\n').at(-1)!);

describe('bench/ttft.ts', () => {
  it('puts full cache and FastKV side by side, and its bytes are those of what is held', async () => {
    const N = 256;
    const { status, stdout } = await runTool('bench/ttft.ts', '--lengths', `${N}`, '--rounds', '1');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ +full +fastkv +ratio$/m);
    expect(stdout).toMatch(/^pass {2}hot cache \/ full cache: /m);
    const { model, tspLayer, lengths, bars } = lastLine(stdout) as {
      readonly model: { readonly L: number; readonly G: number; readonly D: number; readonly C: number };
      readonly tspLayer: number;
      readonly lengths: readonly [LengthResult];
      readonly bars: readonly Bar[];
    };
    const [{ full, fastkv }] = lengths;
    const { L, G, D, C } = model;
    const [entry, row] = [2 * D * 2, C * 2]; // 16-bit K and V of a head; 16-bit input of T
    expect(tspLayer).toBe(L / 2 - 1);
    expect([full.hotBytes, full.fullBytes, full.trunkBytes]).toEqual([
      ...[L * G * N * entry, L * G * N * entry, 0],
    ]);
    expect(fastkv.hotBytes).toBe(L * G * Math.trunc(0.1 * N) * entry);
    expect(fastkv.fullBytes).toBe(full.fullBytes);
    expect(fastkv.trunkBytes).toBe((tspLayer + 1) * G * N * entry + N * row);
    expect(fastkv.followUpTokens).toBe(12 + 32); // the answer and the question
    for (const ms of [full.ttftMs, full.reReadMs, fastkv.ttftMs, fastkv.followUpMs]) {
      expect(ms).toBeGreaterThan(0);
    }
    expect(fastkv.selectShare).toBeGreaterThan(0);
    expect(fastkv.selectShare).toBeLessThan(1);
    expect(bars.map(({ name }) => name)).toEqual(['hot cache / full cache']);
  });
});

interface EvalRow {
  readonly config: string;
  readonly retain: number;
  readonly asked: number;
  readonly right: number;
  readonly hotBytes: number;
  readonly ttftMs: number | null;
}

describe('bench/eval-demo.ts', () => {
  const questions = join(temporary, 'questions.jsonl');
  // One of each sort: the CPU reference, which takes most of the time, reads the text for each.
  const CONFIGS = ['full', 'fastkv-0.1', 'tsp-off-0.1'];

  it('asks every setting the same, agrees with the CPU reference, and the cache is as small as it says', async () => {
    const few = ['--lengths', '200', '--questions', '6', '--settings', CONFIGS.join(), '--reference', '1'];
    const { status, stdout } = await runTool('bench/eval-demo.ts', ...few);
    expect({ status, stdout }).toMatchObject({ status: 0 });
    const { lengths, reference, tspLayer } = lastLine(stdout) as {
      readonly lengths: readonly [{ readonly promptTokens: number; readonly rows: readonly EvalRow[] }];
      readonly reference: { readonly equal: number; readonly tied: number; readonly different: number };
      readonly tspLayer: number;
    };
    const own = JSON.parse(readFileSync(`${DEMO_FOLDER}fastkv.json`, 'utf8')) as { tsp_layer: number };
    expect(tspLayer).toBe(own.tsp_layer);
    const [{ promptTokens, rows }] = lengths;
    expect(promptTokens).toBeGreaterThan(200);
    expect(promptTokens).toBeLessThan(300);
    expect(rows.map(({ config }) => config)).toEqual(CONFIGS);
    expect(reference.different).toBe(0);
    expect(reference.equal + reference.tied).toBe(rows.length);
    expect(reference.equal).toBeGreaterThanOrEqual(rows.length / 2);
    const [full] = rows as [EvalRow];
    expect(full.right).toBeGreaterThanOrEqual(3); // it knows most facts of so short a document
    for (const { asked, hotBytes, retain, ttftMs } of rows) {
      expect(asked).toBe(6);
      // Besides what was kept, what was written: never more than 24 tokens.
      expect(hotBytes / full.hotBytes).toBeLessThan(retain + 24 / promptTokens);
      expect(ttftMs).toBeGreaterThan(0);
    }
  });

  it('asks what a file says, with the settings and the T that are wanted, and reads a document once for all its questions', async () => {
    const text =
      'The wind moved past the stone bridge. '.repeat(40) + 'The lamp of the Elm Lighthouse is red.';
    const lamp = {
      kind: 'single',
      question: 'What color is the lamp of the Elm Lighthouse?',
      answer: 'Red.',
    };
    const thanks = { kind: 'chat', question: 'Thanks!', answer: 'You are welcome.' };
    writeFileSync(questions, `${JSON.stringify({ length: 400, text, questions: [lamp, thanks] })}\n`);
    const wanted = ['--settings', 'fastkv-0.2,fastkv-0.1,full', '--tsp-layer', '1'];
    const { status, stdout } = await runTool('bench/eval-demo.ts', '--from', questions, ...wanted);
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(stdout).toMatch(/^full \/ fastkv-0\.1 +\d+\nsingle .*\(1\)\nchat .*\(1\)$/m);
    const { tspLayer, lengths, reference } = lastLine(stdout) as {
      readonly tspLayer: number;
      readonly lengths: readonly [{ readonly tokens: number; readonly rows: readonly EvalRow[] }];
      readonly reference: null;
    };
    expect([tspLayer, reference]).toEqual([1, null]);
    expect(lengths[0].tokens).toBe(400);
    expect(lengths[0].rows.map(({ config, asked, ttftMs }) => [config, asked, ttftMs !== null])).toEqual([
      ['full', 2, true],
      ['fastkv-0.1', 2, true],
      ['fastkv-0.2', 2, false],
    ]);
  });

  it('refuses a file that is no good, or not there, in one line', async () => {
    writeFileSync(questions, '{"length": 400}\n');
    const ended = await runTool('bench/eval-demo.ts', '--from', questions);
    expect([ended.status, ended.stdout]).toEqual([1, '']);
    expect(complaints(ended)).toEqual([
      expect.stringContaining(`error bad-argument: ${questions}, line 1: text is missing. A line is {`),
    ]);
    const missing = await runTool('bench/eval-demo.ts', '--from', `${questions}.not`);
    expect(complaints(missing)).toEqual([
      expect.stringContaining('error file-unreadable: The file of --from cannot be read: ENOENT'),
    ]);
  });
});
