import { createElement } from 'react';
import { expect, it } from 'vitest';
import { markupOf, pageStores } from '../static-markup.test-support';
import { parseSamples } from '../store/samples-store';
import { MODEL } from '../store/scripted-engine.test-support';
import { Welcome } from './welcome';

it('offers every sample by its whole name, and none says it is one', async () => {
  const { stores } = await pageStores(MODEL);
  const file = ['short', 'ship’s log'].map((name) => ({ name, tokens: 200, text: 'A text.', questions: [] }));
  stores.samples.setState({ state: 'ready', samples: parseSamples(file) });
  const drawn = markupOf(stores, createElement(Welcome));
  const names = [...drawn.matchAll(/data-testid="(sample-[^"]+)"[^>]*><span class="sample-name">([^<]*)/g)];
  expect(names.map(([, testId, name]) => [testId, name])).toEqual([
    ['sample-short', 'Short'],
    ['sample-ship-s-log', 'Ship’s log'],
  ]);
});
