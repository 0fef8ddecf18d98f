/** Files and folders of the visitor's device: how they come in, with the handles that outlive a reload where the browser has them. */
import { fromEvent, type FileWithPath } from 'file-selector';
import type { PickedFile } from '../../protocol';

/** What was dropped or picked in one go. */
export interface Picking {
  readonly files: readonly PickedFile[];
  /** They lead to the same files after a reload; empty where the browser gives none. */
  readonly handles: readonly FileSystemHandle[];
}

// What Chromium has and other browsers have not: https://wicg.github.io/file-system-access/
declare global {
  interface Window {
    showDirectoryPicker?(options: { readonly id: string }): Promise<FileSystemDirectoryHandle>;
    showOpenFilePicker?(options: {
      readonly id: string;
      readonly multiple: true;
    }): Promise<readonly FileSystemFileHandle[]>;
  }
  interface DataTransferItem {
    getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
  }
  interface FileSystemHandle {
    queryPermission?(options: { readonly mode: 'read' }): Promise<PermissionState>;
    requestPermission?(options: { readonly mode: 'read' }): Promise<PermissionState>;
  }
}

/** To be called while the drop event is handled: what it carries is gone afterwards. */
export async function dropped(event: DragEvent): Promise<Picking> {
  const items = [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === 'file');
  const asked = items.map(async (item) => item.getAsFileSystemHandle?.().catch(() => null));
  const files = (await fromEvent(event)) as readonly FileWithPath[];
  const handles = (await Promise.all(asked)).filter((handle) => handle != null);
  return {
    files: files.map((file) => ({ path: plainPath(file.path), file })),
    // Some of them alone would lead to a part of the model.
    handles: handles.length === items.length ? handles : [],
  };
}

/** It may begin with a slash or with `./`. */
const plainPath = (path: string): string => path.replace(/^\.?\//, '');

/** The browser begins where it was the last time. */
const PICKER = 'model';

/** Undefined where the visitor thought better of it. To be called on a click. */
export const pickFolder = (): Promise<Picking | undefined> =>
  window.showDirectoryPicker
    ? picked(async () => [await window.showDirectoryPicker!({ id: PICKER })])
    : pickByInput({ folder: true });

/** One or several. Undefined where the visitor thought better of it. To be called on a click. */
export const pickFiles = (): Promise<Picking | undefined> =>
  window.showOpenFilePicker
    ? picked(async () => window.showOpenFilePicker!({ id: PICKER, multiple: true }))
    : pickByInput({ folder: false });

async function picked(show: () => Promise<readonly FileSystemHandle[]>): Promise<Picking | undefined> {
  try {
    const handles = await show();
    return { handles, files: await filesOf(handles) };
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return undefined;
    throw thrown;
  }
}

function pickByInput({ folder }: { readonly folder: boolean }): Promise<Picking | undefined> {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  input.webkitdirectory = folder;
  return new Promise((resolve) => {
    input.addEventListener('cancel', () => resolve(undefined));
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])].map((file) => ({
        path: file.webkitRelativePath || file.name,
        file,
      }));
      resolve({ files, handles: [] });
    });
    input.click();
  });
}

/** All files that handles lead to, folders' with their paths. Rejects as the browser does where one is gone. */
export async function filesOf(handles: readonly FileSystemHandle[]): Promise<readonly PickedFile[]> {
  return (await Promise.all(handles.map((handle) => filesBelow(handle, '')))).flat();
}

async function filesBelow(handle: FileSystemHandle, above: string): Promise<readonly PickedFile[]> {
  const path = above + handle.name;
  if (isFile(handle)) return [{ path, file: await handle.getFile() }];
  const within: Promise<readonly PickedFile[]>[] = [];
  for await (const entry of (handle as FileSystemDirectoryHandle).values()) {
    within.push(filesBelow(entry, `${path}/`));
  }
  return (await Promise.all(within)).flat();
}

const isFile = (handle: FileSystemHandle): handle is FileSystemFileHandle => handle.kind === 'file';

/**
 * Whether the page may read them. Browsers forget it with the page; `ask` asks the visitor again, and only a click may.
 */
export async function mayRead(handles: readonly FileSystemHandle[], ask: boolean): Promise<boolean> {
  for (const handle of handles) {
    const mode = { mode: 'read' } as const;
    // A browser without the question keeps handles of its own storage alone.
    const state = await (ask ? handle.requestPermission?.(mode) : handle.queryPermission?.(mode));
    if (state !== undefined && state !== 'granted') return false;
  }
  return true;
}
