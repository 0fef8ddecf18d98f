/** Where models lie on the visitor's device, kept for the next visit: handles, never the files. */
import { Dexie, type EntityTable } from 'dexie';

export interface RememberedModel {
  readonly id: string;
  readonly name: string;
  readonly totalBytes: number;
  /** Text of its config.json, for a memory plan before it may be read again. */
  readonly config: string | undefined;
  readonly handles: readonly FileSystemHandle[];
}

/** Every promise may reject, as in private windows, where nothing is kept. */
export interface RememberedModels {
  list(): Promise<readonly RememberedModel[]>;
  put(model: RememberedModel): Promise<void>;
  remove(id: string): Promise<void>;
}

type Shelf = Dexie & { readonly models: EntityTable<RememberedModel, 'id'> };

/** Opened when it is first needed. */
export function rememberedModels(): RememberedModels {
  let opened: Promise<Shelf> | undefined;
  const shelf = () => (opened ??= openShelf());
  return {
    list: async () => (await shelf()).models.toArray(),
    put: async (model) => {
      await (await shelf()).models.put(model);
    },
    remove: async (id) => (await shelf()).models.delete(id),
  };
}

async function openShelf(): Promise<Shelf> {
  const shelf = new Dexie('fastkv-device-models', { autoOpen: false });
  shelf.version(1).stores({ models: 'id' });
  return (await shelf.open()) as Shelf;
}
