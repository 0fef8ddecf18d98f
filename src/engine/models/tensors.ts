/** Which tensors a checkpoint must have for a ModelSpec, and the check that it has them. */
import { EngineError } from '../errors';
import type { ModelSpec } from './spec';

export interface ExpectedTensor {
  /** As in the checkpoint of the causal model. */
  readonly name: string;
  readonly shape: readonly number[];
}

export function expectedTensors(spec: ModelSpec): readonly ExpectedTensor[] {
  const { L, C, V } = spec;
  const layers = Array.from({ length: L }, (_, layer) =>
    layerTensors(spec).map(({ name, shape }) => ({ name: `model.layers.${layer}.${name}`, shape })),
  );
  return [
    { name: 'model.embed_tokens.weight', shape: [V, C] },
    ...layers.flat(),
    { name: 'model.norm.weight', shape: [C] },
    ...(spec.tied ? [] : [{ name: 'lm_head.weight', shape: [V, C] }]),
  ];
}

function layerTensors(spec: ModelSpec): readonly ExpectedTensor[] {
  const { H, G, D, C, F, qkvBias, oBias, mlpBias } = spec;
  const linear = (name: string, rows: number, columns: number, bias: boolean): ExpectedTensor[] => [
    { name: `${name}.weight`, shape: [rows, columns] },
    ...(bias ? [{ name: `${name}.bias`, shape: [rows] }] : []),
  ];
  const norm = (name: string, size: number): ExpectedTensor => ({ name: `${name}.weight`, shape: [size] });
  return [
    norm('input_layernorm', C),
    ...linear('self_attn.q_proj', H * D, C, qkvBias),
    ...linear('self_attn.k_proj', G * D, C, qkvBias),
    ...linear('self_attn.v_proj', G * D, C, qkvBias),
    ...linear('self_attn.o_proj', C, H * D, oBias),
    ...(spec.qkNorm ? [norm('self_attn.q_norm', D), norm('self_attn.k_norm', D)] : []),
    norm('post_attention_layernorm', C),
    ...linear('mlp.gate_proj', F, C, mlpBias),
    ...linear('mlp.up_proj', F, C, mlpBias),
    ...linear('mlp.down_proj', C, F, mlpBias),
  ];
}

const DTYPES = ['BF16', 'F16', 'F32'];

/**
 * The file's entry for each expected tensor, by its expected name and in their order. Tensors beyond those are left
 * alone, a tied model's lm_head among them. Throws `tensor-missing`, `dtype-unsupported` or `tensor-shape`.
 */
export function checkTensors<Entry extends { readonly dtype: string; readonly shape: readonly number[] }>(
  spec: ModelSpec,
  available: ReadonlyMap<string, Entry>,
): ReadonlyMap<string, Entry> {
  const expected = expectedTensors(spec);
  // Saved from the bare model instead of the causal one, all names but lm_head lack "model.".
  const bare = !available.has('model.embed_tokens.weight') && available.has('embed_tokens.weight');
  const nameInFile = (name: string): string => (bare ? name.replace(/^model\./, '') : name);

  const missing = expected.filter(({ name }) => !available.has(nameInFile(name)));
  if (missing[0]) {
    const more =
      missing.length > 1 ? ` and ${missing.length - 1} more of the ${expected.length} that it needs` : '';
    throw new EngineError(
      'tensor-missing',
      `The checkpoint lacks the tensor ${missing[0].name}${more}. ` +
        'Check that config.json belongs to it and that it is not one of several parts.',
    );
  }
  const found = new Map<string, Entry>();
  for (const { name, shape } of expected) {
    const entry = available.get(nameInFile(name)) as Entry;
    checkEntry(name, entry, shape);
    found.set(name, entry);
  }
  return found;
}

type Described = { readonly dtype: string; readonly shape: readonly number[] };

/** The dtype first: packed weights have another shape too, and "quantised" is the better reason. */
function checkEntry(name: string, { dtype, shape }: Described, needed: readonly number[]): void {
  if (!DTYPES.includes(dtype)) {
    throw new EngineError(
      'dtype-unsupported',
      `The tensor ${name} is stored as ${dtype}; BF16, F16 or F32 is needed. Choose an unquantised checkpoint.`,
    );
  }
  if (shape.length !== needed.length || shape.some((size, i) => size !== needed[i])) {
    throw new EngineError(
      'tensor-shape',
      `The tensor ${name} has the shape [${shape.join(', ')}] where config.json asks for [${needed.join(', ')}]. ` +
        'Check that config.json belongs to this checkpoint.',
    );
  }
}
