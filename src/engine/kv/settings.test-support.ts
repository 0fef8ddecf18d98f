import type { KvSettings } from '../../protocol';
import { PAPER } from './reading-plan';

/** FastKV as in the paper, in mode exact, but for what is said. */
export const fastkvSettings = (more: Partial<KvSettings> = {}): KvSettings => ({
  ...PAPER,
  policy: 'fastkv',
  turnMode: 'exact',
  tspLayer: undefined,
  ...more,
});
