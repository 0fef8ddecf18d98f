import { createElement } from 'react';
import { expect, it } from 'vitest';
import { markupOf, pageStores } from '../static-markup.test-support';
import { MODEL } from '../store/scripted-engine.test-support';
import { DeviceModels } from './device-models';

it('says that it looks through what was dropped for as long as it does', async () => {
  const { stores } = await pageStores(MODEL);
  const markup = () => markupOf(stores, createElement(DeviceModels));
  expect(markup()).not.toContain('Looking through');
  stores.device.setState({ examining: true });
  expect(markup()).toMatch(/role="status">Looking through the files/);
});
