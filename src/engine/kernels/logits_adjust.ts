import { ALL_PROFILES, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { adjustReference, GREEDY, SAMPLING_OP, samplingOp } from './sampling';
import type { SamplingOptions } from '../../protocol';

/** Candidates that logits_adjust leaves for `sample`: one of each sixteen logits. */
export const candidateCount = (V: number): number => 64 * Math.ceil(V / 1024);

/** Repetition penalty, temperature and the first stage of the maximum. */
export const logits_adjust: Kernel = {
  name: 'logits_adjust',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'logits:read', 'seen:read', 'adjusted:write', 'best:write'],
  stored: [],
  op: SAMPLING_OP,
  compose: () => ({ chunks: ['sampling'] }),
  grid: (_, op) => [Math.ceil(op['V']! / 1024), 1, 1],
};

/** Bits of `seen` for a set of tokens. */
export function seenBits(V: number, tokens: Iterable<number>): Uint32Array<ArrayBuffer> {
  const bits = new Uint32Array(Math.ceil(V / 32));
  for (const id of tokens) bits[id >>> 5]! |= 1 << (id & 31);
  return bits;
}

/** The best of every 64th logit of each block of 1024, as (value, index) words. */
export function candidatesReference(adjusted: Float32Array): Float32Array<ArrayBuffer> {
  const best = new Float32Array(2 * candidateCount(adjusted.length));
  const words = new Uint32Array(best.buffer);
  for (let slot = 0; slot < best.length / 2; slot++) {
    best[2 * slot] = -3e38;
    const from = Math.floor(slot / 64) * 1024 + (slot % 64);
    for (let i = from; i < Math.min(from + 1024, adjusted.length); i += 64) {
      if (adjusted[i]! > best[2 * slot]!) {
        best[2 * slot] = adjusted[i]!;
        words[2 * slot + 1] = i;
      }
    }
  }
  return best;
}

function adjustCase(V: number, options: Partial<SamplingOptions>): KernelCase {
  const sampling = { ...GREEDY, ...options };
  const logits = noise(V, 1, 9);
  const tokens = [0, 31, 32, V - 1].filter((id) => id < V);
  return {
    name: `V=${V} ${JSON.stringify(options)}`,
    op: samplingOp(V, sampling),
    step: oneStep(1),
    buffers: {
      logits,
      seen: seenBits(V, tokens),
      adjusted: new Float32Array(V),
      best: new Float32Array(2 * candidateCount(V)),
    },
    expected: () => {
      const adjusted = adjustReference(logits, new Set(tokens), sampling);
      return { adjusted, best: candidatesReference(adjusted) };
    },
    pairs: ['best'],
  };
}

export const logitsAdjustCases: KernelCases = {
  kernel: logits_adjust,
  cases: () => [
    adjustCase(5, {}),
    adjustCase(1024, { repetitionPenalty: 1.3 }),
    adjustCase(1537, { temperature: 0.7, repetitionPenalty: 0.8 }),
  ],
  benchCases: () => [{ ...adjustCase(151_936, { temperature: 0.7 }), bytes: 8 * 151_936 }],
};
