import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeFolder } from '../src/engine/load-model';
import { readText } from '../src/engine/weights/sources';
import { nodeFolder } from './node-folder';
import { shapeOf, writeRandomCheckpoint } from './random-checkpoint';
import { complaints, runTool } from './run-tool.test-support';

const temporary = mkdtempSync(join(tmpdir(), 'checkpoint-'));
afterAll(() => rmSync(temporary, { recursive: true }));

it('writes shards, an index and a tokenizer, of about as many bytes as asked for', async () => {
  const bytes = await writeRandomCheckpoint(temporary, 5e7, 3);
  expect(Math.abs(bytes / 5e7 - 1)).toBeLessThan(0.02);
  // As a web host has it: it cannot list its files, so the index has to lead to them.
  const { list: _, ...host } = nodeFolder(temporary);
  const { spec, sources } = await describeFolder(host);
  expect(sources).toHaveLength(3);
  expect(spec).toMatchObject(shapeOf(5e7));
  expect(await readText(host, 'tokenizer_config.json')).toContain('chat_template');
});

it('comes within one percent of a hundred megabytes and of ten gigabytes', () => {
  for (const bytes of [1e8, 1e9, 1e10]) {
    const { L, H, G, D, C, F, V } = shapeOf(bytes);
    const parameters = 2 * V * C + L * (C * (2 * H + 2 * G) * D + 3 * C * F + 2 * C) + C;
    expect(Math.abs((4 * parameters) / bytes - 1)).toBeLessThan(0.01);
  }
});

it('refuses what is too small for its tokenizer', async () => {
  const ended = await runTool('tools/random-checkpoint.ts', '--out', temporary, '--megabytes', '10');
  expect(complaints(ended).join()).toMatch(/^error bad-argument: --megabytes is 10; 50 or more/);
});
