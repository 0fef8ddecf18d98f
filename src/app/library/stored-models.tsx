import { useLayoutEffect, useRef, useState } from 'react';
import type { StoredModel } from '../../library-protocol';
import { formatBytes } from '../format';
import { MemoryVerdict } from '../memory/memory-verdict';
import { useLibrary, useLoadOptions, useView } from '../stores';
import './library.css';
import { Problem } from './problem';

/** What this browser keeps: to be loaded without a download, gone on with, or deleted. */
export function StoredModels() {
  const stored = useLibrary((library) => library.stored);
  const problem = useLibrary((library) => library.problem);
  const heading = useRef<HTMLHeadingElement>(null);
  const count = stored?.length ?? 0;
  // The row that was deleted took the focus with it.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus();
  }, [count]);
  if (count === 0 && problem === undefined) return null;
  return (
    <section className="models-section" aria-labelledby="stored-models">
      <h3 id="stored-models" ref={heading} tabIndex={-1}>
        Kept in this browser
      </h3>
      {problem && <Problem error={problem} />}
      <ul className="stored" data-testid="stored-models">
        {stored?.map((model) => (
          <StoredRow key={model.key} model={model} />
        ))}
      </ul>
      {count > 0 && <Space />}
    </section>
  );
}

interface RowProps {
  readonly model: StoredModel;
}

function StoredRow({ model }: RowProps) {
  const [asking, setAsking] = useState(false);
  const { name, origin, complete, storedBytes, totalBytes, config } = model;
  const busy = useLibrary(
    ({ transfer }) =>
      transfer?.state === 'running' && isAbout(model, transfer.name, transfer.model?.revision),
  );
  const size = complete
    ? formatBytes(totalBytes)
    : `${formatBytes(storedBytes)} of ${formatBytes(totalBytes)}`;
  const from =
    origin.kind === 'copy' ? 'copied from files' : `${origin.revision}, ${new URL(origin.hubUrl).host}`;
  return (
    <li className="stored-row" data-testid="stored-model" data-complete={complete}>
      <div className="stored-text">
        <p className="stored-name">{name}</p>
        <p className="transfer-figures">
          {size} · {from}
        </p>
        {config !== undefined && <MemoryVerdict config={config} />}
      </div>
      {busy ? (
        <p className="transfer-figures">in progress</p>
      ) : asking ? (
        <ConfirmDelete model={model} onKeep={() => setAsking(false)} />
      ) : (
        <div className="transfer-actions">
          {complete ? <LoadButton model={model} /> : <ResumeButton model={model} />}
          <button
            type="button"
            className="text-button"
            data-testid="stored-delete"
            aria-label={`Delete ${name}`}
            onClick={() => setAsking(true)}
          >
            Delete
          </button>
        </div>
      )}
    </li>
  );
}

const isAbout = ({ name, origin }: StoredModel, transfer: string, revision: string | undefined): boolean =>
  name === transfer && (origin.kind === 'copy' ? undefined : origin.revision) === revision;

function LoadButton({ model }: RowProps) {
  const dtype = useLoadOptions((options) => options.dtype);
  const load = useLibrary((library) => library.load);
  const close = useView((view) => view.close);
  return (
    <button
      type="button"
      className="button"
      data-testid="stored-load"
      aria-label={`Load ${model.name}`}
      onClick={() => {
        close();
        void load(model, dtype);
      }}
    >
      Load
    </button>
  );
}

/** A copy that was stopped goes on when its files are chosen again: only they have the rest. */
function ResumeButton({ model: { name, origin } }: { readonly model: StoredModel }) {
  const download = useLibrary((library) => library.download);
  const busy = useLibrary(({ transfer }) => transfer?.state === 'running');
  if (origin.kind !== 'hub') return null;
  const { repo, revision, hubUrl } = origin;
  return (
    <button
      type="button"
      className="button"
      data-testid="stored-resume"
      aria-label={`Resume the download of ${name}`}
      disabled={busy}
      onClick={() => void download({ repo, revision, hubUrl })}
    >
      Resume
    </button>
  );
}

interface ConfirmDeleteProps {
  readonly model: StoredModel;
  readonly onKeep: () => void;
}

function ConfirmDelete({ model: { key, name, storedBytes }, onKeep }: ConfirmDeleteProps) {
  const remove = useLibrary((library) => library.remove);
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => keep.current?.focus(), []);
  return (
    <div className="transfer-actions" role="group" aria-label={`Delete ${name}?`}>
      <button
        type="button"
        className="button danger"
        data-testid="stored-delete-really"
        onClick={() => void remove(key)}
      >
        Delete {formatBytes(storedBytes)}
      </button>
      <button ref={keep} type="button" className="text-button" onClick={onKeep}>
        Keep
      </button>
    </div>
  );
}

function Space() {
  const [asked, setAsked] = useState(false);
  const space = useLibrary((library) => library.space);
  const stored = useLibrary((library) => library.stored);
  const persist = useLibrary((library) => library.persist);
  if (space === undefined) return null;
  const total = stored?.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  return (
    <div className="space">
      <p className="transfer-figures" data-testid="storage-space">
        {formatBytes(total)} of about {formatBytes(space.quotaBytes)} that the browser allows this page.{' '}
        {space.persisted
          ? 'It keeps them until you delete them.'
          : asked
            ? 'It does not promise to keep them: it may clear them when the disk runs short.'
            : 'It may clear them when the disk runs short.'}
      </p>
      {!space.persisted && !asked && (
        <button
          type="button"
          className="text-button"
          onClick={() => void persist().then(() => setAsked(true))}
        >
          Ask the browser to keep them
        </button>
      )}
    </div>
  );
}
