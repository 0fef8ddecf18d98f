import { expect } from '@playwright/test';
import { chatOn, test } from './page';

test('a screen reader hears an answer in sentences', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    const region = document.querySelector('[aria-live=polite]');
    if (region === null) throw new Error('no live region');
    const listen = () => heard.push(region.textContent);
    new MutationObserver(listen).observe(region, { childList: true, characterData: true, subtree: true });
  });
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  const answer = await page.getByTestId('answer-text').textContent();
  const heard = () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  await expect.poll(heard).toEqual(['Reading.', answer]);
});
