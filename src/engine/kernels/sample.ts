import { ALL_PROFILES, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { candidatesReference, seenBits } from './logits_adjust';
import { GREEDY, sampleReference, SAMPLING_OP, samplingOp } from './sampling';
import type { SamplingOptions } from '../../protocol';

/** Draws the next token. */
export const sample: Kernel = {
  name: 'sample',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'adjusted:read', 'best:read', 'seen:write', 'ids:write'],
  stored: [],
  op: SAMPLING_OP,
  compose: () => ({ chunks: ['step', 'sampling'] }),
  grid: () => [1, 1, 1],
};

function sampleCase(
  adjusted: Float32Array<ArrayBuffer>,
  options: Partial<SamplingOptions>,
  draw = 0,
): KernelCase {
  const V = adjusted.length;
  const sampling = { ...GREEDY, ...options };
  const seen = seenBits(V, [1]);
  return {
    name: `V=${V} ${JSON.stringify(options)} draw ${draw}`,
    op: samplingOp(V, sampling),
    step: oneStep(1, { draw }),
    buffers: { adjusted, best: candidatesReference(adjusted), seen, ids: Uint32Array.of(9, 8, 7) },
    expected: () => {
      const token = sampleReference(adjusted, sampling, draw);
      return { ids: Uint32Array.of(token, 8, 7), seen: seenBits(V, [1, token]) };
    },
    tolerance: 0,
  };
}

export const sampleCases: KernelCases = {
  kernel: sample,
  cases: () => [
    sampleCase(Float32Array.of(1, 3, 3, 2), {}), // a tie
    sampleCase(Float32Array.of(-5), { temperature: 1 }),
    sampleCase(noise(1025, 1, 9), {}),
    ...[0, 1, 2, 3].map((draw) => sampleCase(noise(1536, 2, 5), { temperature: 1, seed: 7 }, draw)),
    ...[0, 1, 2].map((draw) => sampleCase(noise(1536, 3, 3), { temperature: 1, topK: 3, seed: 1 }, draw)),
    ...[0, 1, 2].map((draw) => sampleCase(noise(3000, 4, 6), { temperature: 0.8, topP: 0.6, seed: 2 }, draw)),
    ...[0, 1, 2].map((draw) => sampleCase(noise(3000, 5, 6), { temperature: 1.2, minP: 0.4, seed: 3 }, draw)),
    ...[0, 1, 2].map((draw) =>
      sampleCase(noise(3000, 6, 4), { temperature: 1, topK: 50, topP: 0.9, minP: 0.1, seed: 4 }, draw),
    ),
    // Hashes at both ends of their range (tokens 18 and 47): the noise must stay finite.
    sampleCase(new Float32Array(64), { temperature: 1, seed: 169_243 }),
    sampleCase(new Float32Array(64), { temperature: 1, seed: 19_728 }),
    sampleCase(new Float32Array(600).fill(2), { temperature: 1, topK: 4, seed: 5 }), // all tied: all stay
  ],
  benchCases: () => [
    sampleCase(noise(151_936, 1, 9), {}),
    { ...sampleCase(noise(151_936, 1, 9), { temperature: 1, topK: 50, topP: 0.9 }), bytes: 9 * 4 * 151_936 },
  ],
};
