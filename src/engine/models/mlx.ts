/**
 * Checkpoints quantised by MLX: matrices as affine groups of 4 or 8 bits, used as they come. Which matrices, and how long
 * their groups are, is in config.json under `quantization` and in the tensors: `X.weight` U32 [N, K bits/32], `X.scales`
 * and `X.biases` [N, K/group]. Every other kind of quantised checkpoint is refused by name.
 * https://github.com/ml-explore/mlx-lm/blob/main/mlx_lm/utils.py (load_model)
 */
import { EngineError } from '../errors';
import { isObject, shown, type JsonObject } from '../json';
import { GROUP_BITS, GROUP_SIZES, sameForm, type AffineGroups } from '../kernels/affine';
import { configInvalid } from './fields';
import type { ModelSpec } from './spec';
import { expectedTensors, INSTEAD, namesIn, type Described } from './tensors';

type Packing = Pick<AffineGroups, 'bits' | 'group'>;

export interface MlxQuantisation extends Packing {
  /** By module, as in the file: packed in another way, or not at all. */
  readonly overrides: ReadonlyMap<string, Packing | undefined>;
}

export const unsupportedForm = (found: string): EngineError =>
  new EngineError(
    'dtype-unsupported',
    `This checkpoint is quantised (${found}), which is not read here. ${INSTEAD}`,
  );

/** Undefined for a checkpoint that is not quantised. Throws `dtype-unsupported`, naming what it is. */
export function readQuantisation(json: JsonObject): MlxQuantisation | undefined {
  const { quantization: mlx, quantization_config: config } = json;
  // transformers writes quantization_config with a method; MLX writes quantization and a copy of it under the other name.
  const method = isObject(config) ? config['quant_method'] : undefined;
  if (isObject(mlx) && method === undefined) return readMlx(mlx);
  const found = config ?? mlx;
  if (found == null || found === false) return undefined;
  const bits = isObject(found) && found['bits'] !== undefined ? `, ${shown(found['bits'])} bits` : '';
  throw unsupportedForm(`${typeof method === 'string' ? method : shown(found)}${bits}`);
}

const SETTINGS = ['bits', 'group_size', 'mode'];

function readMlx(mlx: JsonObject): MlxQuantisation {
  const overrides = new Map<string, Packing | undefined>();
  const packing = readPacking(mlx, '');
  for (const [module, value] of Object.entries(mlx)) {
    if (SETTINGS.includes(module)) continue;
    if (value === false) overrides.set(module, undefined);
    else if (value === true) overrides.set(module, packing);
    else if (isObject(value)) overrides.set(module, readPacking(value, ` for ${module}`));
    else throw unsupportedForm(`mlx, ${module} ${shown(value)}`);
  }
  return { ...packing, overrides };
}

function readPacking({ bits, group_size, mode = 'affine' }: JsonObject, where: string): Packing {
  if (mode !== 'affine') throw unsupportedForm(`mlx, mode ${shown(mode)}${where}`);
  const known = {
    bits: GROUP_BITS.find((n) => n === bits),
    group: GROUP_SIZES.find((n) => n === group_size),
  };
  const { bits: b, group } = known;
  if (b !== undefined && group !== undefined) return { bits: b, group };
  throw unsupportedForm(`mlx, ${shown(bits)} bits in groups of ${shown(group_size)}${where}`);
}

const SCALES: Readonly<Record<string, AffineGroups['scales']>> = { F16: 'f16', BF16: 'bf16', F32: 'f32' };

/**
 * The matrices that are packed, by their name without `.weight`: those that have scales, unless config.json says otherwise.
 * Throws `config-invalid` where groups do not divide rows, `dtype-unsupported` where parts of a fused matrix differ.
 */
export function packedMatrices(
  spec: ModelSpec,
  available: ReadonlyMap<string, Described>,
  quantisation: MlxQuantisation | undefined,
): ReadonlyMap<string, AffineGroups> {
  const packed = new Map<string, AffineGroups>();
  if (!quantisation) return packed;
  const nameInFile = namesIn(available);
  for (const { name, shape } of expectedTensors(spec)) {
    const K = shape[1];
    const module = name.replace(/\.weight$/, '');
    const scales = available.get(nameInFile(`${module}.scales`));
    if (K === undefined || !scales) continue;
    const { overrides } = quantisation;
    const own = nameInFile(module);
    const packing = overrides.has(own) ? overrides.get(own) : quantisation;
    if (!packing) continue;
    const { bits, group } = packing;
    if (K % group !== 0) {
      const found = `packs ${module} in groups of ${group}, and its rows have ${K} elements`;
      throw configInvalid('config.json', found, 'whole groups are needed');
    }
    packed.set(module, { bits, group, scales: SCALES[scales.dtype] ?? 'f16' });
  }
  checkFused(spec, packed);
  return packed;
}

/** How a checkpoint holds most of what it holds quantised; undefined where that is nothing. */
export const packedForm = (
  quantisation: MlxQuantisation | undefined,
  packed: ReadonlyMap<string, AffineGroups>,
): 'q8' | 'q4' | undefined => (quantisation && packed.size > 0 ? `q${quantisation.bits}` : undefined);

/** Matrices that the engine keeps as one have to lie in one form. */
function checkFused({ L, fused }: ModelSpec, packed: ReadonlyMap<string, AffineGroups>): void {
  if (fused) return; // the checkpoint too has them as one
  for (let l = 0; l < L; l++) {
    const attn = ['q_proj', 'k_proj', 'v_proj'].map((name) => `model.layers.${l}.self_attn.${name}`);
    const mlp = ['gate_proj', 'up_proj'].map((name) => `model.layers.${l}.mlp.${name}`);
    for (const [first, ...others] of [attn, mlp]) {
      const other = others.find((name) => !sameForm(packed.get(name), packed.get(first!)));
      if (other === undefined) continue;
      throw unsupportedForm(`mlx, ${first} packed otherwise than ${other}, which have to be alike`);
    }
  }
}
