/** What the journeys share: the page in words of its visitor, and the model that they run on. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { filesOf, type Files } from '../src/engine/weights/files.test-support';

const FIRST = fileURLToPath(new URL('../src/engine/models/fixtures/first/', import.meta.url));
const DEMO = fileURLToPath(new URL('../public/models/demo/', import.meta.url));

/**
 * A journey is about the page, and takes any model that answers: the first checkpoint and its samples stand in the place
 * of those that come with the page, as they take a third of the work, and what they answer does not change. What is about
 * the page's own says `test.use({ model: 'demo' })`.
 */
export const test = base.extend<{ readonly model: 'first' | 'demo' }>({
  model: ['first', { option: true }],
  context: async ({ context, model }, run) => {
    if (model === 'first') await serveFirst(context);
    await run(context);
  },
});

/** Routes of a page go before those of its context, so a journey may still spoil a file. */
async function serveFirst(context: BrowserContext): Promise<void> {
  await context.route('**/models/demo/*', (route) => {
    const name = new URL(route.request().url()).pathname.split('/').at(-1)!;
    return route.fulfill({ path: name === 'samples.json' ? `${FIRST}${name}` : `${FIRST}model/${name}` });
  });
}

/** The files of the first checkpoint. */
export const checkpoint: Files = filesOf(`${FIRST}model`);

/** One of them, to be spoiled on its way to the page. */
export const modelFile = (name: string): Buffer => Buffer.from(checkpoint[name]!);

export const modelJson = (name: string): Record<string, unknown> =>
  JSON.parse(modelFile(name).toString()) as Record<string, unknown>;

interface Sample {
  readonly name: string;
  readonly text: string;
  readonly questions: readonly {
    readonly question: string;
    readonly answer: string;
    /** What PyTorch made the model answer. */
    readonly model_full_cache: string;
    readonly right: boolean;
    /** Whether it is right as the page begins, with FastKV. */
    readonly right_fastkv: boolean;
  }[];
}

const samplesIn = (folder: string) =>
  JSON.parse(readFileSync(`${folder}samples.json`, 'utf8')) as readonly Sample[];

/** Of the first checkpoint. */
export const samples = samplesIn(FIRST);

/** Of the page's own model: the first is short, and the others may be far too long for a software adapter. */
export const [demoShort, demoLonger] = samplesIn(DEMO) as readonly [Sample, Sample];

export function sampleNamed(name: string): Sample {
  const sample = samples.find((candidate) => candidate.name === name);
  if (sample === undefined) throw new Error(`samples.json has no ${name}`);
  return sample;
}

/** The short sample, many times over: slow enough to read that a stop finds it reading. */
export const longText = (copies: number): string =>
  Array.from({ length: copies }, () => sampleNamed('short').text).join('\n\n');

export function chatOn(page: Page) {
  const figure = async (testId: string) =>
    Number((await page.getByTestId(testId).getAttribute('data-value')) || Number.NaN);
  return {
    composer: page.getByTestId('composer'),
    send: page.getByTestId('send'),
    stop: page.getByTestId('stop'),
    status: page.getByTestId('model-status'),
    answers: page.getByTestId('answer'),
    error: page.getByTestId('error'),
    chip: page.getByTestId('document-chip'),
    figure,

    /** Opens the page as it stands beside the tests: relative, so that any sub-path will do. */
    async open(query = '') {
      await page.goto(`./${query}`);
    },

    async openReady(query = '') {
      await page.goto(`./${query}`);
      await expect(page.getByTestId('model-status')).toHaveAttribute('data-value', 'ready');
    },

    async attach(sample: 'short' | 'medium' | 'long') {
      await page.getByTestId(`sample-${sample}`).click();
      await expect(page.getByTestId('document-chip')).toBeVisible();
    },

    async attachShort() {
      await this.attach('short');
    },

    async attachFile(name: string, text: string) {
      const file = { name, mimeType: 'text/plain', buffer: Buffer.from(text) };
      await page.getByTestId('file-input').setInputFiles(file);
      await expect(page.getByTestId('document-chip')).toBeVisible();
    },

    async ask(question: string) {
      await page.getByTestId('composer').fill(question);
      await page.getByTestId('composer').press('Enter');
    },

    async finished(answer: Locator) {
      await expect(answer).toHaveAttribute('data-state', 'done');
    },
  };
}

/** A model that never ends by itself, so that there is something to stop. */
export async function endless(page: Page): Promise<void> {
  const config = modelJson('config.json');
  const eos_token_id = Number(config['vocab_size']) - 1;
  const settings = { eos_token_id, max_new_tokens: 4000 };
  await page.route('**/models/demo/generation_config.json', (route) => route.fulfill({ json: settings }));
  await page.route('**/models/demo/config.json', (route) =>
    route.fulfill({ json: { ...config, eos_token_id } }),
  );
}

/** A chat about a sample in which these questions are asked and answered. */
export async function answered(page: Page, sample: 'short' | 'medium', questions: readonly string[]) {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attach(sample);
  for (const [turn, question] of questions.entries()) {
    await chat.ask(question);
    await chat.finished(chat.answers.nth(turn));
  }
  return chat;
}

/** Two turns about the medium sample: as many as a picture over turns begins with. */
export const twoTurns = (page: Page) =>
  answered(
    page,
    'medium',
    sampleNamed('medium')
      .questions.slice(0, 2)
      .map(({ question }) => question),
  );

/** The model that is ready, whichever it is called, answers about a short text as the model of these samples does. */
export async function expectAnswer(page: Page, { text, questions } = sampleNamed('short')): Promise<void> {
  const chat = chatOn(page);
  await chat.attachFile('short.txt', text);
  const { question, answer } = questions.find(({ right_fastkv }) => right_fastkv)!;
  await chat.ask(question);
  await chat.finished(chat.answers.last());
  await expect(page.getByTestId('answer-text').last()).toContainText(answer);
}

/** Every distinct text that an answer has shown so far, from the first on. */
export async function watchAnswers(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seenAnswers: seen });
    new MutationObserver(() => {
      const text = document.querySelector('[data-testid="answer-text"]')?.textContent;
      if (text && seen.at(-1) !== text) seen.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (window as unknown as { seenAnswers: string[] }).seenAnswers);
}

/** What a figure of the inspector has shown so far, value by value, while an answer was still reading. */
export async function watchFigureWhileReading(
  page: Page,
  testId: string,
): Promise<() => Promise<readonly number[]>> {
  await page.getByTestId(testId).evaluate((element) => {
    const seen: string[] = [];
    Object.assign(window, { seenFigures: seen });
    new MutationObserver(() => {
      const value = element.getAttribute('data-value');
      const reading = document.querySelector('[data-testid=answer][data-state=reading]') !== null;
      if (reading && value && seen.at(-1) !== value) seen.push(value);
    }).observe(element, { attributeFilter: ['data-value'] });
  });
  return async () =>
    (await page.evaluate(() => (window as unknown as { seenFigures: string[] }).seenFigures)).map(Number);
}

/** A browser as it was before WebGPU. */
export async function withoutWebGpu(page: Page): Promise<void> {
  await page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined, configurable: true }),
  );
}

/** The file that a press saves. */
export async function savedBy(page: Page, press: () => Promise<void>): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  return readFileSync(await download.path());
}

/** Buttons that are smaller than a fingertip, and what else can be pressed and is smaller than WCAG 2.2 has it. */
export async function smallTargets(page: Page): Promise<readonly string[]> {
  return page.locator('button, summary, a[href], input, select, textarea').evaluateAll((targets) =>
    targets.flatMap((target) => {
      const least = target.matches('button') ? 44 : 24;
      // A press on the words of a box ticks it.
      const pressed = target.matches('[type=checkbox], [type=radio]') ? target.closest('label') : target;
      const { width, height } = (pressed ?? target).getBoundingClientRect();
      const isInText = getComputedStyle(target).display === 'inline';
      if (width === 0 || isInText || (width >= least && height >= least)) return [];
      const name =
        target.getAttribute('aria-label') ?? target.getAttribute('data-testid') ?? target.textContent;
      return [`${name}: ${width} x ${height}`];
    }),
  );
}

/** Scrolls so that an element is the last that can be seen, and what comes below it cannot. */
export async function scrollToEdge(element: Locator): Promise<void> {
  await element.evaluate((target) => target.scrollIntoView({ block: 'end' }));
}

/** What has to be scrolled sideways to be seen whole: the page itself, or a part of it but for those that are made to. */
export const overflowing = (page: Page, made = ':not(*)'): Promise<readonly string[]> =>
  page.evaluate(
    (within) =>
      [document.documentElement, ...document.querySelectorAll('*')]
        .filter((element) => element.closest(within) === null)
        .filter((element) => element.scrollWidth > element.clientWidth)
        .filter((element) => {
          const isPage = element === document.documentElement;
          return isPage || ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
        })
        .map((element) => `${element.tagName} ${element.className}: ${element.scrollWidth} px`),
    made,
  );

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** A screen without a serious violation of WCAG in light and dark, and no wider than the window but within `scrollingWithin`. */
export async function expectSound(
  page: Page,
  screen: string,
  { scrollingWithin }: { readonly scrollingWithin?: string } = {},
): Promise<void> {
  await inScheme(page, 'light');
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  expect(seriousOf(violations), `${screen}, light`).toEqual([]);
  expect(await overflowing(page, scrollingWithin), screen).toEqual([]);
  await inScheme(page, 'dark');
  // Colours are all that is different in the dark.
  const dark = await new AxeBuilder({ page }).withRules(['color-contrast', 'link-in-text-block']).analyze();
  expect(seriousOf(dark.violations), `${screen}, dark`).toEqual([]);
  await inScheme(page, 'light');
}

async function inScheme(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
}

type Violations = Awaited<ReturnType<AxeBuilder['analyze']>>['violations'];

const seriousOf = (violations: Violations): readonly string[] =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
