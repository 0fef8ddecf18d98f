import { expect, type Page } from '@playwright/test';
import { chatOn, longText, modelFile, modelJson, samples, test, withoutWebGpu } from './page';

const Q_PROJ = 'model.layers.0.self_attn.q_proj.weight';

/** Serves a file of the demo model as something else. */
async function spoil(page: Page, file: string, body: Buffer | string): Promise<void> {
  await page.route(`**/models/demo/${file}`, (route) => route.fulfill({ body }));
}

type Entry = { dtype: string; shape: readonly number[] };

interface Header extends Record<string, Entry> {
  [Q_PROJ]: Entry;
}

/** Not taken out: a file with a hole in it is refused for that. */
function renameQProj(header: Header): void {
  header['renamed'] = header[Q_PROJ];
  Reflect.deleteProperty(header, Q_PROJ);
}

/** A safetensors file with its header edited in place: its length in 8 bytes, the JSON, spaces up to that length. */
function withHeader(file: Buffer, edit: (header: Header) => unknown): Buffer {
  const length = Number(file.readBigUInt64LE());
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Header;
  edit(header);
  const edited = Buffer.from(file);
  edited.write(JSON.stringify(header).padEnd(length), 8);
  return edited;
}

/** Without a model there is still a page to attach to and type in. */
async function expectUsable(chat: ReturnType<typeof chatOn>): Promise<void> {
  await expect(chat.status).toHaveAttribute('data-value', 'failed');
  await chat.attachShort();
  await chat.composer.fill('still typing');
  await expect(chat.composer).toHaveValue('still typing');
  await expect(chat.send).toBeDisabled();
}

test('a model folder that is not there is named, and the page stays usable', async ({ page }) => {
  const chat = chatOn(page);
  await chat.open('?model=models/missing/');
  await expect(chat.error).toHaveAttribute('data-code', 'file-missing');
  await expect(chat.error).toContainText('file-missing');
  await expectUsable(chat);
  await page.getByTestId('way-back').click();
  await expect(chat.status).toContainText('Demo model');
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
});

for (const [what, code, edit] of [
  ['lacks a tensor', 'tensor-missing', renameQProj],
  ['has a tensor of another shape', 'tensor-shape', (header) => (header[Q_PROJ].shape = [64, 256])],
  ['stores a tensor as I16', 'dtype-unsupported', (header) => (header[Q_PROJ].dtype = 'I16')],
] as const satisfies readonly [string, string, (header: Header) => unknown][]) {
  test(`a checkpoint that ${what} is refused, and the page stays usable`, async ({ page }) => {
    await spoil(page, 'model.safetensors', withHeader(modelFile('model.safetensors'), edit));
    const chat = chatOn(page);
    await chat.open();
    await expect(chat.error).toHaveAttribute('data-code', code);
    await expect(chat.error).toContainText(code);
    await expect(chat.error).toContainText(Q_PROJ);
    await expectUsable(chat);
  });
}

test('a profile beyond the adapter is refused with one that works, and the page stays usable', async ({
  page,
}) => {
  test.skip(process.env['FASTKV_REAL_GPU'] === '1', 'a real graphics card runs it');
  const chat = chatOn(page);
  await chat.open('?profile=fast');
  await expect(chat.error).toHaveAttribute('data-code', 'adapter-limits');
  await expect(chat.error).toContainText('Use profile portable');
  await expectUsable(chat);
});

test('a truncated weights file is refused, and trying again loads the mended one', async ({ page }) => {
  const whole = modelFile('model.safetensors');
  await spoil(page, 'model.safetensors', whole.subarray(0, whole.length / 2));
  const chat = chatOn(page);
  await chat.open();
  await expect(chat.error).toHaveAttribute('data-code', 'safetensors-invalid');

  await page.unroute('**/models/demo/model.safetensors');
  await page.getByTestId('reload-model').click();
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
  await expect(chat.error).toHaveCount(0);
});

test('a broken tokenizer is refused', async ({ page }) => {
  await spoil(page, 'tokenizer.json', modelFile('tokenizer.json').subarray(0, 1000));
  const chat = chatOn(page);
  await chat.open();
  await expect(chat.error).toHaveAttribute('data-code', 'tokenizer-invalid');
});

test('a family that is not supported is refused by its name', async ({ page }) => {
  const config = { ...modelJson('config.json'), architectures: ['MambaForCausalLM'], model_type: 'mamba' };
  await spoil(page, 'config.json', JSON.stringify(config));
  const chat = chatOn(page);
  await chat.open();
  await expect(chat.error).toHaveAttribute('data-code', 'family-unsupported');
  await expect(chat.error).toContainText(/mamba/i);
});

test('an address that asks for what there is not is told so', async ({ page }) => {
  const chat = chatOn(page);
  await chat.open('?dtype=q2');
  await expect(chat.error).toHaveAttribute('data-code', 'bad-argument');
  await chat.open('?model=https://models.invalid/folder/');
  await expect(chat.error).toHaveAttribute('data-code', 'bad-argument');
});

test('an engine that cannot be fetched is told of, and trying again brings it', async ({ page }) => {
  const workerScript = /\/worker[-.][^/]*$/;
  await page.route(workerScript, (route) => route.abort());
  const chat = chatOn(page);
  await chat.open();
  await expect(chat.error).toHaveAttribute('data-code', 'script-unreachable');
  await expect(page.getByTestId('reload-page')).toBeVisible();
  await page.unroute(workerScript);
  await page.getByTestId('reload-model').click();
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
});

test('a page whose own script is not there says so, and its link reloads it', async ({ page }) => {
  const entry = /\/assets\/index-[^/]*\.js$/;
  await page.route(entry, (route) => route.fulfill({ status: 404, body: 'gone' }));
  await page.goto('./?dtype=f32');
  await expect(page.getByText('The page could not start yet')).toBeVisible();
  await page.unroute(entry);
  await page.getByRole('link', { name: 'reload the page' }).click();
  await expect(chatOn(page).status).toHaveAttribute('data-value', 'ready');
  expect(new URL(page.url()).search).toBe('?dtype=f32');
});

test('a part that throws while it is drawn leaves a sentence and a way out, not a blank page', async ({
  page,
}) => {
  // A question that is no text, as no build makes it: React cannot draw that.
  const spoilt = samples.map((sample) => ({
    ...sample,
    questions: [{ question: { no: 'text' }, right: true, right_fastkv: true }],
  }));
  await spoil(page, 'samples.json', JSON.stringify(spoilt));
  await chatOn(page).open();
  await page.getByTestId('sample-short').click();
  await expect(page.getByTestId('broken')).toContainText('cannot be shown');
  await page.unroute('**/models/demo/samples.json');
  await page.getByTestId('reload-page').click();
  // What was attached is kept, though not what made it impossible to draw.
  await expect(chatOn(page).chip).toBeVisible();
});

test('a document longer than the context is not sent; a prompt that is fails in words, and a shorter one is answered', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachFile('too-long.txt', longText(90));
  await expect(page.getByTestId('next-turn')).toContainText('the model reads at most 16,383');
  await chat.composer.fill('What is this?');
  await expect(chat.send).toBeDisabled();
  await expect(page.getByTestId('send-off')).toContainText('Too long');
  await page.getByTestId('remove-document').click();
  await expect(chat.chip).toHaveCount(0);
  await expect(chat.send).toBeEnabled();

  // The document fits, and with this question it does not.
  await chat.attachFile('nearly.txt', longText(78));
  const question = `${longText(6)} What is this?`;
  await chat.ask(question);
  await expect(chat.error).toHaveAttribute('data-code', 'context-exceeded');
  await expect(chat.error).toContainText(/takes 1\d,\d{3} tokens, and this model reads at most 16,383/);
  await expect(chat.error).not.toContainText('context-exceeded');
  await expect(chat.status).toHaveAttribute('data-value', 'ready');

  await page.getByTestId('edit-question').click();
  await expect(page.getByTestId('edit-box')).toHaveValue(question);
  await page.getByTestId('edit-cancel').click();
  await page.getByTestId('remove-document').click();
  await expect(chat.chip).toHaveCount(0);
  await expect(page.getByTestId('retry')).toBeEnabled();
  await page.getByTestId('new-chat').click();
  await expect(page.getByTestId('undo-notice')).toContainText('Started a new chat');
  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  await expect(chat.error).toHaveCount(0);
});

test('a browser without WebGPU gets a page that says why and what to use', async ({ page }) => {
  await withoutWebGpu(page);
  const chat = chatOn(page);
  await chat.open();
  const notice = page.getByTestId('unsupported');
  for (const said of ['WebGPU', 'Chrome', 'Safari 26', 'Firefox 141'])
    await expect(notice).toContainText(said);
  await expect(chat.error).toHaveAttribute('data-code', 'webgpu-unavailable');
  await expect(chat.status).toHaveAttribute('data-value', 'failed');
});
