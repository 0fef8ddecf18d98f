import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeTensor } from '../weights/decode-tensor';
import { openWeights } from '../weights/shards';
import type { ModelFolder } from '../weights/source';
import { readText } from '../weights/sources';
import { nodeFolder } from '../../../tools/node-folder';
import { readConfig } from './config';
import type { Tensors } from './reference';
import type { ModelSpec } from './spec';
import type { TokenId } from '../shapes';

/** Made by tools/fixtures/make_fixtures.py with PyTorch and transformers. */
const FOLDER = fileURLToPath(new URL('./fixtures/', import.meta.url));
/** The first trained checkpoint: small, and with outputs to compare with. What merely needs a trained model takes it. */
export const FIRST_FOLDER = `${FOLDER}first/model/`;
/** The model that comes with the page: for what is about that one. */
export const DEMO_FOLDER = fileURLToPath(new URL('../../../public/models/demo/', import.meta.url));

export interface Fixture {
  readonly name: string;
  readonly folder: string;
  readonly prompt: TokenId[];
  /** Greedy tokens. */
  readonly continuation: TokenId[];
  /** Of the last prompt position, then of each generated token but the last. [n][V] */
  readonly logits: Float32Array[];
}

const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

function readFixture(name: string, folder = FOLDER + name): Fixture {
  const { prompt, continuation } = json(`${FOLDER}${name}/expected.json`) as Pick<
    Fixture,
    'prompt' | 'continuation'
  >;
  const bytes = readFileSync(`${FOLDER}${name}/logits.bin`);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const V = all.length / continuation.length;
  const logits = continuation.map((_, i) => all.slice(i * V, (i + 1) * V));
  return { name, folder, prompt, continuation, logits };
}

/** A tiny random checkpoint of every family and variant. */
export const FIXTURES: readonly Fixture[] = readdirSync(FOLDER)
  .filter((name) => name !== 'first' && !name.endsWith('.json'))
  .map((name) => readFixture(name));

/** The first checkpoint over a sample document. */
export const FIRST = readFixture('first', FIRST_FOLDER);

/** Token ids of sample text, with the f32 argmax of PyTorch after each. */
export const FORCED = json(`${FOLDER}first/forced.json`) as { tokens: TokenId[]; argmax: TokenId[] };

interface Sample {
  readonly name: string;
  readonly tokens: number;
  readonly text: string;
  readonly questions: readonly {
    readonly question: string;
    readonly answer: string;
    readonly model_full_cache: string;
    readonly right: boolean;
    readonly right_fastkv: boolean;
  }[];
}

type Samples = readonly [Sample, ...Sample[]];

/** The first checkpoint's sample documents, with what PyTorch made it answer: of 200, 400 and 1,100 tokens. */
export const SAMPLES = json(`${FOLDER}first/samples.json`) as readonly [Sample, Sample, Sample];

/** Those of the page: from a few paragraphs to as much as its model can read. */
export const DEMO_SAMPLES = json(`${DEMO_FOLDER}samples.json`) as Samples;

/** One prompt through the first checkpoint in f32, compressed by the published selection function; made with PyTorch. */
export interface FastkvFixture {
  readonly tokens: TokenId[];
  readonly tspLayer: number;
  readonly retain: number;
  readonly tspRate: number;
  readonly pooling: 'max' | 'avg';
  readonly window: number;
  readonly kernel: number;
  /** Original positions past T, ascending. Where scores tie at the cut, any of those that tie. */
  readonly tspPositions: number[];
  /** Original positions, ascending. [L][G] */
  readonly keptPositions: number[][][];
  readonly greedy: TokenId[];
  /** Of the last position of the prompt: the highest, as (token, logit), and the lowest. */
  readonly firstLogitsTop: [TokenId, number][];
  readonly firstLogitsMin: number;
}

export const FASTKV = json(`${FOLDER}first/selections.json`) as FastkvFixture[];

/** A checkpoint by its path, or a folder that lies elsewhere. */
export async function readOnCpu(from: string | ModelFolder): Promise<{ spec: ModelSpec; tensors: Tensors }> {
  const folder = typeof from === 'string' ? nodeFolder(from) : from;
  const spec = readConfig(JSON.parse((await readText(folder, 'config.json'))!));
  const { tensors } = await openWeights(folder);
  const values = new Map<string, Float32Array>();
  for (const [name, { dtype, source, begin, bytes }] of tensors) {
    values.set(name, decodeTensor(dtype, await source.read(begin, bytes)));
  }
  return { spec, tensors: (name) => values.get(name) };
}

/** Largest difference, relative to the range of the expected row. */
export function logitError(found: Float32Array, expected: Float32Array): number {
  const range = Math.max(...expected) - Math.min(...expected);
  return expected.reduce((worst, v, i) => Math.max(worst, Math.abs(found[i]! - v)), 0) / range;
}

export const argmax = (row: Float32Array): number => row.indexOf(Math.max(...row));
