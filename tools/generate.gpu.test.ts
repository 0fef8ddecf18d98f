/** `npm run generate` as others run it: a process, its output and its exit status. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { DEMO_FOLDER, FIXTURES, logitError, SAMPLES } from '../src/engine/models/fixtures.test-support';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { folder, prompt, continuation, logits } = FIXTURES.find(({ name }) => name === 'llama-tied')!;

const temporary = mkdtempSync(join(tmpdir(), 'generate-'));
afterAll(() => rmSync(temporary, { recursive: true }));

interface Ended {
  readonly status: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const generate = (...args: string[]) =>
  new Promise<Ended>((resolve) => {
    execFile(
      process.execPath,
      ['tools/run.mjs', 'tools/generate.ts', ...args],
      { cwd: ROOT },
      (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }),
    );
  });

describe('generate', () => {
  it('prints one JSON object and nothing else, and writes the logits of every token, for a folder without tokenizer', async () => {
    const file = join(temporary, 'logits.bin');
    const options = ['--dtype', 'f32', '--temperature', '0', '--max-new', `${continuation.length}`];
    const { status, stdout } = await generate(
      ...['--model', folder, '--tokens', prompt.join(), '--logits-out', file, '--json', ...options],
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\{.*\}\n$/);
    const held = prompt.length + continuation.length - 1; // the last token is drawn but not fed
    const bytes = 2 * held * 2 * 16 * 4; // G heads, keys and values of D floats
    expect(JSON.parse(stdout)).toEqual({
      promptTokens: prompt.length,
      tokens: continuation,
      text: '',
      ttftMs: expect.any(Number),
      prefillTokensPerSecond: expect.any(Number),
      decodeTokensPerSecond: expect.any(Number),
      adapter: expect.stringMatching(/./),
      profile: expect.stringMatching(/^(portable|fast|software)$/),
      kv: {
        hotBytes: 2 * bytes,
        fullBytes: 2 * bytes,
        layers: [0, 1].map(() => ({ lengths: [held, held], bytes })),
      },
      peakBytes: expect.any(Number),
    });

    const written = readFileSync(file);
    const V = logits[0]!.length;
    expect(written.length).toBe(4 * V * continuation.length);
    logits.forEach((expected, row) => {
      const found = Float32Array.from({ length: V }, (_, i) => written.readFloatLE(4 * (row * V + i)));
      expect(logitError(found, expected)).toBeLessThan(1e-3);
    });
  });

  it('answers a question about a document with --chat, and prints the answer alone', async () => {
    const [{ text, questions }] = SAMPLES;
    const [{ question, model_full_cache: answer }] = questions as [(typeof questions)[0]];
    const ended = await generate('--model', DEMO_FOLDER, '--chat', '--prompt', `${text}\n\n${question}`);
    expect(ended).toMatchObject({ status: 0, stdout: `${answer}\n` });
  });

  it('answers the same from a file, in the profile and storage asked for', async () => {
    const [{ text, questions }] = SAMPLES;
    const [{ question, model_full_cache: answer }] = questions as [(typeof questions)[0]];
    const file = join(temporary, 'prompt.txt');
    writeFileSync(file, `${text}\n\n${question}`);
    const options = ['--profile', 'portable', '--dtype', 'f16', '--json'];
    const { stdout } = await generate('--model', DEMO_FOLDER, '--chat', '--prompt-file', file, ...options);
    expect(JSON.parse(stdout)).toMatchObject({ text: answer, profile: 'portable' });
  });

  it('draws the same tokens twice with one --seed, and others than the most likely', async () => {
    const options = ['--temperature', '1', '--seed', '7', '--max-new', `${continuation.length}`, '--json'];
    const draw = async () => {
      const { stdout } = await generate('--model', folder, '--tokens', prompt.join(), ...options);
      return (JSON.parse(stdout) as { tokens: number[] }).tokens;
    };
    const [one, two] = await Promise.all([draw(), draw()]);
    expect(one).toEqual(two);
    expect(one).not.toEqual(continuation);
  });
});

describe('generate, asked for what cannot be', () => {
  const model = ['--model', DEMO_FOLDER];
  const broken = join(temporary, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'config.json'), '{\n  "hidden_size": none\n}\n');
  const REFUSED: [what: string, args: string[], line: RegExp][] = [
    [
      'an unknown option',
      [...model, '--prompt', 'x', '--top-k', '3'],
      /^error bad-argument: .*--top-k.*Usage: generate/,
    ],
    [
      'a folder that is not there',
      ['--model', join(temporary, 'none'), '--prompt', 'x'],
      /^error file-missing: There is no config\.json in /,
    ],
    [
      'two prompts',
      [...model, '--prompt', 'x', '--tokens', '1,2'],
      /^error bad-argument: Give one of --prompt, --prompt-file and --tokens\./,
    ],
    [
      'a number that is none',
      [...model, '--prompt', 'x', '--temperature', 'hot'],
      /^error bad-argument: --temperature is "hot"; a number of 0 or more is needed\./,
    ],
    [
      'a config.json that is no JSON, quoted with its line ends',
      ['--model', broken, '--tokens', '1'],
      /^error config-invalid: config\.json is not JSON .*none } /,
    ],
  ];

  it.each(REFUSED)('says so in one line, with a code and exit status 1: %s', async (_, args, line) => {
    const { status, stdout, stderr } = await generate(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    // Drivers may warn before.
    const lines = stderr.split('\n').filter((text) => text && !text.startsWith('Warning:'));
    expect(lines).toEqual([expect.stringMatching(line)]);
  });
});
