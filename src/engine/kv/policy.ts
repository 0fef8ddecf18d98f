/** A KV policy: a frozen value in one file that names its paper and fills five roles. docs/MODEL.md says what each is for. */
import type { KvSettings, PolicyInfo } from '../../protocol';

/** What a cached pair is worth: softmax of the last `window` queries over all keys, pooled, summed over the group. */
export interface Scorer {
  readonly window: number;
  readonly kernel: number;
  readonly pooling: 'max' | 'avg';
}

/** Which tokens go on past a layer: at `layer`, the top `length(N)` of N by scores summed over all heads. */
export interface Propagation {
  readonly layer: number;
  length(N: number): number;
}

export interface Roles {
  /** Undefined keeps every pair of every layer; then the other roles are not asked. */
  readonly scorer: Scorer | undefined;
  /** Entries a KV head of layer l keeps of the N that the layer sees, window included. May exceed N. */
  budget(N: number, l: number): number;
  /** Which stay: the highest of each KV head, the window always; protected tokens come first. */
  readonly selector: 'top-per-kv-head';
  readonly propagation: Propagation | undefined;
  /** When: once a layer, after its prefill. */
  readonly trigger: 'after-layer-prefill';
}

export interface KvPolicy extends PolicyInfo {
  /** The roles for a model of L layers. `tspLayer` is resolved before. */
  roles(settings: KvSettings & { readonly tspLayer: number }, L: number): Roles;
}
