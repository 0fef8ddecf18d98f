import { useEffect, useRef, useState } from 'react';
import type { PickedModel } from '../../library-protocol';
import { formatBytes } from '../format';
import { MemoryVerdict, useModelJudged } from '../memory/memory-verdict';
import { WeightsMenu } from '../models/load-options';
import { useDevice, useLibrary, useLoadOptions, useView } from '../stores';
import { FileList } from './file-list';
import { Problem } from './problem';

/** What was dropped or picked: what is still missing of it or, when it is whole, what it takes and how to load it. */
export function PickedCard() {
  const picked = useDevice((device) => device.picked);
  const dismiss = useDevice((device) => device.dismiss);
  const card = useRef<HTMLDivElement>(null);
  // It may have come by a drop on any part of the page; a dialog that opens for it takes the focus first.
  useEffect(() => {
    if (picked === undefined) return;
    card.current?.focus({ preventScroll: true });
    card.current?.scrollIntoView({ block: 'nearest' });
  }, [picked]);
  if (picked === undefined) return null;
  const { name, chosen, totalBytes, missing, flaw, config } = picked;
  const complete = missing.length === 0;
  return (
    <div
      ref={card}
      className="transfer picked"
      role="group"
      aria-label={name}
      tabIndex={-1}
      data-testid="picked"
      data-state={flaw ? 'spoilt' : complete ? 'complete' : 'waiting'}
    >
      <p className="transfer-name">{name}</p>
      <p className="transfer-figures" role="status">
        {formatBytes(totalBytes)} in {chosen.length} {chosen.length === 1 ? 'file' : 'files'}
        {!complete && `, ${missing.length} still missing`}
      </p>
      <FileList files={chosen} />
      {!complete && <Missing missing={missing} />}
      {flaw && (
        <Problem error={flaw}>
          <p>Drop or choose the right file, and it takes its place; the rest is kept.</p>
        </Problem>
      )}
      {config !== undefined && !flaw && <MemoryVerdict config={config} />}
      {complete && !flaw && config !== undefined && <Ready picked={picked} config={config} />}
      <button type="button" className="text-button" data-testid="picked-dismiss" onClick={dismiss}>
        Dismiss
      </button>
    </div>
  );
}

/** A set of shards may have hundreds. */
const SHOWN = 8;

function Missing({ missing }: Pick<PickedModel, 'missing'>) {
  return (
    <div className="picked-missing" data-testid="picked-missing">
      <p>Still needed. Drop or choose what is missing; the rest is kept.</p>
      <ul>
        {missing.slice(0, SHOWN).map(({ path, note }) => (
          <li key={path}>
            <code>{path}</code>
            {note !== undefined && <span className="picked-note">: {note}</span>}
          </li>
        ))}
        {missing.length > SHOWN && <li>and {missing.length - SHOWN} more</li>}
      </ul>
    </div>
  );
}

interface ReadyProps {
  readonly picked: PickedModel;
  readonly config: string;
}

function Ready({ picked, config }: ReadyProps) {
  const [remember, setRemember] = useState(true);
  const canRemember = useDevice(({ handles }) => handles.length > 0);
  const load = useDevice((device) => device.load);
  const dtype = useLoadOptions((options) => options.dtype);
  const close = useView((view) => view.close);
  const judged = useModelJudged(config);
  // Why not, the verdict says.
  if (judged?.state === 'failed') return null;
  return (
    <>
      <WeightsMenu config={config} />
      {canRemember && (
        <label className="picked-remember">
          <input
            type="checkbox"
            data-testid="picked-remember"
            checked={remember}
            onChange={({ target }) => setRemember(target.checked)}
          />
          Remember where it is for the next visit
        </label>
      )}
      <div className="transfer-actions">
        <button
          type="button"
          className="button primary"
          data-testid="picked-load"
          onClick={() => {
            close();
            void load({ dtype, remember });
          }}
        >
          Load
        </button>
        <CopyButton totalBytes={picked.totalBytes} canRemember={canRemember} />
      </div>
    </>
  );
}

interface CopyButtonProps {
  readonly totalBytes: number;
  readonly canRemember: boolean;
}

function CopyButton({ totalBytes, canRemember }: CopyButtonProps) {
  const copy = useDevice((device) => device.copy);
  const busy = useLibrary(({ transfer }) => transfer?.state === 'running');
  const refused = useLibrary(({ space }) => space?.available === false);
  if (refused) return null;
  return (
    <>
      <button
        type="button"
        className="button"
        data-testid="picked-copy"
        disabled={busy}
        onClick={() => void copy()}
      >
        Copy {formatBytes(totalBytes)} into this browser
      </button>
      {!canRemember && (
        <p className="picked-note">Without a copy it has to be chosen again after a reload.</p>
      )}
    </>
  );
}
