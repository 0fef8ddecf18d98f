/** `npm run calibrate` as others run it, on a document as long as those that the first checkpoint reads best. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FIRST_FOLDER, SAMPLES } from '../src/engine/models/fixtures.test-support';
import type { Calibration } from '../src/protocol';
import { complaints, runTool } from './run-tool.test-support';

const temporary = mkdtempSync(join(tmpdir(), 'calibrate-'));
afterAll(() => rmSync(temporary, { recursive: true }));
const calibrate = (...args: string[]) => runTool('tools/calibrate.ts', '--model', FIRST_FOLDER, ...args);

function writePrompts(name: string, prompts: readonly string[]): string {
  const file = join(temporary, name);
  writeFileSync(file, JSON.stringify(prompts));
  return file;
}

const [, { text, questions }] = SAMPLES;
const prompts = questions
  .filter(({ right_fastkv }) => right_fastkv)
  .slice(0, 3)
  .map(({ question }) => `${text}\n\n${question}`);

describe('calibrate', () => {
  const file = writePrompts('prompts.json', prompts);

  it('finds the layer in which the model’s last tokens look at the right fact', async () => {
    const { status, stdout } = await calibrate('--prompts', file, '--json');
    expect(status).toBe(0);
    const { steps, suggested, promptTokens } = JSON.parse(stdout) as Calibration & { promptTokens: number[] };
    expect(suggested).toBe(3);
    expect(promptTokens).toHaveLength(prompts.length);
    for (const tokens of promptTokens) {
      expect(tokens).toBeGreaterThan(400);
      expect(tokens).toBeLessThan(490);
    }
    expect(steps.map(({ tspLayer }) => tspLayer)).toEqual([0, 1, 2, 3, 4]);
    const distance = steps.map((step) => step.distance);
    expect(distance[2]! / distance[3]!).toBeGreaterThan(2);
    const work = steps.map((step) => step.work);
    expect(work).toEqual([...work].sort((a, b) => a - b));
    expect(work[4]).toBeLessThan(1);
  });

  it('prints a table that points at it', async () => {
    const { stdout } = await calibrate('--prompts', writePrompts('one.json', prompts.slice(0, 1)));
    expect(stdout).toMatch(/^1 prompt of 4\d\d tokens\n/);
    expect(stdout.match(/<- suggested/g)).toHaveLength(1);
    expect(stdout).toMatch(/^ +3 .* <- suggested$/m);
    expect(stdout).toContain('{"tsp_layer": 3}');
  });

  it('refuses prompts of which everything is propagated', async () => {
    const ended = await calibrate('--prompts', writePrompts('short.json', ['Hello.']));
    expect(ended).toMatchObject({ status: 1, stdout: '' });
    expect(complaints(ended)).toEqual([
      expect.stringMatching(
        /^error bad-argument: Calibration needs prompts of which a part is propagated, and prompt 0 of \d+ tokens goes/,
      ),
    ]);
  });
});
