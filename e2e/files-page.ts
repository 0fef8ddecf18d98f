/** What the journeys of the visitor's own files share: folders on disk, and dropping and picking them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import type { Files } from '../src/engine/weights/files.test-support';

/** A folder of this computer for the time of a test. */
export class DiskFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'fastkv-'));

  /** Writes files below `folder`, and gives that folder's path. */
  write(folder: string, files: Files): string {
    const at = join(this.path, folder);
    mkdirSync(at, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(at, name)), { recursive: true });
      writeFileSync(join(at, name), bytes);
    }
    return at;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** As by hand: the browser gets the paths from the system, and makes files and folders of them itself. */
export async function drop(page: Page, ...paths: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
  }
  await session.detach();
}

/** As browsers are that give a page no handles, which is all but Chromium's. */
export async function withoutHandles(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Object.assign(window, { showDirectoryPicker: undefined, showOpenFilePicker: undefined });
    Object.defineProperty(DataTransferItem.prototype, 'getAsFileSystemHandle', { value: undefined });
  });
}

/**
 * Stands in for the pickers that give handles, of which no tool can press the buttons: what is dropped while one is open
 * is what is chosen in it, so that the handles are the browser's own.
 */
export async function withPickers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    let chosen: ((handles: FileSystemHandle[]) => void) | undefined;
    const show = () => new Promise<FileSystemHandle[]>((resolve) => (chosen = resolve));
    Object.assign(window, {
      showDirectoryPicker: () => show().then(([folder]) => folder),
      showOpenFilePicker: show,
    });
    const take = (event: DragEvent) => {
      if (chosen === undefined) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.type !== 'drop') return;
      const items = [...(event.dataTransfer?.items ?? [])];
      void Promise.all(items.map(async (item) => item.getAsFileSystemHandle?.())).then((handles) => {
        chosen?.(handles.filter((handle) => handle != null));
        chosen = undefined;
      });
    };
    for (const type of ['dragenter', 'dragover', 'drop'] as const) window.addEventListener(type, take, true);
  });
}

/** Chooses in the browser's own dialog, which a button opens. */
export async function choose(page: Page, button: string, paths: string | string[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByTestId(button).click();
  await (await chooser).setFiles(paths);
}

/** The part of the Models dialog that is about them, in words of its visitor. */
export function filesOn(page: Page) {
  const get = (testId: string) => page.getByTestId(testId);
  const dialog = get('models-dialog');
  return {
    dialog,
    picked: get('picked'),
    missing: get('picked-missing'),
    problem: dialog.getByTestId('library-error'),

    async openDialog() {
      await get('model-status').click();
      await expect(dialog).toBeVisible();
    },

    async load() {
      await get('picked-load').click();
      await expect(dialog).toHaveCount(0);
    },

    async expectReady(name: string) {
      await expect(get('model-status')).toContainText(name);
      await expect(get('model-status')).toHaveAttribute('data-value', 'ready');
    },
  };
}
