import { readPlain, type Family } from './family';

/** Up to its sliding window's length attention is full, so the window bounds the context. */
export const mistral: Family = {
  name: 'mistral',
  architecture: 'Mistral',
  read(fields) {
    const plain = readPlain(fields, { kvHeads: 8, contextLength: 131_072 });
    // An absent window is the default one; an explicit null is none.
    const window = fields.isNull('sliding_window') ? Infinity : fields.count('sliding_window', 4096);
    return { ...plain, contextLength: Math.min(plain.contextLength, window) };
  },
};
