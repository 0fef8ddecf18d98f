import { formatBytes } from '../format';
import { demoRequest, isSameSource, wayBack } from '../store/load-request';
import type { ModelStatus } from '../store/model-store';
import { useLoadOptions, useModel, useView } from '../stores';

/** Above the composer while the model cannot be asked: how far it is, or why not and what to do. */
export function ModelNotice() {
  const status = useModel((state) => state.status);
  const name = useModel((state) => state.name);
  const lost = useModel((state) => state.lost);

  if (status.state === 'loading') {
    const known = (status.step === 'weights' || status.step === 'verifying') && status.totalBytes > 0;
    return (
      <div className="model-notice" data-testid="model-loading">
        {lost && (
          <p role="status" data-testid="model-lost">
            <strong>“{name}” was lost</strong> and is being loaded again. The chat is kept. {lost.message}
          </p>
        )}
        <p>
          {name}: {loadingText(status)}
        </p>
        <progress
          aria-label={`Loading ${name}`}
          {...(known && { value: status.loadedBytes, max: status.totalBytes })}
        />
      </div>
    );
  }
  if (status.state !== 'failed') return null;
  return (
    <div className="model-notice problem" role="alert" data-testid="error" data-code={status.error.code}>
      <div>
        <p>
          <strong>{status.wasReady ? `“${name}” has stopped.` : `“${name}” could not be loaded.`}</strong>{' '}
          {status.wasReady && 'The chat is kept. '}
          {status.error.message}
        </p>
        <p className="problem-code">
          <code>{status.error.code}</code>
        </p>
      </div>
      <div className="model-notice-actions">
        <TryAgain wasReady={status.wasReady} />
        {status.error.code === 'script-unreachable' ? (
          <button
            type="button"
            className="button"
            data-testid="reload-page"
            onClick={() => location.reload()}
          >
            Reload the page
          </button>
        ) : (
          <OtherModels />
        )}
      </div>
    </div>
  );
}

function TryAgain({ wasReady }: { readonly wasReady: boolean }) {
  const reload = useModel((state) => state.reload);
  const hasRequest = useModel(({ request }) => request !== undefined);
  if (!hasRequest) return null; // the address was refused, and only another one helps
  return (
    <button type="button" className="button" data-testid="reload-model" onClick={() => void reload()}>
      {wasReady ? 'Reload the model' : 'Try again'}
    </button>
  );
}

/** The page is of use again without the model that failed. */
function OtherModels() {
  const request = useModel((state) => state.request);
  const lastReady = useModel((state) => state.lastReady);
  const load = useModel((state) => state.load);
  const dtype = useLoadOptions((options) => options.dtype);
  const open = useView((view) => view.open);
  const back = wayBack(request, lastReady, demoRequest(document.baseURI, dtype));
  const isOtherForm = back && request && isSameSource(back.source, request.source);
  return (
    <>
      {back && (
        <button type="button" className="button" data-testid="way-back" onClick={() => void load(back)}>
          {isOtherForm ? 'Load it as before' : `Back to “${back.name}”`}
        </button>
      )}
      <button type="button" className="button" data-testid="other-model" onClick={() => open('models')}>
        Choose another model
      </button>
    </>
  );
}

function loadingText(status: Extract<ModelStatus, { state: 'loading' }>): string {
  switch (status.step) {
    case 'waiting':
      return 'waiting for another tab that is using it';
    case 'verifying':
      return status.totalBytes > 0
        ? `checking ${formatBytes(status.loadedBytes)} of ${formatBytes(status.totalBytes)} stored`
        : 'checking its stored files';
    case 'adapter':
      return 'starting WebGPU';
    case 'config':
      return 'reading its configuration';
    case 'weights':
      return status.totalBytes > 0
        ? `loading ${formatBytes(status.loadedBytes)} of ${formatBytes(status.totalBytes)}`
        : 'loading';
    case 'compiling':
      return 'compiling shaders';
  }
}
