import { useState } from 'react';
import { useLibrary } from '../stores';
import { HubFields } from './hub-fields';
import { parseHubName } from './hub-name';
import './library.css';
import { LookResult } from './look-result';
import { TransferCard } from './transfer-card';

/** Any model of the Hub by its name: looked up, downloaded, loaded, each at a click. */
export function HubBox() {
  const [text, setText] = useState('');
  const [refused, setRefused] = useState(false);
  const hubUrl = useLibrary(({ hub }) => hub.hubUrl);
  const looking = useLibrary(({ look }) => look?.state === 'looking');
  const find = useLibrary((library) => library.find);
  const submit = () => {
    const name = parseHubName(text, hubUrl);
    setRefused(name === undefined);
    if (name) void find(name);
  };
  return (
    <section className="models-section hub" aria-labelledby="hub-models">
      <h3 id="hub-models">From Hugging Face</h3>
      <p>
        Any model of a supported family, as it is published. It is downloaded once and kept in this browser.
      </p>
      <form
        className="hub-search"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <label htmlFor="hub-name">Model name or address</label>
        <input
          id="hub-name"
          className="text-field"
          data-testid="hub-name"
          placeholder="owner/name"
          autoCapitalize="none"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          value={text}
          aria-invalid={refused}
          aria-describedby={refused ? 'hub-name-refused' : undefined}
          onChange={(event) => {
            setText(event.target.value);
            setRefused(false);
          }}
        />
        <button type="submit" className="button" data-testid="hub-look" disabled={looking}>
          {looking ? 'Looking…' : 'Look up'}
        </button>
        {refused && (
          <p id="hub-name-refused" className="field-problem" role="alert" data-testid="hub-name-refused">
            That is not the name of a model. Write <code>owner/name</code>, with <code>@revision</code> if you
            want one, or paste the address of its page.
          </p>
        )}
      </form>
      <HubFields />
      <LookResult />
      <TransferCard of="download" />
    </section>
  );
}
