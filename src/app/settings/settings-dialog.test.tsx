import { createElement } from 'react';
import { expect, it } from 'vitest';
import { markupOf, pageStores } from '../static-markup.test-support';
import { MODEL } from '../store/scripted-engine.test-support';
import { SettingsDialog } from './settings-dialog';

async function dialogFor(model: typeof MODEL) {
  const { stores } = await pageStores(model);
  stores.view.getState().open('settings');
  return markupOf(stores, createElement(SettingsDialog));
}

it('asks whether to think only where the model can be told', async () => {
  expect(await dialogFor(MODEL)).toContain('data-testid="setting-thinking" data-value="own"');
  expect(await dialogFor({ ...MODEL, knowsThinking: false })).not.toContain('setting-thinking');
});

it('shows the model’s own values in empty fields', async () => {
  const sampling = { ...MODEL.sampling, temperature: 0.6, topK: 20 };
  const html = await dialogFor({ ...MODEL, sampling, maxNewTokens: 500 });
  for (const [name, own] of [
    ['temperature', '0.6'],
    ['topK', '20'],
    ['maxNewTokens', '500'],
  ] as const)
    expect(html).toMatch(new RegExp(`id="field-${name}"[^>]*placeholder="${own}"[^>]*value=""`));
});
