/** The benchmark and the evaluation of FastKV as others run them, on a little of what they take by default. */
import { describe, expect, it } from 'vitest';
import type { Bar, LengthResult } from '../bench/ttft-bars';
import { runTool } from './run-tool.test-support';

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
  readonly ttftMs: number;
}

describe('bench/eval-demo.ts', () => {
  it('asks every setting the same, agrees with the CPU reference, and the cache is as small as it says', async () => {
    const few = ['--lengths', '200', '--questions', '6', '--reference', '1'];
    const { status, stdout } = await runTool('bench/eval-demo.ts', ...few);
    expect({ status, stdout }).toMatchObject({ status: 0 });
    const { lengths, reference, tspLayer } = lastLine(stdout) as {
      readonly lengths: readonly [{ readonly promptTokens: number; readonly rows: readonly EvalRow[] }];
      readonly reference: { readonly equal: number; readonly tied: number; readonly different: number };
      readonly tspLayer: number;
    };
    expect(tspLayer).toBe(3);
    const [{ promptTokens, rows }] = lengths;
    expect(promptTokens).toBeGreaterThan(200);
    expect(promptTokens).toBeLessThan(300);
    expect(rows.map(({ config }) => config)).toEqual([
      'full',
      ...['TSP off r=0.1', 'TSP off r=0.2', 'TSP off r=0.5'],
      ...['fastkv r=0.1 t=0.2', 'fastkv r=0.2 t=0.2', 'fastkv r=0.5 t=0.2'],
      ...['fastkv r=0.1 t=0.5', 'fastkv r=0.2 t=0.5', 'fastkv r=0.5 t=0.5'],
    ]);
    expect(reference.different).toBe(0);
    expect(reference.equal + reference.tied).toBe(rows.length);
    expect(reference.equal).toBeGreaterThanOrEqual(rows.length / 2);
    const [full] = rows as [EvalRow];
    expect(full.right).toBeGreaterThanOrEqual(3); // it knows most facts of so short a document
    for (const { asked, hotBytes, retain, ttftMs } of rows) {
      expect(asked).toBe(6);
      // Besides what was kept, what was written: up to 24 tokens.
      expect(hotBytes / full.hotBytes).toBeLessThan(retain + 24 / promptTokens);
      expect(ttftMs).toBeGreaterThan(0);
    }
  });
});
