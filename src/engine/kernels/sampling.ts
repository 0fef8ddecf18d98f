import type { SamplingOptions } from '../../protocol';

/** Fields of the Sampling struct in chunks/sampling.wgsl. */
export const SAMPLING_OP = [
  'V',
  'penalty:f32',
  'temperature:f32',
  'top_k',
  'top_p:f32',
  'min_p:f32',
  'seed',
] as const;

export const samplingOp = (V: number, s: SamplingOptions): Record<string, number> => ({
  V,
  penalty: s.repetitionPenalty,
  temperature: s.temperature,
  top_k: s.topK,
  top_p: s.topP,
  min_p: s.minP,
  seed: s.seed,
});

export const GREEDY: SamplingOptions = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  seed: 0,
};

const f32 = Math.fround;

/** Repetition penalty and temperature. [V] */
export function adjustReference(
  logits: Float32Array,
  seen: ReadonlySet<number>,
  s: SamplingOptions,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(logits, (l, i) => {
    const penalised = !seen.has(i) ? l : l > 0 ? f32(l / s.repetitionPenalty) : f32(l * s.repetitionPenalty);
    return s.temperature > 0 ? penalised / s.temperature : penalised;
  });
}

function pcg(v: number): number {
  const s = (Math.imul(v, 747_796_405) + 2_891_336_453) >>> 0;
  const w = Math.imul((s >>> ((s >>> 28) + 4)) ^ s, 277_803_737) >>> 0;
  return ((w >>> 22) ^ w) >>> 0;
}

/** Gumbel noise of a token at a draw. */
export function gumbelReference(seed: number, draw: number, token: number): number {
  const h = pcg((token + pcg((draw + pcg(seed)) >>> 0)) >>> 0);
  const v = ((h >>> 9) + 0.5) / 2 ** 23;
  return -Math.log(v < 1e-4 ? v : -Math.log(1 - v));
}

/** Tokens that top-k, then top-p, then min-p leave, highest first. Equal logits at an edge all stay. */
export function keptReference(adjusted: Float32Array, s: SamplingOptions): number[] {
  let kept = [...adjusted.keys()].sort((a, b) => adjusted[b]! - adjusted[a]! || a - b);
  const top = adjusted[kept[0]!]!;
  if (s.topK > 0 && s.topK < kept.length) {
    const edge = adjusted[kept[s.topK - 1]!]!;
    kept = kept.filter((i) => adjusted[i]! >= edge);
  }
  if (s.topP < 1) {
    const total = kept.reduce((sum, i) => sum + Math.exp(adjusted[i]! - top), 0);
    let mass = 0;
    const last = kept.findIndex((i) => (mass += Math.exp(adjusted[i]! - top) / total) >= s.topP);
    const edge = adjusted[kept[last < 0 ? kept.length - 1 : last]!]!;
    kept = kept.filter((i) => adjusted[i]! >= edge);
  }
  return s.minP > 0 ? kept.filter((i) => adjusted[i]! >= top + Math.log(s.minP)) : kept;
}

/** The token that the `sample` kernel must draw. */
export function sampleReference(adjusted: Float32Array, s: SamplingOptions, draw: number): number {
  const kept = keptReference(adjusted, s);
  if (s.temperature <= 0) return kept[0]!;
  const score = (i: number) => adjusted[i]! + gumbelReference(s.seed, draw, i);
  return kept.reduce((best, i) => (score(i) > score(best) ? i : best));
}
