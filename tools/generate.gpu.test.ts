/** `npm run generate` as others run it: a process, its output and its exit status. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  FIRST_FOLDER,
  FIXTURES,
  logitError,
  readOnCpu,
  SAMPLES,
} from '../src/engine/models/fixtures.test-support';
import { afterQuantising, mlxFiles } from '../src/engine/models/quantised.test-support';
import { referenceLogits } from '../src/engine/models/reference';
import { groupsFor } from '../src/engine/weights/forms';
import { nodeFolder } from './node-folder';
import { filesOf, INDEX, sharded, without } from '../src/engine/weights/files.test-support';
import { complaints, runTool } from './run-tool.test-support';

const { folder, prompt, continuation, logits } = FIXTURES.find(({ name }) => name === 'llama-tied')!;

const temporary = mkdtempSync(join(tmpdir(), 'generate-'));
afterAll(() => rmSync(temporary, { recursive: true }));

const generate = (...args: string[]) => runTool('tools/generate.ts', ...args);

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
      reusedTokens: 0,
      tokens: continuation,
      text: '',
      ttftMs: expect.any(Number),
      lowerMs: expect.any(Number),
      selectMs: 0,
      upperMs: expect.any(Number),
      prefillTokensPerSecond: expect.any(Number),
      decodeTokensPerSecond: expect.any(Number),
      adapter: expect.stringMatching(/./),
      profile: expect.stringMatching(/^(portable|fast|software)$/),
      kv: {
        hotBytes: 2 * bytes,
        trunkBytes: 0,
        parkedBytes: 0,
        scratchPeakBytes: expect.any(Number),
        fullBytes: 2 * bytes,
        layers: [0, 1].map(() => ({ lengths: [held, held], bytes })),
      },
      tsp: null,
      coverage: null,
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
    const ended = await generate('--model', FIRST_FOLDER, '--chat', '--prompt', `${text}\n\n${question}`);
    expect(ended).toMatchObject({ status: 0, stdout: `${answer}\n` });
  });

  it('answers the same from a file, in the profile and storage asked for', async () => {
    const [{ text, questions }] = SAMPLES;
    const [{ question, model_full_cache: answer }] = questions as [(typeof questions)[0]];
    const file = join(temporary, 'prompt.txt');
    writeFileSync(file, `${text}\n\n${question}`);
    const options = ['--profile', 'portable', '--dtype', 'f16', '--json'];
    const { stdout } = await generate('--model', FIRST_FOLDER, '--chat', '--prompt-file', file, ...options);
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

describe('generate with shards', () => {
  it('writes the same logits for a sharded copy, with an index and without', async () => {
    const shards = sharded(filesOf(folder), 3);
    const logitsOf = async (model: string) => {
      const file = join(temporary, 'shards.bin');
      const options = ['--tokens', prompt.join(), '--max-new', '3', '--logits-out', file];
      expect(await generate('--model', model, ...options)).toMatchObject({ status: 0 });
      return readFileSync(file).toString('hex');
    };
    const expected = await logitsOf(folder);
    for (const [i, files] of [shards, without(shards, INDEX)].entries()) {
      const copy = join(temporary, `shards-${i}`);
      mkdirSync(copy);
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(copy, name), bytes);
      expect(await logitsOf(copy)).toBe(expected);
    }
  });
});

describe('generate with quantised weights', () => {
  const file = join(temporary, 'quantised.bin');
  const rows = async (...options: string[]) => {
    const common = ['--tokens', prompt.join(), '--max-new', '1', '--json', '--logits-out', file];
    expect(await generate(...common, ...options)).toMatchObject({ status: 0 });
    return new Float32Array(new Uint8Array(readFileSync(file)).buffer);
  };

  it('quantises on --dtype q4, and with --cache f32 gives the logits of the CPU on the same weights', async () => {
    const { spec, tensors } = await readOnCpu(folder);
    const quantised = afterQuantising(spec, tensors, (_, K) => groupsFor('q4', K));
    const found = await rows('--model', folder, '--dtype', 'q4', '--cache', 'f32');
    expect(logitError(found, referenceLogits(spec, quantised, prompt))).toBeLessThan(1e-3);
    expect(logitError(found, logits[0]!)).toBeGreaterThan(1e-3); // which are those of the weights as they were
  });

  it('takes a folder by MLX as it is', async () => {
    const converted = join(temporary, 'mlx');
    mkdirSync(converted);
    const formFor = (_: string, K: number) => groupsFor('q8', K);
    const files = await mlxFiles(nodeFolder(folder), formFor, groupsFor('q8', 64)!);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(converted, name), bytes);
    expect(await rows('--model', converted)).toEqual(await rows('--model', folder, '--dtype', 'q8'));
  });
});

describe('generate, asked for what cannot be', () => {
  const model = ['--model', FIRST_FOLDER];
  const broken = join(temporary, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'config.json'), '{\n  "hidden_size": none\n}\n');
  const turns = join(temporary, 'turns.json');
  writeFileSync(turns, '["a question", 7]');
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
      /^error bad-argument: Give one of --prompt, --prompt-file, --tokens and --turns\./,
    ],
    [
      'a number that is none',
      [...model, '--prompt', 'x', '--temperature', 'hot'],
      /^error bad-argument: --temperature is "hot"; a number of 0 or more is needed\./,
    ],
    [
      'a form of weights that there is not',
      [...model, '--prompt', 'x', '--dtype', 'q5'],
      /^error bad-argument: --dtype is "q5"; it can be f32, f16, q8, q4\./,
    ],
    [
      'a cache of another kind than weights of floats',
      [...model, '--prompt', 'x', '--cache', 'f32'],
      /^error bad-argument: --cache f32 goes with --dtype q8 or q4; else weights and cache are both f16\./,
    ],
    [
      'a GGUF file',
      ['--model', join(temporary, 'model.gguf'), '--prompt', 'x'],
      /^error dtype-unsupported: .*model\.gguf is a GGUF file.* made by MLX/,
    ],
    [
      'a layer that the model lacks',
      [...model, '--prompt', 'x', '--policy', 'fastkv', '--tsp-layer', '6'],
      /^error bad-argument: --tsp-layer is 6; it has to be a whole number from 0 to 5, as the model has 6 layers\./,
    ],
    [
      'a dialogue that is not there',
      [...model, '--turns', join(temporary, 'none.json')],
      /^error file-unreadable: The file of --turns cannot be read: /,
    ],
    [
      'a dialogue that is no array of texts',
      [...model, '--turns', turns],
      /^error bad-argument: --turns needs a JSON array of one or more strings, and .* has 7 at place 1\./,
    ],
    [
      'a config.json that is no JSON, quoted with its line ends',
      ['--model', broken, '--tokens', '1'],
      /^error config-invalid: config\.json is not JSON .*none } /,
    ],
  ];

  it.each(REFUSED)('says so in one line, with a code and exit status 1: %s', async (_, args, line) => {
    const ended = await generate(...args);
    expect(ended).toMatchObject({ status: 1, stdout: '' });
    expect(complaints(ended)).toEqual([expect.stringMatching(line)]);
  });
});
