import { expect, it } from 'vitest';
import configJson from '../../../public/models/demo/config.json';
import generationJson from '../../../public/models/demo/generation_config.json';
import samplesJson from '../../../public/models/demo/samples.json';
import { parseSamples } from './samples-store';
import { after, MODEL, readyStores } from './scripted-engine.test-support';
import { createThemeStore, themeOf } from './theme-store';
import { countDocumentTokens } from './token-count';

it('offers, of every sample, at least three questions that the demo model gets right, in full and as the page begins', () => {
  const samples = parseSamples(samplesJson);
  const right = samplesJson.flatMap(({ questions }) =>
    questions.filter((asked) => asked.right && asked.right_fastkv),
  );
  for (const { questions } of samples) expect(questions.length).toBeGreaterThanOrEqual(3);
  expect(samples.flatMap(({ questions }) => questions)).toEqual(right.map(({ question }) => question));
});

it('has samples that the demo model can read with a question and an answer, first a short one that is kept whole', () => {
  const sizes = samplesJson.map(({ tokens }) => tokens);
  const around = 100 + generationJson.max_new_tokens;
  expect(Math.max(...sizes) + around).toBeLessThan(configJson.max_position_embeddings);
  expect(samplesJson[0]?.name).toBe('short');
  // The floor is 256, and a question takes some 30.
  expect(sizes[0]).toBeLessThan(220);
});

it('counts a document when it is attached and again for the next model, each once', async () => {
  const { chat, model, worker, workers } = await readyStores();
  countDocumentTokens(chat, model);
  await after(() => chat.getState().attach({ name: 'a', text: 'four', tokens: undefined, questions: [] }));
  expect(chat.getState().documents[0]?.tokens).toBe(4);
  await after(() => chat.getState().setDraft('x'));
  expect(worker.counted).toEqual(['four']);

  void model.getState().reload();
  await after(() => workers[1]?.loading.resolve(MODEL));
  expect(workers[1]?.counted).toEqual(['four']);
});

it('follows the system until a theme is chosen, and remembers the choice', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  const theme = createThemeStore(storage, 'dark');
  expect(themeOf(theme.getState())).toBe('dark');
  theme.getState().choose('light');
  expect(themeOf(theme.getState())).toBe('light');
  expect(createThemeStore(storage, 'dark').getState().preference).toBe('light');
});

it('does without a memory where storage is refused', () => {
  const refuse = () => {
    throw new Error('denied');
  };
  const theme = createThemeStore({ getItem: refuse, setItem: refuse }, 'light');
  theme.getState().choose('dark');
  expect(themeOf(theme.getState())).toBe('dark');
});
