import { useState } from 'react';
import { HUGGING_FACE, hubUrlFrom } from '../store/hub-settings';
import { useLibrary } from '../stores';

/** What few need: a token for models that are not open to everybody, and the address of a mirror. */
export function HubFields() {
  return (
    <details className="hub-fields" data-testid="hub-fields">
      <summary>Access token and mirror</summary>
      <TokenField />
      <AddressField />
    </details>
  );
}

function TokenField() {
  const hub = useLibrary((library) => library.hub);
  const setHub = useLibrary((library) => library.setHub);
  const host = new URL(hub.hubUrl).host;
  const token = hub.tokens[hub.hubUrl] ?? '';
  const set = (value: string) => {
    const { [hub.hubUrl]: _, ...others } = hub.tokens;
    setHub({ ...hub, tokens: value === '' ? others : { ...others, [hub.hubUrl]: value } });
  };
  return (
    <div className="hub-field">
      <label htmlFor="hub-token">Access token</label>
      <input
        id="hub-token"
        className="text-field"
        data-testid="hub-token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        value={token}
        aria-describedby="hub-token-help"
        onChange={(event) => set(event.target.value.trim())}
      />
      <button type="button" className="button" disabled={token === ''} onClick={() => set('')}>
        Clear
      </button>
      <p id="hub-token-help">
        Only for private models and those whose terms have to be accepted. Kept in this browser, and sent to{' '}
        {host} alone.
      </p>
    </div>
  );
}

function AddressField() {
  const hub = useLibrary((library) => library.hub);
  const setHub = useLibrary((library) => library.setHub);
  const [text, setText] = useState(hub.hubUrl);
  const url = hubUrlFrom(text);
  const set = (written: string) => {
    setText(written);
    const hubUrl = hubUrlFrom(written);
    if (hubUrl !== undefined) setHub({ ...hub, hubUrl });
  };
  return (
    <div className="hub-field">
      <label htmlFor="hub-address">Hub address</label>
      <input
        id="hub-address"
        className="text-field"
        data-testid="hub-address"
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        value={text}
        aria-invalid={url === undefined}
        aria-describedby="hub-address-help"
        onChange={(event) => set(event.target.value)}
      />
      <button
        type="button"
        className="button"
        disabled={text === HUGGING_FACE}
        onClick={() => set(HUGGING_FACE)}
      >
        Reset
      </button>
      <p id="hub-address-help" className={url === undefined ? 'field-problem' : undefined}>
        {url === undefined
          ? 'That is not a web address; the one before stays in use.'
          : 'A mirror with the same routes, if huggingface.co cannot be reached from here.'}
      </p>
    </div>
  );
}
