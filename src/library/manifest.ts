/** What the library knows of a model beside its bytes: one small JSON a model, written as they come. */
import * as v from 'valibot';
import type { StoredModel, StoredOrigin } from '../library-protocol';

/**
 * What the origin says a file is: `sha256` for files kept in LFS or Xet, the git blob's `sha1` for small ones. A copy
 * has nobody to say it.
 */
export type ExpectedHash =
  { readonly algorithm: 'sha256' | 'git-sha1'; readonly hex: string } | { readonly algorithm: 'none' };

const fileSchema = v.object({
  path: v.string(),
  size: v.number(),
  hash: v.variant('algorithm', [
    v.object({ algorithm: v.picklist(['sha256', 'git-sha1']), hex: v.string() }),
    v.object({ algorithm: v.literal('none') }),
  ]),
  storedBytes: v.number(),
  /** As the host of its bytes named this form of it; another name means other bytes. */
  etag: v.optional(v.string()),
  /** SHA-256 of each chunk that is stored whole (hashing.ts), the last one too once `verified`. */
  chunks: v.array(v.string()),
  /** All of it is there, and is what `hash` says. */
  verified: v.boolean(),
});

const manifestSchema = v.object({
  version: v.literal(1),
  key: v.string(),
  name: v.string(),
  origin: v.variant('kind', [
    v.object({
      kind: v.literal('hub'),
      repo: v.string(),
      revision: v.string(),
      commit: v.string(),
      hubUrl: v.string(),
    }),
    v.object({ kind: v.literal('copy') }),
  ]),
  files: v.array(fileSchema),
});

/** `files` and their fields change while bytes come in; the rest does not. */
export type FileRecord = v.InferOutput<typeof fileSchema>;
export type Manifest = v.InferOutput<typeof manifestSchema>;

/** Undefined where it is of another version, or no manifest at all: then the model counts as not stored. */
export function parseManifest(text: string): Manifest | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), manifestSchema), text);
  return parsed.success ? parsed.output : undefined;
}

export const newRecord = (path: string, size: number, hash: ExpectedHash): FileRecord => ({
  path,
  size,
  hash,
  storedBytes: 0,
  chunks: [],
  verified: false,
});

/** A model of the Hub by where it is from, not by commit: a new commit that changes one file fetches that file alone. */
export const hubKey = ({
  hubUrl,
  repo,
  revision,
}: Pick<StoredOrigin & { kind: 'hub' }, 'hubUrl' | 'repo' | 'revision'>): string =>
  `${hubUrl}/${repo}@${revision}`;

const sameHash = (a: ExpectedHash, b: ExpectedHash): boolean =>
  a.algorithm === 'none' || b.algorithm === 'none'
    ? a.algorithm === b.algorithm
    : a.algorithm === b.algorithm && a.hex === b.hex;

/** The records of what is wanted: those there already where the file is the same, new ones where not. */
export const carryOver = (
  wanted: readonly Pick<FileRecord, 'path' | 'size' | 'hash'>[],
  stored: readonly FileRecord[],
): FileRecord[] =>
  wanted.map(({ path, size, hash }) => {
    const same = (file: FileRecord) => file.path === path && file.size === size && sameHash(file.hash, hash);
    return stored.find(same) ?? newRecord(path, size, hash);
  });

export const isComplete = ({ files }: Manifest): boolean =>
  files.length > 0 && files.every(({ verified }) => verified);

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

export const totalOf = (files: readonly { readonly size: number }[]): number =>
  sum(files.map(({ size }) => size));
export const storedOf = (files: readonly { readonly storedBytes: number }[]): number =>
  sum(files.map(({ storedBytes }) => storedBytes));

export const describe = (manifest: Manifest, config: string | undefined): StoredModel => ({
  key: manifest.key,
  name: manifest.name,
  origin: manifest.origin,
  totalBytes: totalOf(manifest.files),
  storedBytes: storedOf(manifest.files),
  complete: isComplete(manifest),
  files: manifest.files.map(({ path, size, storedBytes }) => ({ path, size, storedBytes })),
  config,
});
