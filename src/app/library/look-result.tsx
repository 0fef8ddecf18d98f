import type { HubListing } from '../../library-protocol';
import type { HubModel } from '../../protocol';
import { formatBytes } from '../format';
import { MemoryVerdict, useModelJudged } from '../memory/memory-verdict';
import { WeightsMenu } from '../models/load-options';
import { useLibrary, useLoadOptions, useView } from '../stores';
import { FileList } from './file-list';
import { Problem } from './problem';

/** What the Hub says of a model, before any of it is downloaded. */
export function LookResult() {
  const look = useLibrary((library) => library.look);
  return (
    <div className="look-region" role="status">
      {look?.state === 'looking' && (
        <p className="look-waiting">Asking {new URL(look.model.hubUrl).host} about it…</p>
      )}
      {look?.state === 'failed' && <Problem error={look.error} />}
      {look?.state === 'found' && <Found model={look.model} listing={look.listing} />}
    </div>
  );
}

interface FoundProps {
  readonly model: HubModel;
  readonly listing: HubListing;
}

function Found({ model, listing }: FoundProps) {
  const { commit, files, totalBytes, storedBytes, config } = listing;
  const judged = useModelJudged(config);
  return (
    <div className="transfer" data-testid="hub-found">
      <p className="transfer-name">
        {model.repo}{' '}
        <span className="transfer-detail">
          {model.revision} ({commit.slice(0, 7)})
        </span>
      </p>
      <p className="transfer-figures">
        {formatBytes(totalBytes)} in {files.length} files
        {storedBytes > 0 && `, of which ${formatBytes(storedBytes)} are stored here`}
      </p>
      <FileList files={files} />
      <MemoryVerdict config={config} />
      {/* Why not, the verdict says. */}
      {judged?.state !== 'failed' && (
        <>
          <WeightsMenu config={config} />
          <FetchButton model={model} listing={listing} />
        </>
      )}
    </div>
  );
}

function FetchButton({ model, listing: { totalBytes, storedBytes } }: FoundProps) {
  const dtype = useLoadOptions((options) => options.dtype);
  const refusesStorage = useLibrary(({ space }) => space?.available === false);
  const busy = useLibrary(({ transfer }) => transfer?.state === 'running');
  const download = useLibrary((library) => library.download);
  const fetchAndLoad = useLibrary((library) => library.fetchAndLoad);
  const close = useView((view) => view.close);
  if (refusesStorage) {
    return (
      <>
        <p className="transfer-figures" data-testid="storage-refused">
          This browser does not let the page store files, as private windows do. The model can be read
          straight into memory; after a reload it has to be fetched again.
        </p>
        <button
          type="button"
          className="button"
          data-testid="hub-into-memory"
          onClick={() => {
            close();
            void fetchAndLoad(model, dtype);
          }}
        >
          Load {formatBytes(totalBytes)} into memory
        </button>
      </>
    );
  }
  const missing = totalBytes - storedBytes;
  return (
    <button
      type="button"
      className="button"
      data-testid="hub-download"
      disabled={busy}
      onClick={() => void download(model)}
    >
      {missing === 0 ? 'Already stored: check it' : `Download ${formatBytes(missing)}`}
    </button>
  );
}
