/** The stored model that the visitor used last: a reload brings it back, without a download. */
import * as v from 'valibot';
import type { LoadRequest } from '../../protocol';
import { DTYPES, PROFILES } from './load-request';
import type { ModelStore } from './model-store';
import { keep, recall, type Memory } from './storage';

const KEY = 'fastkv.lastModel';

const schema = v.object({
  key: v.string(),
  name: v.string(),
  dtype: v.optional(v.picklist(DTYPES)),
  profile: v.optional(v.picklist(PROFILES)),
});

export interface LastModel {
  read(): LoadRequest | undefined;
  forget(): void;
  /** From now on what is loaded is the visitor's choice: remembered where it is stored, and else what was is forgotten. */
  follow(): void;
}

export function createLastModel(model: ModelStore, memory: Memory): LastModel {
  const write = (value: unknown) => keep(memory, KEY, JSON.stringify(value));
  return {
    read: () => {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), recall(memory, KEY));
      if (!parsed.success) return undefined;
      const { key, name, dtype, profile } = parsed.output;
      return { source: { kind: 'stored', key }, name, ...(dtype && { dtype }), ...(profile && { profile }) };
    },
    forget: () => void write(null),
    follow: () =>
      void model.subscribe(({ status, request }, before) => {
        if (status.state !== 'ready' || before.status.state === 'ready' || request === undefined) return;
        const { source, name, dtype, profile } = request;
        write(source.kind === 'stored' ? { key: source.key, name, dtype, profile } : null);
      }),
  };
}
