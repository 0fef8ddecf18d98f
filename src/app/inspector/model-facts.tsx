import { formatCount, formatParameters } from '../format';
import type { ModelInfo } from '../../protocol';
import { useModel } from '../stores';
import { FigureRow } from './figures';

export function ModelFacts() {
  const model = useModel(({ status }) => (status.state === 'ready' ? status.model : undefined));
  return (
    <section className="panel">
      <h2>Model</h2>
      {model === undefined ? (
        <p className="panel-hint">Its shape, and what it runs on, once it is loaded.</p>
      ) : (
        <dl className="figure-rows" data-testid="model-facts">
          {factsOf(model).map(([label, text]) => (
            <FigureRow key={label} label={label} text={text} />
          ))}
        </dl>
      )}
    </section>
  );
}

const PROFILES = {
  portable: 'portable (32-bit, no optional feature)',
  fast: 'fast (16-bit, subgroups)',
  software: 'software (no graphics card)',
} as const satisfies Record<ModelInfo['profile'], string>;

function factsOf(model: ModelInfo): readonly (readonly [string, string])[] {
  return [
    ['Name', model.name],
    ['Family', model.family],
    ['Parameters', formatParameters(model.parameters)],
    ['Layers', formatCount(model.layers)],
    ['Query heads, KV heads', `${model.heads}, ${model.kvHeads}`],
    ['Head size', formatCount(model.headDim)],
    ['Vocabulary', formatCount(model.vocabulary)],
    ['Context', `${formatCount(model.contextLength)} tokens`],
    ['Weights, cache', `${model.weights}, ${model.dtype}`],
    ['Kernels', PROFILES[model.profile]],
    ['Adapter', model.adapter],
  ];
}
