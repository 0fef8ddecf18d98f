import { readPlain, withWindow, type Family } from './family';

/** A sliding window in every layer, in its first version. */
export const mistral: Family = {
  name: 'mistral',
  architecture: 'Mistral',
  read(fields) {
    const plain = readPlain(fields, { kvHeads: 8, contextLength: 131_072 });
    // An absent window is the default one; an explicit null is none.
    const window = fields.isNull('sliding_window') ? Infinity : fields.count('sliding_window', 4096);
    return withWindow(plain, window, () => true);
  },
};
