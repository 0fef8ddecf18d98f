import { ALL_PROFILES, type Kernel } from './kernel';
import { formName, reading, rowBytes, type MatrixForm } from './affine';
import { GROUP_FORMS, matrixBuffers, noise, oneStep, type KernelCase, type KernelCases } from './cases';

const WG = 64;

/** Rows of the embedding for the tile's token ids. */
export const embed: Kernel = {
  name: 'embed',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'ids:read', 'x:write', 'w:read'],
  stored: ['w'],
  op: ['C', 'first', 'count', 'scale:f32'],
  compose: ({ dtype }) => ({ consts: { WG, WEIGHTS: 4 }, chunks: ['step', `weights_${dtype}`] }),
  grid: (_, op, { rows }) => [Math.ceil(op['C']! / 8 / WG), rows, 1],
};

function embedCase(
  form: MatrixForm,
  C: number,
  first: number,
  count: number,
  tokens: number[],
  scale = 1,
): KernelCase {
  const { buffers, values: w } = matrixBuffers(noise(count * C, 1), form);
  const row = rowBytes(C, form);
  const x = noise(tokens.length * C, 2);
  return {
    name: `${tokens.length}x${C} rows ${first}+${count}${scale === 1 ? '' : ` times ${scale}`}${typeof form === 'string' ? '' : ` ${formName(form)}`}`,
    op: { C, first, count, scale },
    step: oneStep(tokens.length),
    buffers: { ids: Uint32Array.from(tokens), x, ...buffers },
    expected: () => {
      const out = x.slice();
      tokens.forEach((id, t) => {
        if (id >= first && id < first + count)
          out.set(
            w.subarray((id - first) * C, (id - first + 1) * C).map((value) => scale * value),
            t * C,
          );
      });
      return { x: out };
    },
    // Floats are copied; scale * q + bias may be rounded once or twice.
    tolerance: typeof form === 'string' && scale === 1 ? 0 : 1e-6,
    bytes: tokens.length * (row.values + row.scales + 4 * C),
  };
}

export const embedCases: KernelCases = {
  kernel: embed,
  cases: (dtype) => [
    embedCase(dtype, 8, 0, 5, [4]),
    embedCase(dtype, 576, 3, 4, [0, 3, 6, 7, 3]),
    embedCase(dtype, 72, 0, 9, [8, 1], 12),
  ],
  benchCases: (dtype) => [embedCase(dtype, 1024, 0, 2048, [...Array(256).keys()])],
};

export const embedGroupCases: KernelCases[] = GROUP_FORMS.map((form) => ({
  kernel: reading(embed, form),
  cases: () => [
    embedCase(form, form.group, 0, 5, [4]),
    embedCase(form, 5 * form.group, 3, 4, [0, 3, 6, 7, 3], 0.3),
  ],
}));
