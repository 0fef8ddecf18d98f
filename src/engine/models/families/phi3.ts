import { readPlain, withWindow, type Family } from './family';

/**
 * Phi-3, Phi-3.5 and Phi-4-mini: q, k and v are one matrix in the checkpoint, gate and up another; RoPE over a part of the
 * head, and longrope. A sliding window in every layer, where there is one.
 */
export const phi3: Family = {
  name: 'phi3',
  architecture: 'Phi3',
  read(fields) {
    // Its config class calls longrope what older files call by these names, and has an original context of its own.
    const rope = { partial: true, originalContext: 4096, longropeNames: ['su', 'yarn'] };
    const plain = readPlain(fields, { contextLength: 4096, rope });
    const window = fields.has('sliding_window') ? fields.count('sliding_window') : Infinity;
    return {
      ...withWindow(plain, window, () => true),
      rmsNormEps: fields.positive('rms_norm_eps', 1e-5),
      fused: true,
    };
  },
};
