import { formatBytes } from '../format';
import { MemoryVerdict } from '../memory/memory-verdict';
import { useLibrary, useLoadOptions } from '../stores';
import { SUGGESTED, type SuggestedModel } from './suggested';

/** Models of the Hub for a start, each with what it takes to download and to run. Nothing is fetched before a click. */
export function SuggestedModels() {
  return (
    <section className="models-section" aria-labelledby="suggested-models">
      <h3 id="suggested-models">Suggested models</h3>
      <p>From the Hugging Face Hub, as published. Downloaded once, then kept in this browser.</p>
      <ul className="suggested">
        {SUGGESTED.map((model) => (
          <Suggestion key={model.repo} model={model} />
        ))}
      </ul>
    </section>
  );
}

function Suggestion({ model }: { readonly model: SuggestedModel }) {
  const { repo, revision, name, goodFor, licence, downloadBytes } = model;
  const dtype = useLoadOptions((state) => state.dtype);
  const fetchAndLoad = useLibrary((library) => library.fetchAndLoad);
  return (
    <li className="suggested-model" data-testid="suggested-model" data-repo={repo}>
      <div className="suggested-text">
        <h4>{name}</h4>
        <p>{goodFor}</p>
        <MemoryVerdict config={JSON.stringify(model.config)} />
        <p className="suggested-source">
          {repo}, {licence}
        </p>
      </div>
      <button
        type="button"
        className="button"
        data-testid="fetch-suggested"
        aria-label={`Download ${name} (${formatBytes(downloadBytes)}) and load it`}
        onClick={() => void fetchAndLoad({ repo, revision }, dtype)}
      >
        Download <span className="suggested-size">{formatBytes(downloadBytes)}</span>
      </button>
    </li>
  );
}
