import type { PolicyName } from '../../../protocol';
import type { KvPolicy } from '../policy';
import { fastkv } from './fastkv';
import { full } from './full';

/** Every policy, by name. */
export const POLICIES: Readonly<Record<PolicyName, KvPolicy>> = { full, fastkv };
