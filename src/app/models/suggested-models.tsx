import { formatBytes } from '../format';
import { MemoryVerdict } from '../memory/memory-verdict';
import type { HubModel, WeightForm } from '../../protocol';
import { dtypeFor } from '../store/load-options';
import { useLoadOptions } from '../stores';
import { SUGGESTED, type SuggestedModel } from './suggested';

interface SuggestedModelsProps {
  /** Downloads, unless it is here, and loads. */
  readonly onFetch: (model: Pick<HubModel, 'repo' | 'revision'>, dtype: WeightForm | undefined) => void;
}

/** Models of the Hub for a start, each with what it takes to download and to run. Nothing is fetched before a click. */
export function SuggestedModels({ onFetch }: SuggestedModelsProps) {
  return (
    <section className="models-section" aria-labelledby="suggested-models">
      <h3 id="suggested-models">Suggested models</h3>
      <p>From the Hugging Face Hub, as published. Downloaded once, then kept in this browser.</p>
      <ul className="suggested">
        {SUGGESTED.map((model) => (
          <Suggestion key={model.repo} model={model} onFetch={onFetch} />
        ))}
      </ul>
    </section>
  );
}

function Suggestion({ model, onFetch }: SuggestedModelsProps & { readonly model: SuggestedModel }) {
  const { repo, revision, name, goodFor, licence, downloadBytes } = model;
  const dtype = useLoadOptions((state) => state.dtype);
  const config = JSON.stringify(model.config);
  return (
    <li className="suggested-model" data-testid="suggested-model" data-repo={repo}>
      <div className="suggested-text">
        <h4>{name}</h4>
        <p>{goodFor}</p>
        <MemoryVerdict config={config} />
        <p className="suggested-source">
          {repo}, {licence}
        </p>
      </div>
      <button
        type="button"
        className="button"
        data-testid="fetch-suggested"
        aria-label={`Download ${name} (${formatBytes(downloadBytes)}) and load it`}
        onClick={() => onFetch({ repo, revision }, dtypeFor(config, dtype))}
      >
        Download <span className="suggested-size">{formatBytes(downloadBytes)}</span>
      </button>
    </li>
  );
}
