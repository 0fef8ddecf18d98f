import { describe, expect, it } from 'vitest';
import { PAPER } from '../src/engine/kv/reading-plan';
import { readArguments } from './generate-arguments';
import { kvFor, readKv } from './kv-arguments';

const generate = (...more: string[]) => readArguments(['--model', 'm', '--prompt', 'x', ...more]);

describe('the KV settings of a command line', () => {
  it('are the full cache unless asked, and the paper’s for FastKV', () => {
    expect(generate().kv).toMatchObject({ policy: 'full' });
    expect(generate('--policy', 'fastkv').kv).toEqual({
      ...PAPER,
      policy: 'fastkv',
      turnMode: 'exact',
      tspLayer: undefined,
    });
  });

  it('take every flag', () => {
    const flags =
      '--policy fastkv --turn-mode lean --retain 0.3 --tsp-rate 0.4 --tsp-layer 3 --pooling avg --window 16 --kernel 5 ' +
      '--mode constant --capacity 256 --tsp-length 1024 --protect-first 4 --protect-header --floor 300 --park-trunk';
    expect(generate(...flags.split(' ')).kv).toEqual({
      ...{ policy: 'fastkv', turnMode: 'lean', retain: 0.3, tspRate: 0.4, tspLayer: 3, pooling: 'avg' },
      ...{ window: 16, kernel: 5, budget: 'constant', capacity: 256, tspLength: 1024 },
      ...{ protectFirst: 4, protectHeader: true, floor: 300, parkTrunk: true },
    });
  });

  it('leave T to the model where nothing is said', () => {
    const settings = readKv({}, '', 'fastkv');
    expect(kvFor(settings, 6, 3).tspLayer).toBe(3);
    expect(kvFor({ ...settings, tspLayer: 1 }, 6, 3).tspLayer).toBe(1);
    expect(() => kvFor({ ...settings, tspLayer: 6 }, 6, 3)).toThrow('--tsp-layer is 6;');
  });

  it('are FastKV’s where one of its flags is given, and turn mode full is none of them', () => {
    for (const flags of ['--retain 0.2', '--park-trunk', '--turn-mode exact', '--turn-mode lean']) {
      expect(generate(...flags.split(' ')).kv.policy, flags).toBe('fastkv');
    }
    expect(generate('--turn-mode', 'full').kv.policy).toBe('full');
  });

  it('pass over FastKV’s flags when policy full is asked for by name', () => {
    expect(generate('--policy', 'full', '--retain', '0.2').kv.policy).toBe('full');
  });

  const REFUSED: [flags: string, message: string][] = [
    ['--policy snapkv', '--policy is "snapkv"; it can be full, fastkv.'],
    ['--turn-mode quick', '--turn-mode is "quick"; it can be exact, lean, full.'],
    ['--policy fastkv --retain 0', '--retain is 0; it has to be above 0 and at most 1.'],
    ['--policy fastkv --retain 1.5', '--retain is 1.5; it has to be above 0 and at most 1.'],
    ['--policy fastkv --retain much', '--retain is "much"; a number of 0 or more is needed.'],
    ['--policy fastkv --tsp-rate 2', '--tsp-rate is 2; it has to be above 0 and at most 1.'],
    ['--policy fastkv --tsp-layer 1.5', '--tsp-layer is 1.5; it has to be a whole number of 0 or more.'],
    ['--policy fastkv --window 65', '--window is 65; it has to be a whole number from 1 to 64.'],
    ['--policy fastkv --kernel 4', '--kernel is 4; it has to be an odd number from 1 to 63.'],
    ['--policy fastkv --pooling mean', '--pooling is "mean"; it can be max, avg.'],
    ['--policy fastkv --mode fixed', '--mode is "fixed"; it can be proportional, constant.'],
    ['--policy fastkv --capacity 0', '--capacity is 0; it has to be a whole number of 1 or more.'],
    ['--policy fastkv --tsp-length 0.5', '--tsp-length is 0.5; it has to be a whole number of 1 or more.'],
    [
      '--policy fastkv --protect-first 0.5',
      '--protect-first is 0.5; it has to be a whole number of 0 or more.',
    ],
    ['--policy fastkv --floor 0.5', '--floor is 0.5; it has to be a whole number of 0 or more.'],
  ];
  it.each(REFUSED)('refuse %s', (flags, message) => {
    expect(() => generate(...flags.split(' '))).toThrow(message);
  });
});

describe('the arguments of generate', () => {
  it.each([
    ['--turns t.json', 'Give one of --prompt, --prompt-file, --tokens and --turns.'],
    ['--dump-kept', '--dump-kept adds to --json: give it too.'],
    ['--max-new 0', '--max-new is 0; at least one token is needed.'],
  ])('do not go together: %s', (flags, message) => {
    expect(() => generate(...flags.split(' '))).toThrow(message);
  });

  it('of a dialogue need no --chat and take no logits', () => {
    const dialogue = ['--model', 'm', '--turns', 't.json'];
    expect(readArguments(dialogue)).toMatchObject({ turns: 't.json', prompt: undefined });
    expect(() => readArguments([...dialogue, '--logits-out', 'f'])).toThrow('--logits-out takes one prompt');
  });
});
