/** The stored or remembered model that the visitor used last: a reload brings it back, without a download. */
import * as v from 'valibot';
import type { LoadRequest, ModelSource } from '../../protocol';
import { DTYPES, PROFILES } from './load-request';
import type { ModelStore } from './model-store';
import { keep, recall, type Memory } from './storage';

const KEY = 'fastkv.lastModel';

const schema = v.object({
  /** In private storage. */
  key: v.optional(v.string()),
  /** Among what is remembered of this device. */
  rememberedId: v.optional(v.string()),
  name: v.string(),
  dtype: v.optional(v.picklist(DTYPES)),
  profile: v.optional(v.picklist(PROFILES)),
});

/** How it was loaded, and from where: private storage, or where the device has it. */
export type LastUsed = Omit<LoadRequest, 'source'> & {
  readonly where: { readonly key: string } | { readonly rememberedId: string };
};

export interface LastModel {
  read(): LastUsed | undefined;
  forget(): void;
  /** From now on what is loaded is the visitor's choice: remembered where it is stored, and else what was is forgotten. */
  follow(): void;
}

/** `rememberedId` says under which id the files of a load are remembered. */
export function createLastModel(
  model: ModelStore,
  memory: Memory,
  rememberedId: (source: ModelSource) => string | undefined,
): LastModel {
  const write = (value: unknown) => keep(memory, KEY, JSON.stringify(value));
  return {
    read: () => {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), recall(memory, KEY));
      if (!parsed.success) return undefined;
      const { key, rememberedId: id, name, dtype, profile } = parsed.output;
      const how = { name, ...(dtype && { dtype }), ...(profile && { profile }) };
      if (key !== undefined) return { where: { key }, ...how };
      return id === undefined ? undefined : { where: { rememberedId: id }, ...how };
    },
    forget: () => void write(null),
    follow: () =>
      void model.subscribe(({ status, request }, before) => {
        if (status.state !== 'ready' || before.status.state === 'ready' || request === undefined) return;
        const { source, name, dtype, profile } = request;
        const key = source.kind === 'stored' ? source.key : undefined;
        const id = rememberedId(source);
        const found = key ?? id;
        write(found === undefined ? null : { key, rememberedId: id, name, dtype, profile });
      }),
  };
}
