import { expect, type Page } from '@playwright/test';
import { chatOn, longText, sampleNamed, test } from './page';

const MB = 1e6;

/**
 * A graphics device with room for so many bytes: beyond them it refuses buffers by its own error. The shim stands in the
 * worker's own script, as nothing else reaches into a worker before it starts.
 */
async function leaveRoom(page: Page, bytes: number): Promise<void> {
  const shim = `{
    let left = ${bytes};
    const { createBuffer } = GPUDevice.prototype;
    const { destroy } = GPUBuffer.prototype;
    const held = new WeakMap();
    GPUDevice.prototype.createBuffer = function (wanted) {
      const fits = wanted.size <= left;
      const buffer = createBuffer.call(this, fits ? wanted : { ...wanted, size: this.limits.maxBufferSize + 16 });
      if (fits) { left -= wanted.size; held.set(buffer, wanted.size); }
      return buffer;
    };
    GPUBuffer.prototype.destroy = function () {
      left += held.get(this) ?? 0;
      held.delete(this);
      destroy.call(this);
    };
  }\n`;
  await page.route(/\/worker[-.][^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: shim + (await response.text()) });
  });
}

test('a model that the device has no room for says so and what helps, and the page stays usable', async ({
  page,
}) => {
  await leaveRoom(page, 3 * MB);
  const chat = chatOn(page);
  await chat.open();
  await expect(chat.error).toHaveAttribute('data-code', 'out-of-memory');
  await expect(chat.error).toContainText(/no room for the model.*Close other tabs, load it with fewer bits/);
  await chat.composer.fill('still typing');
  await chat.status.click();
  await expect(page.getByTestId('weights-menu')).toBeVisible();
  // The visitor makes room, here by closing whatever else there was, and loads again.
  await page.unrouteAll({ behavior: 'wait' });
  await page.getByTestId('load-demo').click();
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
  await expect(chat.composer).toHaveValue('still typing');
});

test('a text that the device has no room for ends its turn in words, and a shorter one is answered', async ({
  page,
}) => {
  await leaveRoom(page, 11 * MB);
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachFile('long.txt', longText(45));
  await chat.ask('What is this?');
  await expect(chat.error).toHaveAttribute('data-code', 'out-of-memory');
  await expect(chat.error).toContainText(
    /no room for .*(chat|prompt).*switch to lean mode, shorten the document/,
  );
  await expect(chat.status).toHaveAttribute('data-value', 'ready');

  await page.getByTestId('new-chat').click();
  await chat.attachShort();
  const { question, answer } = sampleNamed('short').questions.find(({ right_fastkv }) => right_fastkv)!;
  await chat.ask(question);
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('answer-text').first()).toContainText(answer);
});
