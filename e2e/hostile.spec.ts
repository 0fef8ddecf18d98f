import { expect, type Page } from '@playwright/test';
import { watchMainThread } from './main-thread';
import { chatOn, modelJson, test } from './page';
import { scriptEngine } from './scripted-engine';

const MARKUP = `<img src="https://evil.example/a.png" onerror="globalThis.hacked = 1">`;

/** Everything that Markdown could be hoped to fetch, run or follow. */
const HOSTILE = `<script>globalThis.hacked = 1</script>

${MARKUP}

<svg onload="globalThis.hacked = 1"></svg><iframe src="https://evil.example/"></iframe>

<style>body { display: none }</style><link rel="stylesheet" href="https://evil.example/a.css">

![pixel](https://evil.example/pixel.png) ![data](data:image/svg+xml,<svg onload="globalThis.hacked=1"/>)

[run](javascript:globalThis.hacked=1) [also](JAVASCRIPT:globalThis.hacked=1) [file](file:///etc/passwd) [data](data:text/html,<script>globalThis.hacked=1</script>)

<javascript:globalThis.hacked=1> <a href="javascript:globalThis.hacked=1">html</a>

\`\`\`html
</code></pre><script>globalThis.hacked = 1</script>${MARKUP}
\`\`\`

\`\`\`"><img/onerror=globalThis.hacked=1/src=x>
language
\`\`\`

$\\href{javascript:globalThis.hacked=1}{x}$ $\\includegraphics{https://evil.example/b.png}$ $\\htmlData{a=b}{x}$ $\\def\\a{\\a\\a}\\a$ $\\rule{9999em}{9999em}$

| a | ${MARKUP} |
|---|---|
| ${MARKUP} | [x](javascript:globalThis.hacked=1) |

[ref]: javascript:globalThis.hacked=1
[ref] [^1]

[^1]: ${MARKUP}

It ends here.
`;

/** What the page's own policy has refused, as the console tells it, until it is looked at. */
function watchRefused(page: Page): readonly string[] {
  const refused: string[] = [];
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) refused.push(message.text());
  });
  return refused;
}

/** The addresses that the page asked for beside its own, until it is looked at. */
function watchStray(page: Page, baseURL: string | undefined): readonly string[] {
  const stray: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (/^(https?|file|ws):/.test(url) && !url.startsWith(baseURL ?? 'nowhere')) stray.push(url);
  });
  return stray;
}

const hacked = (page: Page) => page.evaluate(() => 'hacked' in globalThis);

test('an answer full of scripts, images and addresses does nothing but show', async ({
  page,
  baseURL,
  context,
}) => {
  const refused = watchRefused(page);
  const stray = watchStray(page, baseURL);
  const dialogs: string[] = [];
  page.on('dialog', (dialog) => dialogs.push(dialog.message()));
  await scriptEngine(page, { answers: [HOSTILE], tokensPerSecond: 500 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('What?');
  await chat.finished(chat.answers.first());
  const answer = page.getByTestId('answer-text');
  await expect(answer).toContainText('<script>globalThis.hacked = 1</script>');
  await expect(answer).toContainText('It ends here.');
  await expect(answer.locator('.katex').first()).toBeAttached();
  await expect(answer.locator('script, img, svg[onload], iframe, style, link, object, form')).toHaveCount(0);
  const addresses = await answer
    .locator('[href], [src]')
    .evaluateAll((elements) =>
      elements.map((element) => element.getAttribute('href') ?? element.getAttribute('src')),
    );
  expect(addresses).toEqual(['https://evil.example/pixel.png']);
  // Wherever it is clicked.
  for (const name of ['run', 'also', 'file']) await answer.getByText(name, { exact: true }).first().click();
  expect(await hacked(page)).toBe(false);
  expect(context.pages()).toHaveLength(1);
  expect(dialogs).toEqual([]);
  expect(refused).toEqual([]);
  expect(stray).toEqual([]);
});

/** A web page that was saved, with all that one may carry. */
const SAVED_PAGE = `<body style="color: red" onload="globalThis.hacked = 1"><style>p { display: none }</style>
<p style="margin: 0" onclick="globalThis.hacked = 1">The lease ends in May.</p>${MARKUP}</body>`;

test('a question, documents and a model with markup in them or their names do nothing but show', async ({
  page,
  baseURL,
}) => {
  const refused = watchRefused(page);
  const stray = watchStray(page, baseURL);
  await scriptEngine(page, { answers: ['So.'], tokensPerSecond: 5000 });
  const chat = chatOn(page);
  await chat.openReady(`?model=${encodeURIComponent(MARKUP.replaceAll('/', '-'))}/`);
  await chat.attachFile(`${MARKUP.replaceAll('/', '-')}.txt`, MARKUP);
  await page
    .getByTestId('file-input')
    .setInputFiles({ name: 'lease.html', mimeType: 'text/html', buffer: Buffer.from(SAVED_PAGE) });
  await expect(chat.chip).toHaveCount(2);
  await chat.ask(HOSTILE);
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('model-status')).toContainText('<img src=');
  await expect(page.getByTestId('message').first()).toContainText('<script>globalThis.hacked = 1</script>');
  await chat.chip.first().getByRole('button').first().click();
  await expect(page.getByTestId('document-dialog')).toContainText(MARKUP);
  await page.keyboard.press('Escape');
  await chat.chip.last().getByRole('button').first().click();
  await expect(page.getByTestId('document-text')).toHaveText('The lease ends in May.');
  expect(refused).toEqual([]);
  await expect(page.locator('img, iframe')).toHaveCount(0);
  expect(await hacked(page)).toBe(false);
  expect(stray).toEqual([]);
});

test('a chat template with markup and a way out of its language does nothing but write, and show what it refuses', async ({
  page,
  baseURL,
}) => {
  const config = modelJson('tokenizer_config.json') as { chat_template: string };
  const out = `{% if messages.constructor is defined %}{{ messages.constructor.constructor('globalThis.hacked = 1')() }}{% endif %}`;
  const refusal = `{% if 'refuse' in messages[-1].content %}{{ raise_exception('${MARKUP}') }}{% endif %}`;
  const template = `${MARKUP}${out}${refusal}${config.chat_template}`;
  await page.route('**/models/demo/tokenizer_config.json', (route) =>
    route.fulfill({ json: { ...config, chat_template: template } }),
  );
  const stray = watchStray(page, baseURL);
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attach('medium');
  await chat.ask('What?');
  await chat.finished(chat.answers.first());
  // The strip tells the prompt as the template wrote it.
  await page.getByTestId('kept-strip').focus();
  await page.keyboard.press('Home');
  await expect(page.getByTestId('strip-text')).toContainText('<img src=');
  await chat.ask('Do refuse.');
  await expect(chat.error).toContainText(MARKUP);
  await expect(page.locator('img, iframe')).toHaveCount(0);
  expect(await hacked(page)).toBe(false);
  // It is the engine's worker that renders it.
  for (const worker of page.workers())
    expect(await worker.evaluate(() => 'hacked' in globalThis)).toBe(false);
  expect(stray).toEqual([]);
});

test('a table of 10,000 rows leaves the page usable, and is shown a part at a time', async ({
  page,
  browser,
}) => {
  const rows = Array.from(
    { length: 10_000 },
    (_, row) => `| ${row} | **${row * 7}** | some text of row ${row} |`,
  );
  const table = ['| Row | Value | Text |', '|---|---|---|', ...rows].join('\n');
  const thread = await watchMainThread(page, browser);
  await scriptEngine(page, { answers: [table], tokensPerSecond: 100, headStart: table.length });
  const chat = chatOn(page);
  await chat.openReady();
  await thread.begin();
  await chat.ask('What?');
  await chat.finished(chat.answers.first());
  const drawn = page.getByTestId('answer-text').locator('tbody tr');
  await expect(drawn).toHaveCount(1000);
  await chat.composer.pressSequentially('still typing');
  await expect(chat.composer).toHaveValue('still typing');
  const { longest } = (await thread.end()).processor;
  test.info().annotations.push({
    type: 'longest task, ms of a processor',
    description: longest.toFixed(0),
  });
  await page.getByTestId('show-more').click();
  await expect(drawn).toHaveCount(2000);
  await page.getByTestId('new-chat').click();
  await expect(page.getByTestId('sample-short')).toBeVisible();
});
