import { useLayoutEffect, useRef } from 'react';
import type { TransferProgress } from '../../library-protocol';
import type { HubModel } from '../../protocol';
import { formatBytes, formatTimeLeft } from '../format';
import type { Transfer } from '../store/library-store';
import { useLibrary, useLoadOptions, useView } from '../stores';
import { FileList } from './file-list';
import { Problem } from './problem';

type TransferKind = 'download' | 'copy';

const kindOf = ({ model }: Transfer): TransferKind => (model === undefined ? 'copy' : 'download');

/** The download, or the copy, under way: how far, how fast, how long; and then what can be done with it. */
export function TransferCard({ of }: { readonly of: TransferKind }) {
  const transfer = useLibrary(({ transfer: any }) => (any && kindOf(any) === of ? any : undefined));
  const card = useRef<HTMLDivElement>(null);
  const state = transfer?.state;
  // The button that began it is gone; whoever pressed it with a key goes on from here.
  useLayoutEffect(() => {
    if (state !== undefined && document.activeElement === document.body) card.current?.focus();
  }, [state]);
  if (transfer === undefined) return null;
  return (
    <div
      ref={card}
      className="transfer"
      role="group"
      aria-label={`${of === 'copy' ? 'Copy' : 'Download'} of ${transfer.name}`}
      tabIndex={-1}
      data-testid="transfer"
      data-state={transfer.state}
    >
      {transfer.state !== 'failed' && <p className="transfer-name">{transfer.name}</p>}
      {transfer.state === 'running' && <Running progress={transfer.progress} />}
      {transfer.state === 'done' && <Done transfer={transfer} />}
      {transfer.state === 'failed' && <Failed transfer={transfer} />}
      {/* Speaks of steps alone: figures that change ten times a second are not for listening to. */}
      <p className="visually-hidden" role="status">
        {announcement(transfer)}
      </p>
    </div>
  );
}

function Running({ progress }: { readonly progress: TransferProgress | undefined }) {
  const cancel = useLibrary((library) => library.cancel);
  const moving = progress && progress.totalBytes > 0 && progress.step !== 'waiting' ? progress : undefined;
  return (
    <>
      <progress
        aria-label="Done"
        {...(moving && { value: moving.doneBytes, max: moving.totalBytes })}
        data-testid="transfer-progress"
      />
      <p className="transfer-figures" data-testid="transfer-figures">
        {describe(progress)}
      </p>
      {moving && <FileList files={moving.files} />}
      <button type="button" className="button" data-testid="transfer-cancel" onClick={cancel}>
        Stop
      </button>
    </>
  );
}

function describe(progress: TransferProgress | undefined): string {
  switch (progress?.step) {
    case undefined:
    case 'listing':
      return 'Finding out what is needed…';
    case 'waiting':
      return 'Another tab is busy with this model; this one waits for it.';
    case 'verifying':
      return `Checking what is stored: ${formatBytes(progress.doneBytes)} of ${formatBytes(progress.totalBytes)}`;
    case 'transferring': {
      const { doneBytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
      const done = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
      if (bytesPerSecond === 0) return done;
      return `${done} · ${formatBytes(bytesPerSecond)}/s · ${formatTimeLeft(secondsLeft)} left`;
    }
  }
}

function announcement({ state, name, ...transfer }: Transfer): string {
  if (state === 'done') return `${name} is stored.`;
  if (state === 'failed') return '';
  const waiting = 'progress' in transfer && transfer.progress?.step === 'waiting';
  if (waiting) return `Waiting for another tab that is busy with ${name}.`;
  return `${transfer.model === undefined ? 'Copying' : 'Downloading'} ${name}.`;
}

function Done({ transfer: { stored } }: { readonly transfer: Transfer & { state: 'done' } }) {
  const dtype = useLoadOptions((options) => options.dtype);
  const load = useLibrary((library) => library.load);
  const close = useView((view) => view.close);
  const dismiss = useLibrary((library) => library.dismissTransfer);
  return (
    <>
      <p className="transfer-figures">
        Stored in this browser and verified, {formatBytes(stored.totalBytes)}.
      </p>
      <div className="transfer-actions">
        <button
          type="button"
          className="button"
          data-testid="transfer-load"
          onClick={() => {
            close();
            dismiss();
            void load(stored, dtype);
          }}
        >
          Load
        </button>
        <button type="button" className="text-button" onClick={dismiss}>
          Later
        </button>
      </div>
    </>
  );
}

function Failed({ transfer }: { readonly transfer: Transfer & { state: 'failed' } }) {
  const { error, model, name } = transfer;
  const dismiss = useLibrary((library) => library.dismissTransfer);
  return (
    <Problem error={error}>
      <div className="transfer-actions">
        {model && <Again model={model} name={name} refused={error.code === 'storage-refused'} />}
        <button type="button" className="text-button" onClick={dismiss}>
          Dismiss
        </button>
      </div>
    </Problem>
  );
}

interface AgainProps {
  readonly model: HubModel;
  readonly name: string;
  readonly refused: boolean;
}

function Again({ model, name, refused }: AgainProps) {
  const dtype = useLoadOptions((options) => options.dtype);
  const download = useLibrary((library) => library.download);
  const fetchAndLoad = useLibrary((library) => library.fetchAndLoad);
  const act = () => void (refused ? fetchAndLoad(model, dtype) : download(model));
  return (
    <button type="button" className="button" data-testid="transfer-again" onClick={act}>
      {refused ? `Load ${name} into memory` : 'Resume the download'}
    </button>
  );
}

/** In the header while the dialog is closed: that something comes, and how far it is. */
export function TransferShare() {
  const share = useLibrary(({ transfer }) => {
    if (transfer?.state !== 'running') return undefined;
    const { doneBytes = 0, totalBytes = 0 } = transfer.progress ?? {};
    return totalBytes > 0 ? Math.floor((100 * doneBytes) / totalBytes) : 0;
  });
  if (share === undefined) return null;
  return (
    <span className="transfer-share" data-testid="transfer-share">
      <span aria-hidden="true">↓ </span>
      <span className="visually-hidden">, storing </span>
      {share}&nbsp;%
    </span>
  );
}
