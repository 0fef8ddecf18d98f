import { describe, expect, it } from 'vitest';
import type { EngineErrorCode } from '../../protocol';
import { packedMatrices, readQuantisation, type MlxQuantisation } from './mlx';
import { llamaSpec } from './spec.test-support';
import { checkTensors, expectedTensors, type Described } from './tensors';

const SPEC = llamaSpec({ L: 1, H: 4, G: 2, D: 16, C: 64, F: 96, V: 100 });
const LAYER = 'model.layers.0';
const Q = `${LAYER}.self_attn.q_proj`;
const DOWN = `${LAYER}.mlp.down_proj`;

const refusal = (code: EngineErrorCode, words: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(words) as string });

describe('readQuantisation', () => {
  it('reads what MLX writes: bits and groups, and modules that are packed otherwise or not at all', () => {
    const quantization = {
      ...{ group_size: 64, bits: 4, mode: 'affine' },
      'model.embed_tokens': { group_size: 32, bits: 8 },
      [Q]: false,
      lm_head: true,
    };
    expect(readQuantisation({ quantization, quantization_config: quantization })).toEqual({
      bits: 4,
      group: 64,
      overrides: new Map<string, unknown>([
        ['model.embed_tokens', { bits: 8, group: 32 }],
        [Q, undefined],
        ['lm_head', { bits: 4, group: 64 }],
      ]),
    });
  });

  it.each([{}, { quantization: null }, { quantization_config: false }])('finds none in %j', (json) => {
    expect(readQuantisation(json)).toBeUndefined();
  });

  it.each([
    [{ quantization_config: { quant_method: 'gptq', bits: 4 } }, /\(gptq, 4 bits\)/],
    [{ quantization_config: { quant_method: 'awq', bits: 4 } }, /\(awq, 4 bits\)/],
    [{ quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true } }, /\(bitsandbytes\)/],
    [{ quantization_config: { quant_method: 'fp8' } }, /\(fp8\)/],
    [
      { quantization: { group_size: 64, bits: 4 }, quantization_config: { quant_method: 'mxfp4' } },
      /\(mxfp4\)/,
    ],
    [{ quantization: { group_size: 64, bits: 6 } }, /\(mlx, 6 bits in groups of 64\)/],
    [{ quantization: { group_size: 16, bits: 4 } }, /\(mlx, 4 bits in groups of 16\)/],
    [{ quantization: { group_size: 32, bits: 4, mode: 'mxfp4' } }, /\(mlx, mode "mxfp4"\)/],
    [
      { quantization: { group_size: 64, bits: 4, [Q]: { group_size: 64, bits: 3 } } },
      /3 bits .* for model\.layers\.0.*q_proj/,
    ],
    [{ quantization: 'q4' }, /\("q4"\)/],
  ])('refuses %j by name and says what to take instead', (json, words) => {
    expect(() => readQuantisation(json)).toThrow(refusal('dtype-unsupported', words));
    expect(() => readQuantisation(json)).toThrow(/unquantised checkpoint.*q8 or q4.*made by MLX/);
  });
});

const GROUPS = { bits: 4, group: 32 } as const;
const MLX: MlxQuantisation = { ...GROUPS, overrides: new Map() };
const ALL = new Map(
  expectedTensors(SPEC)
    .filter(({ shape }) => shape.length === 2)
    .map(({ name }) => [name.replace(/\.weight$/, ''), { ...GROUPS, scales: 'bf16' as const }]),
);

/** A checkpoint whose matrices are all packed. */
const checkpoint = (rename = (name: string): string => name): Map<string, Described> =>
  new Map(
    expectedTensors(SPEC, ALL).map(({ name, shape, dtypes }) => [
      rename(name),
      { shape, dtype: dtypes?.[0] ?? 'BF16' },
    ]),
  );

describe('a packed checkpoint', () => {
  it('has three tensors for each matrix, and is found whole under the names of the causal or the bare model', () => {
    for (const rename of [(name: string) => name, (name: string) => name.replace('model.', '')]) {
      const available = checkpoint(rename);
      const packed = packedMatrices(SPEC, available, MLX);
      expect(packed).toEqual(ALL);
      expect(checkTensors(SPEC, available, packed).size).toBe(3 + 3 * ALL.size);
    }
    expect(checkpoint().get(`${DOWN}.weight`)).toEqual({ dtype: 'U32', shape: [64, 12] });
    expect(checkpoint().get(`${DOWN}.scales`)).toEqual({ dtype: 'BF16', shape: [64, 3] });
  });

  it('may hold a matrix as it was: one without scales, or one that config.json leaves out', () => {
    const available = checkpoint().set(`${DOWN}.weight`, { dtype: 'F16', shape: [64, 96] });
    const excepted = { ...MLX, overrides: new Map([[DOWN, undefined]]) };
    expect(packedMatrices(SPEC, available, excepted).has(DOWN)).toBe(false);
    available.delete(`${DOWN}.scales`);
    const packed = packedMatrices(SPEC, available, MLX);
    expect(packed.has(DOWN)).toBe(false);
    expect(checkTensors(SPEC, available, packed).get(`${DOWN}.weight`)?.dtype).toBe('F16');
  });

  const check = (available: Map<string, Described>) => () =>
    checkTensors(SPEC, available, packedMatrices(SPEC, available, MLX));

  it('is refused without biases, as those of other modes are', () => {
    const available = checkpoint();
    available.delete(`${Q}.biases`);
    expect(check(available)).toThrow(refusal('tensor-missing', /q_proj\.biases/));
  });

  it.each<[string, Described, EngineErrorCode, RegExp]>([
    [`${Q}.weight`, { dtype: 'U32', shape: [64, 16] }, 'tensor-shape', /\[64, 16\].*\[64, 8\]/],
    [`${Q}.weight`, { dtype: 'F16', shape: [64, 64] }, 'dtype-unsupported', /stored as F16; U32 is needed/],
    [
      `${DOWN}.scales`,
      { dtype: 'U8', shape: [64, 3] },
      'dtype-unsupported',
      /stored as U8; BF16, F16 or F32/,
    ],
    [
      `${DOWN}.biases`,
      { dtype: 'F32', shape: [64, 3] },
      'dtype-unsupported',
      /stored as F32; BF16 is needed/,
    ],
    [`${DOWN}.biases`, { dtype: 'BF16', shape: [64, 2] }, 'tensor-shape', /\[64, 2\].*\[64, 3\]/],
  ])('is refused when %s is %j', (name, tensor, code, words) => {
    expect(check(checkpoint().set(name, tensor))).toThrow(refusal(code, words));
  });

  it('is refused when groups do not divide rows', () => {
    const long = { ...MLX, group: 128 as const };
    expect(() => packedMatrices(SPEC, checkpoint(), long)).toThrow(
      refusal('config-invalid', /embed_tokens in groups of 128, and its rows have 64 elements/),
    );
  });

  it('is refused when matrices that the engine joins are packed differently', () => {
    const other = {
      ...MLX,
      overrides: new Map([[`${LAYER}.self_attn.v_proj`, { bits: 8, group: 32 } as const]]),
    };
    expect(() => packedMatrices(SPEC, checkpoint(), other)).toThrow(
      refusal('dtype-unsupported', /q_proj packed otherwise than .*v_proj/),
    );
  });

  it('is not looked for where config.json does not say so', () => {
    expect(packedMatrices(SPEC, checkpoint(), undefined).size).toBe(0);
  });
});

describe('a checkpoint by another tool', () => {
  it.each([
    [`${Q}.qweight`, 'GPTQ or AWQ'],
    [`${Q}.weight.absmax`, 'bitsandbytes'],
    [`${Q}.weight_packed`, 'compressed-tensors'],
    [`${Q}.weight_scale_inv`, 'FP8'],
  ])('that has %s is refused by name', (name, maker) => {
    const available = new Map([[name, { dtype: 'I32', shape: [8, 64] }]]);
    expect(() => checkTensors(SPEC, available)).toThrow(
      refusal('dtype-unsupported', new RegExp(`quantised by ${maker} .*made by MLX`)),
    );
  });
});
