/** The page's parts as they are drawn for given stores, without a browser. */
import { createElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import type { ModelInfo } from '../protocol';
import { after, ScriptedWorker } from './store/scripted-engine.test-support';
import { FORGETFUL } from './store/storage';
import { createStores, StoresContext, type Stores } from './stores';

/** All stores of a page on a scripted engine with this model loaded. */
export async function pageStores(model: ModelInfo) {
  const worker = new ScriptedWorker();
  const stores = createStores({ connect: () => worker, storage: FORGETFUL, systemTheme: 'light' });
  void stores.model
    .getState()
    .load({ source: { kind: 'site', baseUrl: 'https://example.org/models/demo/' }, name: model.name });
  await after(() => worker.loading.resolve(model));
  return { stores, worker };
}

export function markupOf(stores: Stores, part: ReactNode): string {
  // Static markup takes a store's first state; the part is drawn from what it is now.
  for (const store of [
    stores.model,
    stores.kv,
    stores.newChat,
    stores.view,
    stores.chat,
    stores.outline,
    stores.conversations,
    stores.selection,
    stores.memoryHistory,
    stores.samples,
    stores.theme,
    stores.budget,
    stores.loadOptions,
    stores.planner,
    stores.nextTurn,
    stores.library,
    stores.device,
    stores.attachments,
  ]) {
    Object.assign(store, { getInitialState: store.getState });
  }
  return renderToStaticMarkup(createElement(StoresContext, { value: stores }, part));
}
