import 'fake-indexeddb/auto';
import { Dexie } from 'dexie';
import { afterEach, expect, it } from 'vitest';
import { rememberedModels } from './remembered-models';

const NAME = 'fastkv-device-models';
afterEach(() => Dexie.delete(NAME));

it('keeps models that an earlier version of the page remembered, all their handles as one picking', async () => {
  const before = new Dexie(NAME);
  before.version(1).stores({ models: 'id' });
  const handles = [{ name: 'config.json' }, { name: 'model.safetensors' }];
  await before.table('models').put({ id: 'mine 16', name: 'mine', totalBytes: 16, config: '{}', handles });
  before.close();
  expect(await rememberedModels().list()).toEqual([
    { id: 'mine 16', name: 'mine', totalBytes: 16, config: '{}', handles: [handles] },
  ]);
});
