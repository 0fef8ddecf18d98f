import { expect, type Page } from '@playwright/test';
import { chatOn, endless, sampleNamed, test } from './page';

const [asked] = sampleNamed('short').questions.filter(({ right }) => right);

/** In the middle of an answer of a model that never ends by itself. */
async function writing(page: Page) {
  await endless(page);
  // The engine runs in a worker of its own, where its device can be got at only before its script runs.
  await page.addInitScript(() => {
    const workers: Worker[] = [];
    Object.assign(window, { workers });
    window.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        workers.push(this);
      }
    };
  });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await chat.ask(asked?.question ?? '');
  await expect(chat.answers.first()).toHaveAttribute('data-state', 'writing');
  await expect(page.getByTestId('answer-text')).not.toBeEmpty();
  return chat;
}

/** The part is kept and the loss told; the model comes back by itself, and the answer and the conversation go on. */
async function expectRecovery(page: Page, lose: () => Promise<void>, code: string) {
  const chat = await writing(page);
  const told = page.getByTestId('model-lost').waitFor({ timeout: 60_000 });
  await lose();
  const failed = page.getByTestId('answer').getByTestId('error');
  await expect(failed).toHaveAttribute('data-code', code);
  const text = page.getByTestId('answer-text');
  const part = (await text.textContent()) ?? '';
  expect(part).not.toBe('');
  await told;
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
  await expect(page.getByTestId('model-lost')).toHaveCount(0);
  await page.getByTestId('continue').click();
  await expect.poll(async () => ((await text.textContent()) ?? '').length).toBeGreaterThan(part.length);
  await chat.stop.click();
  await chat.finished(chat.answers.first());
  return chat;
}

test('a device lost in the middle of an answer is told and the conversation goes on; lost again at once, it waits', async ({
  page,
}) => {
  await page.route(/\/worker[-.][^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    const hook = `{
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...args) {
        const device = await request.apply(this, args);
        new BroadcastChannel('test.device').onmessage = () => device.destroy();
        return device;
      };
    }\n`;
    await route.fulfill({ response, body: hook + script });
  });
  const lose = () => page.evaluate(() => new BroadcastChannel('test.device').postMessage('destroy'));
  const chat = await expectRecovery(page, lose, 'device-lost');

  await lose();
  await expect(chat.status).toHaveAttribute('data-value', 'failed');
  await page.getByTestId('reload-model').click();
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
  await chat.ask('And then?');
  await expect(chat.answers.nth(1)).toHaveAttribute('data-state', 'writing');
  await chat.stop.click();
  await chat.finished(chat.answers.nth(1));
});

test('an engine that dies in the middle of an answer is told, loaded again, and the conversation goes on', async ({
  page,
}) => {
  const kill = () =>
    page.evaluate(() => {
      // As a worker ends that the browser takes away: by an error event, or by none at all.
      for (const worker of (window as unknown as { workers: Worker[] }).workers) {
        worker.terminate();
        worker.dispatchEvent(new ErrorEvent('error', { message: 'out of memory', cancelable: true }));
      }
    });
  await expectRecovery(page, kill, 'internal');
});
