/** Two ways of knowing a file: a digest a chunk, for us, and the hash of the whole that its origin tells. */
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { FileRecord } from './manifest';

/**
 * Bytes a chunk: what damage costs to fetch again, and all that is held in memory. Smaller ones make the manifest longer:
 * 64 characters each.
 */
export const CHUNK = 8 * 2 ** 20;

export interface WholeHash {
  update(bytes: Uint8Array): void;
  /** Whether it is what the origin says. Once. */
  matches(): boolean;
}

/** WebCrypto takes no stream, so the hash of a whole file is computed here, as its bytes come by. */
export function wholeHash({ hash, size }: Pick<FileRecord, 'hash' | 'size'>): WholeHash {
  if (hash.algorithm === 'none') return { update: () => undefined, matches: () => true };
  const running = hash.algorithm === 'sha256' ? sha256.create() : sha1.create();
  // As git hashes a blob: behind a header that says its length.
  if (hash.algorithm === 'git-sha1') running.update(new TextEncoder().encode(`blob ${size}\0`));
  return {
    update: (bytes) => void running.update(bytes),
    matches: () => bytesToHex(running.digest()) === hash.hex,
  };
}

/** SHA-256 of a chunk, by the browser's own code: 0.95 GiB/s where noble has 0.17 (docs/SPEED.md). */
export async function digest(chunk: Uint8Array<ArrayBuffer>): Promise<string> {
  return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', chunk)));
}
