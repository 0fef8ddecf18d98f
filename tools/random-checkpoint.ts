/**
 * `npm run make:checkpoint -- --out DIR [--megabytes 1000] [--shards N]`: a Llama of random 32-bit weights with the demo model's tokenizer and
 * chat template, so that the page loads it and writes nonsense: for measuring what loading a large checkpoint takes.
 */
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../src/engine/models/config';
import { randomLlamaFolder, type RandomLlama } from '../src/engine/models/random-llama';
import { openWeights } from '../src/engine/weights/shards';
import type { ModelFolder } from '../src/engine/weights/source';
import { badArgument, parseOptions, readNumber, TEXT } from './arguments';

const USAGE = 'random-checkpoint --out DIR [--megabytes M (1000)] [--shards N (1)]';
const OPTIONS = {
  out: TEXT,
  megabytes: { ...TEXT, default: '1000' },
  shards: { ...TEXT, default: '1' },
} as const;

const DEMO = 'public/models/demo';
const { V } = readConfig(JSON.parse(readFileSync(join(DEMO, 'config.json'), 'utf8')));
const WRITE_BYTES = 8 * 2 ** 20;

/** A shape of about so many bytes in its file, as wide and deep as its size suggests. */
export function shapeOf(bytes: number): Omit<RandomLlama, 'seed'> {
  const C = bytes < 4e8 ? 768 : 1536;
  const [L, H, G, D] = [C / 192, C / 128, C / 384, 128];
  const attention = C * (2 * H + 2 * G) * D;
  const left = bytes / 4 - 2 * V * C - L * attention;
  return { L, H, G, D, C, V, F: Math.max(8, 8 * Math.round(left / (L * 3 * C) / 8)) };
}

/** Bytes of its weights' files. */
export async function writeRandomCheckpoint(dir: string, bytes: number, shards = 1): Promise<number> {
  await mkdir(dir, { recursive: true });
  const folder = randomLlamaFolder({ ...shapeOf(bytes), seed: 1, shards });
  let written = 0;
  for (const file of await folder.list!()) {
    const size = await writeFile(folder, file, dir);
    if (file.endsWith('.safetensors')) written += size;
  }
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json'])
    await copyFile(join(DEMO, file), join(dir, file));
  if (shards > 1) await writeIndex(dir, folder);
  return written;
}

async function writeFile(folder: ModelFolder, file: string, dir: string): Promise<number> {
  const source = (await folder.open(file))!;
  const handle = await open(join(dir, file), 'w');
  try {
    for (let at = 0; at < source.size; at += WRITE_BYTES)
      await handle.writeFile(await source.read(at, Math.min(WRITE_BYTES, source.size - at)));
  } finally {
    await handle.close();
  }
  return source.size;
}

/** Which tensors each shard holds: a web host needs to be told. */
async function writeIndex(dir: string, folder: ModelFolder): Promise<void> {
  const { tensors } = await openWeights(folder);
  const map = Object.fromEntries([...tensors].map(([name, { source }]) => [name, source.name]));
  const handle = await open(join(dir, 'model.safetensors.index.json'), 'w');
  await handle.writeFile(JSON.stringify({ metadata: {}, weight_map: map }));
  await handle.close();
}

export async function main(argv: string[]): Promise<number> {
  const { out, megabytes, shards } = parseOptions(argv, OPTIONS, USAGE);
  if (out === undefined) throw badArgument('--out is missing.', USAGE);
  const bytes = 1e6 * readNumber('megabytes', megabytes, USAGE, true);
  const count = readNumber('shards', shards, USAGE, true);
  if (bytes < 5e7) throw badArgument(`--megabytes is ${megabytes}; 50 or more are needed.`, USAGE);
  if (count === 0) throw badArgument('--shards is 0; one file or more is needed.', USAGE);
  const written = await writeRandomCheckpoint(out, bytes, count);
  process.stdout.write(`${out}: ${written} bytes of weights\n`);
  return 0;
}
