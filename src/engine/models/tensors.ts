/** Which tensors a checkpoint must have for a ModelSpec, and the check that it has them. */
import { EngineError } from '../errors';
import type { AffineGroups } from '../kernels/affine';
import type { ModelSpec } from './spec';

export interface ExpectedTensor {
  /** As in the checkpoint of the causal model. */
  readonly name: string;
  readonly shape: readonly number[];
  /** How it may be stored; left out: as floats. */
  readonly dtypes?: readonly string[];
}

/** Packed matrices, by their name without `.weight`. */
type Packed = ReadonlyMap<string, AffineGroups>;

/** A checkpoint's tensors; where `packed` holds a matrix, its packed form's. */
export function expectedTensors(spec: ModelSpec, packed: Packed = new Map()): readonly ExpectedTensor[] {
  const { L, C, V } = spec;
  const layers = Array.from({ length: L }, (_, layer) =>
    layerTensors(spec).map(({ name, shape }) => ({ name: `model.layers.${layer}.${name}`, shape })),
  );
  const floats = [
    { name: 'model.embed_tokens.weight', shape: [V, C] },
    ...layers.flat(),
    { name: 'model.norm.weight', shape: [C] },
    ...(spec.tied ? [] : [{ name: 'lm_head.weight', shape: [V, C] }]),
  ];
  return floats.flatMap((tensor) => packedTensors(tensor, packed.get(tensor.name.replace(/\.weight$/, ''))));
}

/** All weights of the model, biases and norms too. */
export const parametersOf = (spec: ModelSpec): number =>
  expectedTensors(spec).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

function packedTensors(tensor: ExpectedTensor, groups: AffineGroups | undefined): readonly ExpectedTensor[] {
  if (!groups) return [tensor];
  const { bits, group, scales } = groups;
  const [N, K] = tensor.shape as [number, number];
  const module = tensor.name.replace(/\.weight$/, '');
  const shape = [N, K / group];
  return [
    { name: tensor.name, shape: [N, (K * bits) / 32], dtypes: ['U32'] },
    { name: `${module}.scales`, shape },
    { name: `${module}.biases`, shape, dtypes: [scales.toUpperCase()] },
  ];
}

function layerTensors(spec: ModelSpec): readonly ExpectedTensor[] {
  const { H, G, D, C, F, norms, qkNorm, qkvBias, oBias, mlpBias } = spec;
  const linear = (name: string, rows: number, columns: number, bias: boolean): ExpectedTensor[] => [
    { name: `${name}.weight`, shape: [rows, columns] },
    ...(bias ? [{ name: `${name}.bias`, shape: [rows] }] : []),
  ];
  const norm = (name: string, size: number): ExpectedTensor => ({ name: `${name}.weight`, shape: [size] });
  return [
    ...(norms === 'post' ? [] : [norm('input_layernorm', C)]),
    ...(spec.fused
      ? linear('self_attn.qkv_proj', (H + 2 * G) * D, C, qkvBias)
      : [
          ...linear('self_attn.q_proj', H * D, C, qkvBias),
          ...linear('self_attn.k_proj', G * D, C, qkvBias),
          ...linear('self_attn.v_proj', G * D, C, qkvBias),
        ]),
    ...linear('self_attn.o_proj', C, H * D, oBias),
    ...(qkNorm === 'none'
      ? []
      : [
          norm('self_attn.q_norm', qkNorm === 'head' ? D : H * D),
          norm('self_attn.k_norm', qkNorm === 'head' ? D : G * D),
        ]),
    norm('post_attention_layernorm', C),
    ...(norms === 'both' ? [norm('pre_feedforward_layernorm', C)] : []),
    ...(norms === 'pre' ? [] : [norm('post_feedforward_layernorm', C)]),
    ...(spec.fused
      ? linear('mlp.gate_up_proj', 2 * F, C, mlpBias)
      : [...linear('mlp.gate_proj', F, C, mlpBias), ...linear('mlp.up_proj', F, C, mlpBias)]),
    ...linear('mlp.down_proj', C, F, mlpBias),
  ];
}

const FLOATS = ['BF16', 'F16', 'F32'];

/** What to do about a checkpoint that is quantised in a way not read here. */
export const INSTEAD =
  'Take the unquantised checkpoint of this model (BF16, F16 or F32), which can be quantised while it is loaded ' +
  '(q8 or q4), or one made by MLX with 4 or 8 bits.';

/** How tensors beside a matrix are called that other tools make of it. */
const FOREIGN: readonly (readonly [suffix: string, maker: string])[] = [
  ['.qweight', 'GPTQ or AWQ'],
  ['.weight_packed', 'compressed-tensors'],
  ['.absmax', 'bitsandbytes'],
  ['.SCB', 'bitsandbytes'],
  ['.weight_scale_inv', 'FP8'],
  ['.weight_scale', 'FP8 or compressed-tensors'],
];

/** What a name as expected is called in this file. */
export function namesIn(available: ReadonlyMap<string, unknown>): (name: string) => string {
  // Saved from the bare model instead of the causal one, all names but lm_head lack "model.".
  const bare = !available.has('model.embed_tokens.weight') && available.has('embed_tokens.weight');
  if (bare) return (name) => name.replace(/^model\./, '');
  // The text part of a model that also sees: as published, and as transformers names it since.
  if (available.has('language_model.model.embed_tokens.weight')) return (name) => `language_model.${name}`;
  if (available.has('model.language_model.embed_tokens.weight')) {
    return (name) => name.replace(/^model\./, 'model.language_model.');
  }
  return (name) => name;
}

/**
 * The file's entry for each expected tensor, by its expected name and in their order. Tensors beyond those are left
 * alone, a tied model's lm_head among them. Throws `tensor-missing`, `dtype-unsupported` or `tensor-shape`.
 */
export function checkTensors<Entry extends Described>(
  spec: ModelSpec,
  available: ReadonlyMap<string, Entry>,
  packed?: Packed,
): ReadonlyMap<string, Entry> {
  const expected = expectedTensors(spec, packed);
  const nameInFile = namesIn(available);
  refuseForeign(available);

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
  for (const { name, shape, dtypes } of expected) {
    const entry = available.get(nameInFile(name)) as Entry;
    checkEntry(name, entry, shape, dtypes ?? FLOATS);
    found.set(name, entry);
  }
  return found;
}

export type Described = { readonly dtype: string; readonly shape: readonly number[] };

function refuseForeign(available: ReadonlyMap<string, unknown>): void {
  for (const name of available.keys()) {
    const found = FOREIGN.find(([suffix]) => name.endsWith(suffix));
    if (!found) continue;
    throw new EngineError(
      'dtype-unsupported',
      `This checkpoint is quantised by ${found[1]} (it has the tensor ${name}), which is not read here. ${INSTEAD}`,
    );
  }
}

/** The dtype first: packed weights have another shape too, and "quantised" is the better reason. */
function checkEntry(
  name: string,
  { dtype, shape }: Described,
  needed: readonly number[],
  dtypes: readonly string[],
): void {
  if (!dtypes.includes(dtype)) {
    const kinds = dtypes.join(', ').replace(/, (?=\w+$)/, ' or ');
    throw new EngineError(
      'dtype-unsupported',
      `The tensor ${name} is stored as ${dtype}; ${kinds} is needed. ${INSTEAD}`,
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
