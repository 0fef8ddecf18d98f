import { expect, type Page } from '@playwright/test';
import { sharded, shardName, without, type Files } from '../src/engine/weights/files.test-support';
import { chatOn, checkpoint, sampleNamed, test } from './page';

/** More than a browser opens connections to a host. */
const SHARDS = 9;
const shards = sharded(checkpoint, SHARDS);

/** A folder of a host without ranges, as a simple one is. */
async function serve(page: Page, files: Files): Promise<void> {
  await page.route('**/models/sharded/**', (route) => {
    const file = files[new URL(route.request().url()).pathname.split('/').at(-1)!];
    return file ? route.fulfill({ body: Buffer.from(file) }) : route.fulfill({ status: 404 });
  });
}

test('a model in shards is loaded from the folder that its index is in, and answers', async ({ page }) => {
  await serve(page, shards);
  const asked = new Set<string>();
  page.on('request', (request) => asked.add(new URL(request.url()).pathname.split('/').at(-1)!));
  const chat = chatOn(page);
  await chat.openReady('?model=models/sharded/');
  expect([...asked].filter((name) => name.startsWith('model-'))).toHaveLength(SHARDS);

  await chat.attachShort();
  const { question, answer } = sampleNamed('short').questions.find(({ right_fastkv }) => right_fastkv)!;
  await chat.ask(question);
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('answer-text').first()).toContainText(answer);
});

test('a shard that is not there is named, with a tensor that it should hold', async ({ page }) => {
  await serve(page, without(shards, shardName(4, SHARDS)));
  const chat = chatOn(page);
  await chat.open('?model=models/sharded/');
  await expect(chat.error).toHaveAttribute('data-code', 'file-missing');
  await expect(chat.error).toContainText(shardName(4, SHARDS));
  await expect(chat.error).toContainText('places model.');
});
