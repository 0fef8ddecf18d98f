import type { EngineFailure, LoadRequest } from '../protocol';
import type { LastUsed } from './store/last-model';
import { loadRequestFrom } from './store/load-request';
import { loadSamples } from './store/samples-store';
import { themeOf } from './store/theme-store';
import type { Stores } from './stores';

/** What the page does by itself, once, when it opens. */
export function startPage(stores: Stores, prefersDark: MediaQueryList): void {
  followTheme(stores, prefersDark);
  // The last chance of what is written but once a second.
  addEventListener('pagehide', () => void stores.conversations.getState().flush());
  void loadSamples(stores.samples, document.baseURI);
  // What the page loads by itself is no choice of the visitor's.
  void loadModel(stores).finally(() => {
    stores.lastModel.follow();
    // Not before the model is here, so that nothing is fetched beside it; and not where no model can run.
    if (missingWebGpu() === undefined) stores.update.getState().keep();
  });
}

function followTheme({ theme }: Stores, prefersDark: MediaQueryList): void {
  const show = () => {
    document.documentElement.dataset['theme'] = themeOf(theme.getState());
  };
  show();
  theme.subscribe(show);
  prefersDark.addEventListener('change', ({ matches }) => {
    theme.setState({ systemTheme: matches ? 'dark' : 'light' });
  });
}

async function loadModel(stores: Stores): Promise<void> {
  const { model, lastModel, loadOptions } = stores;
  const missing = missingWebGpu();
  if (missing !== undefined) return model.getState().fail(missing);
  const wish = loadRequestFrom(location.search, document.baseURI);
  if ('refused' in wish) return model.getState().fail(wish.refused);
  if (wish.request.dtype) loadOptions.getState().follow(wish.request.dtype);
  const { load } = model.getState();
  const last = new URLSearchParams(location.search).has('model') ? undefined : lastModel.read();
  if (last === undefined) return load(wish.request);

  if (!(await loadLast(stores, last, wish.request))) await load(wish.request);
}

/** The model of the last visit. False where the demo has to take its place. */
async function loadLast(
  { model, library, device, lastModel }: Stores,
  { where, ...last }: LastUsed,
  wished: LoadRequest,
): Promise<boolean> {
  // What else the address says holds for it too.
  const how = { ...last, ...wished, name: last.name };
  const sayWhy = ({ message }: EngineFailure) =>
    library.getState().sayError(`“${last.name}” could not be loaded, so this is the demo model. ${message}`);
  if ('rememberedId' in where) {
    if (!(await device.getState().reopenLast(where.rememberedId, how))) {
      const { problem, picked } = device.getState();
      const why = problem ?? picked?.flaw;
      if (why) sayWhy(why);
      return false;
    }
  } else await model.getState().load({ ...how, source: { kind: 'stored', key: where.key } });
  const { request, status } = model.getState();
  // Another may have been chosen while this one was read.
  if (request?.name !== last.name || status.state !== 'failed') return true;
  if (status.error.code === 'file-missing') lastModel.forget();
  sayWhy(status.error);
  return false;
}

/** Asked here as well as by the engine, so that a browser without WebGPU downloads no engine. */
function missingWebGpu(): EngineFailure | undefined {
  if ((navigator as Partial<Pick<Navigator, 'gpu'>>).gpu !== undefined) return undefined;
  const why = isSecureContext
    ? 'This browser does not offer WebGPU, which the page needs to run a model on your graphics card.'
    : 'Browsers offer WebGPU only to pages opened over HTTPS or from localhost, and this one was not.';
  return { code: 'webgpu-unavailable', message: why };
}
