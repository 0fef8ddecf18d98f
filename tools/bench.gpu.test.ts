/** The kernel benchmark as others run it: a process and its output. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

it('bench/kernels.ts prints a table and, last, one JSON object in which every time and share is real', async () => {
  const args = ['tools/run.mjs', 'bench/kernels.ts', '--kernel', 'rmsnorm'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.trim().split(/ {2,}/))).toContainEqual([
    'kernel',
    'case',
    'ms',
    'GB/s',
    'GFLOP/s',
    'of device',
  ]);
  const { rows } = JSON.parse(lines.at(-1)!) as { rows: { kernel: string; ms: number; share: number }[] };
  expect(rows.length).toBeGreaterThan(0);
  for (const { kernel, ms, share } of rows) {
    expect(kernel).toBe('rmsnorm');
    expect(ms).toBeGreaterThan(0);
    expect(share).toBeGreaterThan(0);
  }
});
