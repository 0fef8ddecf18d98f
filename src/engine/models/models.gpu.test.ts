import { afterEach, describe, expect, it } from 'vitest';
import type { Profile } from '../../protocol';
import { openNodeAdapter } from '../../../tools/node-gpu';
import { load, runOptions, runWithLogits } from '../engine.test-support';
import { canRun } from '../gpu/device';
import type { TokenId } from '../shapes';
import type { LoadedModel } from '../load-model';
import { argmax, FIRST, FIRST_FOLDER, FIXTURES, FORCED, logitError, SAMPLES } from './fixtures.test-support';

const { features } = (await openNodeAdapter()).adapter;
/** Whether profile fast is out of reach here; CI installs an adapter that has it, and counts a skip as a failure. */
const cannot = (profile: Profile) => !canRun(profile, features);

let model: LoadedModel | undefined;
afterEach(() => {
  model?.device.destroy();
  model = undefined;
});

/** Of the range of a row, in f32, against PyTorch. */
const TOLERANCE = 1e-3;

describe.each<Profile>(['software', 'portable', 'fast'])('profile %s', (profile) => {
  it.skipIf(cannot(profile)).each([...FIXTURES, FIRST])(
    'gives the logits and greedy tokens of transformers for $name in f32',
    async (fixture) => {
      const { folder, prompt, continuation, logits } = fixture;
      model = await load(folder, { dtype: 'f32', profile });
      const found = await runWithLogits(model, prompt, runOptions(continuation.length));
      expect(found.tokens).toEqual(continuation);
      found.rows.forEach((row, i) => expect(logitError(row, logits[i]!)).toBeLessThan(TOLERANCE));
      // The pipelined loop, which never looks at logits, must write the same.
      const piped = await model.session.run(prompt, runOptions(continuation.length));
      expect(piped.tokens).toEqual(continuation);
    },
  );
});

describe('profile fast with 16-bit weights and cache', () => {
  it.skipIf(cannot('fast')).each(FIXTURES)(
    'has the top tokens of transformers after every forced token of $name',
    async ({ folder, prompt, continuation }) => {
      model = await load(folder, { dtype: 'f16', profile: 'fast' });
      const { rows } = await runWithLogits(
        model,
        prompt,
        runOptions(continuation.length, { forced: continuation }),
      );
      expect(rows.map(argmax)).toEqual(continuation);
    },
  );
});

describe('the first checkpoint in f32', () => {
  it.skipIf(cannot('fast'))(
    'writes the recorded answers to its sample questions, token for token the same in every profile',
    async () => {
      const [{ text, questions }] = SAMPLES;
      const asked = questions.slice(0, 4);
      const answers: Record<string, unknown> = {};
      for (const profile of ['software', 'portable', 'fast'] as const) {
        const { session, tokenizer, stopIds, device } = await load(FIRST_FOLDER, { dtype: 'f32', profile });
        const tokens: TokenId[][] = [];
        for (const { question, model_full_cache: recorded } of asked) {
          const content = `${text}\n\n${question}`;
          const prompt = tokenizer!.chat([{ role: 'user', content }], { addGenerationPrompt: true });
          const run = await session.run(prompt, runOptions(32, { stopIds }));
          expect(tokenizer!.decode(run.tokens)).toBe(recorded);
          tokens.push([...run.tokens]);
        }
        answers[profile] = tokens;
        device.destroy();
      }
      expect(answers['portable']).toEqual(answers['software']);
      expect(answers['fast']).toEqual(answers['software']);
    },
  );
});

describe.each<Profile>(['software', 'portable', 'fast'])(
  'profile %s with 16-bit weights and cache',
  (profile) => {
    it.skipIf(cannot(profile))(
      'agrees with PyTorch in f32 on the top token of at least 99 % of forced positions of the first checkpoint',
      async () => {
        const { tokens, argmax: expected } = FORCED;
        const count = 220;
        const prompt = tokens.slice(0, tokens.length - count);
        model = await load(FIRST_FOLDER, { dtype: 'f16', profile });
        const forced = tokens.slice(prompt.length);
        const { rows } = await runWithLogits(model, prompt, runOptions(count, { forced }));
        const agreeing = rows.filter((row, i) => argmax(row) === expected[prompt.length - 1 + i]).length;
        expect(agreeing / count).toBeGreaterThanOrEqual(0.99);
      },
    );
  },
);
