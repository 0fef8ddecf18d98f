/** The stored model that the visitor used last: a reload brings it back, without a download. */
import * as v from 'valibot';
import type { LoadRequest } from '../../protocol';
import type { ModelStore } from './model-store';

const KEY = 'fastkv.lastModel';

const schema = v.object({
  key: v.string(),
  name: v.string(),
  dtype: v.optional(v.picklist(['f16', 'f32', 'q8', 'q4'])),
  profile: v.optional(v.picklist(['portable', 'fast', 'software'])),
});

export interface LastModel {
  read(): LoadRequest | undefined;
  forget(): void;
  /** From now on what is loaded is the visitor's choice: remembered where it is stored, and else what was is forgotten. */
  follow(): void;
}

/** `storage` may throw or forget, as in private windows. */
export function createLastModel(model: ModelStore, storage: Pick<Storage, 'getItem' | 'setItem'>): LastModel {
  const write = (value: unknown) => {
    try {
      storage.setItem(KEY, JSON.stringify(value));
    } catch {
      // Then the page begins with the demo model.
    }
  };
  return {
    read: () => {
      try {
        const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), storage.getItem(KEY));
        if (!parsed.success) return undefined;
        const { key, name, dtype, profile } = parsed.output;
        return {
          source: { kind: 'stored', key },
          name,
          ...(dtype && { dtype }),
          ...(profile && { profile }),
        };
      } catch {
        return undefined;
      }
    },
    forget: () => write(null),
    follow: () =>
      void model.subscribe(({ status, request }, before) => {
        if (status.state !== 'ready' || before.status.state === 'ready' || request === undefined) return;
        const { source, name, dtype, profile } = request;
        write(source.kind === 'stored' ? { key: source.key, name, dtype, profile } : null);
      }),
  };
}
