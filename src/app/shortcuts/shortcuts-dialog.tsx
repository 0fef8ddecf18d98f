import { Fragment } from 'react';
import { useView } from '../stores';
import { Dialog } from '../ui/dialog';
import './shortcuts.css';
import { isSingle, KEYS_IN_PLACE, keysOf, onMac, SHORTCUTS, type Chord, type Shortcut } from './table';

export function ShortcutsDialog() {
  const open = useView(({ dialog }) => dialog === 'shortcuts');
  const close = useView((view) => view.close);
  return (
    open && (
      <Dialog title="Keyboard shortcuts" testId="shortcuts-dialog" bodyClass="shortcuts" onClose={close}>
        <ShortcutTable title="Anywhere" shortcuts={SHORTCUTS} />
        <ShortcutTable title="In parts of the page" shortcuts={KEYS_IN_PLACE} />
        <SingleKeys />
      </Dialog>
    )
  );
}

interface ShortcutTableProps {
  readonly title: string;
  readonly shortcuts: readonly Shortcut[];
}

function ShortcutTable({ title, shortcuts }: ShortcutTableProps) {
  const singleKeys = useView((view) => view.singleKeys);
  const isMac = onMac();
  return (
    <table className="shortcuts-table">
      <caption>{title}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">What it does</th>
          <th scope="col">Keys</th>
        </tr>
      </thead>
      <tbody>
        {shortcuts.map(({ id, does, chords }) => (
          <tr key={id} data-testid={`shortcut-${id}`}>
            <th scope="row">{does}</th>
            <td>
              {chords
                .filter((chord) => singleKeys || !isSingle(chord))
                .map((chord, index) => (
                  <Fragment key={chord.key}>
                    {index > 0 && ' or '}
                    <Keys chord={chord} isMac={isMac} />
                  </Fragment>
                ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Keys({ chord, isMac }: { readonly chord: Chord; readonly isMac: boolean }) {
  return (
    <span className="shortcuts-keys">
      {keysOf(chord, isMac).map((key, index) => (
        <Fragment key={key}>
          {index > 0 && '+'}
          <kbd>{key}</kbd>
        </Fragment>
      ))}
    </span>
  );
}

/** WCAG 2.1.4: who dictates, or strikes keys by accident, can do without shortcuts of a single sign. */
function SingleKeys() {
  const singleKeys = useView((view) => view.singleKeys);
  const allow = useView((view) => view.allowSingleKeys);
  return (
    <div className="setting">
      <label className="toggle">
        <input
          type="checkbox"
          checked={singleKeys}
          aria-describedby="single-keys-help"
          data-testid="single-keys"
          onChange={({ target }) => allow(target.checked)}
        />
        Single-key shortcuts
      </label>
      <p className="setting-help" id="single-keys-help">
        Such as ?, which opens this list. When off, no character on its own is a shortcut.
      </p>
    </div>
  );
}
