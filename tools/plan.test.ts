/** `npm run plan` as others run it: a process, its output and its exit status. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { planMemory } from '../src/engine/kv/memory-plan';
import { PAPER } from '../src/engine/kv/reading-plan';
import { FIRST_FOLDER, readOnCpu } from '../src/engine/models/fixtures.test-support';
import { mlxFiles } from '../src/engine/models/quantised.test-support';
import { sharded } from '../src/engine/weights/files.test-support';
import { nodeFolder } from './node-folder';
import { readBytes } from './plan';
import { complaints, runTool } from './run-tool.test-support';

const temporary = mkdtempSync(join(tmpdir(), 'plan-'));
afterAll(() => rmSync(temporary, { recursive: true }));

const plan = (...args: string[]) => runTool('tools/plan.ts', ...args);
const planned = async (...args: string[]) => {
  const ended = await plan('--model', FIRST_FOLDER, '--json', ...args);
  expect(complaints(ended)).toEqual([]);
  expect(ended.stdout).toMatch(/^\{.*\}\n$/);
  return JSON.parse(ended.stdout) as Record<string, unknown> & { weightsBytes: number; peakBytes: number };
};

describe('plan', () => {
  it('prints one JSON object with what the engine plans, T of fastkv.json included', async () => {
    const { spec } = await readOnCpu(FIRST_FOLDER);
    const settings = { ...PAPER, policy: 'fastkv', turnMode: 'exact', tspLayer: 3 } as const;
    const storedBytes = 2 * 1_304_192;
    const expected = planMemory(spec, settings, { N: 4000, answer: 100, dtype: 'f16', storedBytes });
    expect(await planned('--context', '4000', '--policy', 'fastkv', '--answer', '100')).toEqual({
      ...expected,
      ...{ model: FIRST_FOLDER, family: 'llama', parameters: 1_304_192, contextLength: 16_384 },
      ...{ weights: 'f16', cache: 'f16', policy: 'fastkv', turnMode: 'exact', tspLayer: 3 },
      ...{ promptTokens: 4000, answerTokens: 100 },
    });
  });

  it('plans the full cache unless FastKV is asked for, and less for less', async () => {
    const full = await planned('--context', '4000');
    expect(full).toMatchObject({ policy: 'full', trunkBytes: 0, hotBytes: full['fullBytes'] });
    const q4 = await planned('--context', '4000', '--dtype', 'q4', '--cache', 'f32');
    expect(q4).toMatchObject({
      weights: 'q4',
      cache: 'f32',
      fullBytes: 2 * Number(full['fullBytes']) - 6 * 16,
    });
    expect(q4.weightsBytes).toBeLessThan(0.33 * full.weightsBytes);
  });

  it('says whether it fits a budget, and with which change it would', async () => {
    const { peakBytes } = await planned('--context', '8000', '--policy', 'fastkv');
    const tight = await planned('--context', '8000', '--policy', 'fastkv', '--budget', `${peakBytes}`);
    expect(tight).toMatchObject({ budgetBytes: peakBytes, verdict: 'tight' });
    const args = ['--model', FIRST_FOLDER, '--context', '8000', '--policy', 'fastkv'];
    const { stdout } = await plan(...args, '--budget', '16MB');
    expect(stdout).toMatch(/^weights +2\.49 MiB +2611712$/m);
    expect(stdout).toMatch(/^peak +\d+\.\d MiB +\d+$/m);
    expect(stdout).toMatch(
      /^It will not fit in 15\.3 MiB\.\nWith lean mode it (fits|is tight): 1\d\.\d MiB\.$/m,
    );
    const none = await planned('--context', '8000', '--budget', '1MB');
    expect(none).toMatchObject({ verdict: 'too-big', change: null });
  });

  it('takes shards, and a folder by MLX as it comes', async () => {
    const groups = { bits: 4, group: 32, scales: 'bf16' } as const;
    const mlx = await mlxFiles(nodeFolder(FIRST_FOLDER), () => groups, groups);
    for (const [file, bytes] of Object.entries(sharded(mlx, 2))) writeFileSync(join(temporary, file), bytes);
    const { stdout } = await plan('--model', temporary, '--context', '100', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ weights: 'q4', family: 'llama' });
    const own = await planned('--context', '100', '--dtype', 'q4');
    expect(JSON.parse(stdout)).toMatchObject({ weightsBytes: own.weightsBytes });
  });

  it.each([
    ['without a length', ['--model', FIRST_FOLDER], /^error bad-argument: --context is missing/],
    ['with no tokens', ['--model', FIRST_FOLDER, '--context', '0'], /^error bad-argument: promptTokens is 0/],
    [
      'with a budget of nothing',
      ['--model', 'm', '--context', '9', '--budget', '2 apples'],
      /^error bad-argument: --budget is "2 apples"/,
    ],
    [
      'with a T that the model lacks',
      ['--model', FIRST_FOLDER, '--context', '9', '--tsp-layer', '6'],
      /^error bad-argument: --tsp-layer is 6/,
    ],
    [
      'of no folder',
      ['--model', 'nowhere', '--context', '9'],
      /^error file-missing: There is no config\.json in nowhere/,
    ],
  ])('%s is refused', async (_what, args, words) => {
    const ended = await plan(...args);
    expect(ended.status).toBe(1);
    expect(ended.stdout).toBe('');
    expect(complaints(ended).join()).toMatch(words);
  });
});

it('reads budgets as people write them', () => {
  expect(['2GiB', '1.5 GB', '300 mib', '4096', '4KB', '5b'].map(readBytes)).toEqual([
    ...[2 ** 31, 1.5e9, 300 * 2 ** 20, 4096, 4000, 5],
  ]);
  for (const text of ['', 'GiB', '-1GB', '0', '2Gi2'])
    expect(() => readBytes(text)).toThrow('number of bytes');
});
