/** Where models lie on the visitor's device, kept for the next visit: handles, never the files. */
import { Dexie, type EntityTable } from 'dexie';

/** One list for each picking that brought a part of a model, in their order. */
export type Handles = readonly (readonly FileSystemHandle[])[];

export interface RememberedModel {
  readonly id: string;
  readonly name: string;
  readonly totalBytes: number;
  /** Text of its config.json, for a memory plan before it may be read again. */
  readonly config: string | undefined;
  readonly handles: Handles;
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
  // Version 1 kept all handles as one list.
  shelf.version(2).upgrade(async (transaction) => {
    await transaction.table('models').toCollection().modify(asOnePicking);
  });
  return (await shelf.open()) as Shelf;
}

function asOnePicking(row: { handles: FileSystemHandle[] | FileSystemHandle[][] }): void {
  row.handles = [row.handles.flat()];
}
