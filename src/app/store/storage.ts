/** What the page keeps for the next visit. Browsers may refuse it, as in private windows: then it lasts as long as the page. */

export type Memory = Pick<Storage, 'getItem' | 'setItem'>;

/** Null where nothing is kept, undefined where the browser refuses to say. */
export function recall(memory: Pick<Memory, 'getItem'>, key: string): string | null | undefined {
  try {
    return memory.getItem(key);
  } catch {
    return undefined;
  }
}

/** False where the browser refuses. */
export function keep(memory: Pick<Memory, 'setItem'>, key: string, text: string): boolean {
  try {
    memory.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

/** Keeps nothing. */
export const FORGETFUL: Memory = { getItem: () => null, setItem: () => undefined };
