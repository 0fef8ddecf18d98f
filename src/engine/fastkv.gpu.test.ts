/** FastKV in the engine, against the CPU reference and against itself. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openNodeAdapter } from '../../tools/node-gpu';
import type { KvSettings, Profile, SelectionReport } from '../protocol';
import { load, runOptions, runWithLogits } from './engine.test-support';
import { canRun } from './gpu/device';
import { ANSWER_ROOM, capacityFor } from './kv/layers';
import { selectTopReference, sumRows } from './kv/score-reference';
import { loadModel, type LoadedModel, type LoadOptions } from './load-model';
import { fastkvReference, type FastkvReading } from './models/fastkv-reference';
import {
  FIRST_FOLDER,
  FASTKV,
  FIXTURES,
  argmax,
  logitError,
  readOnCpu,
} from './models/fixtures.test-support';
import { randomLlamaFolder } from './models/random-llama';
import type { Tensors } from './models/reference';
import { expectEqualUpToTies } from './models/selection.test-support';
import type { ModelSpec } from './models/spec';
import type { TokenId } from './shapes';
import { seenBy } from './stages';
import { fastkvSettings } from './kv/settings.test-support';

const { features } = (await openNodeAdapter()).adapter;
const PROFILES: readonly Profile[] = ['software', 'portable', 'fast'];

const tokensOf = (N: number, V: number): TokenId[] =>
  Array.from({ length: N }, (_, i) => ((i * i * 7 + i * 31 + 5) % V) as TokenId);

const RANDOM = { L: 4, G: 2, D: 16, C: 64, F: 96, V: 160, contextLength: 2048 };
/** Heads a group: 1, 2, 4, 8. */
const GROUPS = [1, 2, 4, 8].map((R) => ({ R, folder: randomLlamaFolder({ ...RANDOM, H: 2 * R, seed: R }) }));

let model: LoadedModel | undefined;
afterEach(() => {
  model?.device.destroy();
  model = undefined;
});

async function loadRandom(R: number, options: LoadOptions = {}): Promise<LoadedModel> {
  const { folder } = GROUPS.find((group) => group.R === R)!;
  const { adapter } = await openNodeAdapter();
  model = await loadModel(adapter, folder, { dtype: 'f32', ...options });
  return model;
}

interface OnCpu {
  readonly spec: ModelSpec;
  readonly tensors: Tensors;
}

/** What a turn selected, its logits row by row, and its tokens. */
async function turn(on: LoadedModel, tokens: readonly TokenId[], kv: KvSettings, count = 16) {
  const { rows, ...result } = await runWithLogits(on, tokens, runOptions(count, { kv }));
  const selection = (await on.session.selection())!;
  return { ...result, rows, selection };
}

const asLists = ({ kept, propagated }: SelectionReport, N: number, L: number, G: number) => ({
  kept:
    kept?.map((layer) => layer.map((head) => [...head])) ??
    Array.from({ length: L }, () => new Array<number[]>(G).fill([...Array(N).keys()])),
  propagated: propagated && [...propagated],
});

/** Sets differ from the reference's own choice at ties alone; then the reference follows, and all that comes of it is equal. */
function expectAsReference(
  { spec, tensors }: OnCpu,
  tokens: readonly TokenId[],
  kv: KvSettings,
  found: Awaited<ReturnType<typeof turn>>,
): FastkvReading {
  const chosen = asLists(found.selection, tokens.length, spec.L, spec.G);
  const reference = fastkvReference(spec, tensors, tokens, kv, { chosen });
  const { plan } = reference;
  reference.scores.forEach((scores, l) => {
    if (!scores) return;
    const N = seenBy(plan, l);
    const { window } = plan.scorer!;
    const original = (row: number) => (N === plan.N ? row : reference.propagated![row]!);
    const own = (take: number, by: Float32Array) =>
      [...selectTopReference({ N, window, protect: plan.protect, take }, by)].map(original);
    const scoreOf = (by: Float32Array) => {
      const byPosition = new Map(Array.from(by, (score, row) => [original(row), score]));
      return (p: number) => byPosition.get(p)!;
    };
    chosen.kept[l]!.forEach((positions, g) => {
      const by = scores.subarray(g * N, (g + 1) * N);
      expectEqualUpToTies(positions, own(plan.kept[l]!, by), scoreOf(by));
    });
    if (l === plan.lowerLayers - 1 && plan.propagated < plan.N) {
      const by = sumRows(scores, N);
      expectEqualUpToTies(chosen.propagated!, own(plan.propagated, by), scoreOf(by));
    }
  });
  let expected = reference.logits;
  found.rows.forEach((row, i) => {
    if (i > 0) expected = reference.next(found.tokens[i - 1]!);
    expect(logitError(row, expected)).toBeLessThan(1e-3);
    expect(found.tokens[i]).toBe(argmax(expected));
  });
  return reference;
}

describe.each(PROFILES)('in profile %s', (profile) => {
  it.skipIf(!canRun(profile, features)).each(GROUPS)(
    'a random model with $R heads a group keeps, propagates and writes what the reference does',
    async ({ R, folder }) => {
      const onCpu = await readOnCpu(folder);
      const on = await loadRandom(R, { profile, tileRows: 64 });
      const tokens = tokensOf(333, RANDOM.V);
      for (const more of [
        { retain: 0.1, tspRate: 0.2, tspLayer: 1 },
        { retain: 0.3, tspRate: 0.4, tspLayer: 0, pooling: 'avg', kernel: 5, window: 12 },
        { retain: 0.2, tspRate: 0.5, tspLayer: 2, protectFirst: 6 },
        { budget: 'constant', capacity: 40, tspLength: 100, tspLayer: 1 },
      ] as const) {
        const kv = fastkvSettings(more);
        expectAsReference(onCpu, tokens, kv, await turn(on, tokens, kv));
      }
    },
  );
});

const [s, whole] = ['sliding_attention', 'full_attention'];
/** Three layers of four see so many tokens back. */
const sliding = (sliding_window: number) =>
  randomLlamaFolder({
    ...{ ...RANDOM, H: 4, seed: 7 },
    config: { model_type: 'qwen3', use_sliding_window: true, sliding_window, layer_types: [s, whole, s, s] },
  });
const SLIDING = sliding(40);

describe.each(PROFILES)('in profile %s', (profile) => {
  it.skipIf(!canRun(profile, features))(
    'a model that slides selects, keeps and writes what the reference does, past its window too',
    async () => {
      const onCpu = await readOnCpu(SLIDING);
      const { adapter } = await openNodeAdapter();
      model = await loadModel(adapter, SLIDING, { dtype: 'f32', profile, tileRows: 64 });
      expect(model.info.kv.tspLayer).toBe(1);
      const tokens = tokensOf(333, RANDOM.V);
      for (const more of [
        { retain: 0.1, tspRate: 0.2, tspLayer: 1 },
        // T slides: it scores nothing before its window.
        { retain: 0.3, tspRate: 0.4, tspLayer: 2, protectFirst: 6 },
        // All is kept, and leaves the window as the answer grows.
        { retain: 1, tspRate: 1, tspLayer: 1 },
      ]) {
        const kv = fastkvSettings(more);
        expectAsReference(onCpu, tokens, kv, await turn(model, tokens, kv, 48));
      }
    },
  );

  it.skipIf(!canRun(profile, features))(
    'and goes on so when its answer outgrows the room reserved for it, with kept tokens still in sight',
    async () => {
      const folder = sliding(300);
      const { adapter } = await openNodeAdapter();
      model = await loadModel(adapter, folder, { dtype: 'f32', profile });
      const [N, answer] = [278, 280];
      const kv = fastkvSettings({ retain: 0.9, tspRate: 0.95, tspLayer: 1 });
      const found = await turn(model, tokensOf(N, RANDOM.V), kv, answer);
      const { plan } = expectAsReference(await readOnCpu(folder), tokensOf(N, RANDOM.V), kv, found);
      expect(found.rows).toHaveLength(answer);
      for (const kept of plan.kept) {
        expect(kept).toBeLessThan(N);
        expect(capacityFor(kept + ANSWER_ROOM)).toBeLessThan(kept + answer);
      }
    },
  );
});

/**
 * Layers that are not turned, and a part of heads that is; scores with a scale of their own; norms over all heads; every
 * layer slides; soft caps; RoPE and sight that differ by layer; heads of 256.
 */
const FAMILIES = FIXTURES.filter(({ name }) =>
  [
    ...['smollm3', 'phi3-partial', 'granite', 'olmo2', 'mistral-slides', 'gemma2', 'gemma3'],
    'gemma3-head-dim',
  ].includes(name),
);

describe.each(PROFILES)('in profile %s', (profile) => {
  it.skipIf(!canRun(profile, features)).each(FAMILIES)(
    'a checkpoint of $name keeps, propagates and writes what the reference does',
    async ({ folder }) => {
      const onCpu = await readOnCpu(folder);
      model = await load(folder, { dtype: 'f32', profile, tileRows: 64 });
      const tokens = tokensOf(222, onCpu.spec.V);
      const kv = fastkvSettings({ retain: 0.2, tspRate: 0.4, tspLayer: 0 });
      expectAsReference(onCpu, tokens, kv, await turn(model, tokens, kv));
    },
  );
});

describe('the first checkpoint in f32', () => {
  let onCpu: OnCpu;
  beforeAll(async () => {
    onCpu = await readOnCpu(FIRST_FOLDER);
  });

  it.each(FASTKV)(
    'selects for $tokens.length tokens what the published function selects',
    async (fixture) => {
      const { tspLayer, retain, tspRate, pooling, window, kernel } = fixture;
      const kv = fastkvSettings({ tspLayer, retain, tspRate, pooling, window, kernel });
      model = await load(FIRST_FOLDER, { dtype: 'f32' });
      const tokens = fixture.tokens;
      const found = await turn(model, tokens, kv);
      // That the reference is the published function up to ties is shown beside it.
      expectAsReference(onCpu, tokens, kv, found);
      expect(found.compression).toEqual({
        tspLayer,
        propagatedTokens: fixture.tspPositions.length,
        coverage: undefined,
      });
    },
  );

  it('with everything propagated and kept is full attention', async () => {
    model = await load(FIRST_FOLDER, { dtype: 'f32' });
    const tokens = FASTKV[0]!.tokens;
    const full = await runWithLogits(model, tokens, runOptions(16));
    const all = await turn(model, tokens, fastkvSettings({ retain: 1, tspRate: 1, tspLayer: 2 }));
    expect(all.tokens).toEqual(full.tokens);
    expect(all.rows).toEqual(full.rows);
    expect(all.selection).toEqual({
      promptTokens: tokens.length,
      tspLayer: undefined,
      propagated: undefined,
      kept: undefined,
    });
  });

  it('without propagation is SnapKV for grouped queries, and with T the last layer too', async () => {
    model = await load(FIRST_FOLDER, { dtype: 'f32' });
    const tokens = FASTKV[1]!.tokens;
    const off = fastkvSettings({ tspRate: 1 });
    const snap = await turn(model, tokens, off);
    expectAsReference(onCpu, tokens, off, snap);
    expect(snap.selection.propagated).toBeUndefined();
    const last = fastkvSettings({ tspLayer: model.info.layers - 1 });
    const past = await turn(model, tokens, last);
    expectAsReference(onCpu, tokens, last, past);
    expect(past.selection.kept).toEqual(snap.selection.kept);
    expect(past.rows).toEqual(snap.rows);
  });

  it('gives the same, bit for bit, whatever the tile size, also in mode lean', async () => {
    const tokens = FASTKV[0]!.tokens;
    const found = [];
    for (const turnMode of ['exact', 'lean'] as const) {
      for (const tileRows of [32, 128, 512]) {
        const on = await load(FIRST_FOLDER, { dtype: 'f32', tileRows });
        const { rows, selection } = await turn(on, tokens, fastkvSettings({ turnMode, tspLayer: 3 }));
        found.push({ rows, selection });
        on.device.destroy();
      }
    }
    for (const one of found) expect(one).toEqual(found[0]);
  });
});

describe('a prompt longer than a page of rows', () => {
  it('selects and writes what the reference does, in modes exact and lean, and as a follow-up', async () => {
    const shape = { L: 3, H: 2, G: 1, D: 8, C: 16, F: 24, V: 64, contextLength: 8192, seed: 3 };
    const folder = randomLlamaFolder(shape);
    const onCpu = await readOnCpu(folder);
    const tokens = tokensOf(4700, shape.V);
    const found = [];
    for (const turnMode of ['exact', 'lean'] as const) {
      const { adapter } = await openNodeAdapter();
      model = await loadModel(adapter, folder, { dtype: 'f32' });
      const kv = fastkvSettings({ turnMode, tspLayer: 1, tspRate: 0.9 });
      // More than a page goes on as well. In mode exact, the trunk holds a part of its second page before.
      if (turnMode === 'exact') await turn(model, tokens.slice(0, 4200), kv, 1);
      found.push(await turn(model, tokens, kv, 4));
      model.device.destroy();
    }
    expect(found.map(({ reusedTokens }) => reusedTokens)).toEqual([4200, 0]);
    expectAsReference(onCpu, tokens, fastkvSettings({ tspLayer: 1, tspRate: 0.9 }), found[0]!);
    expect(found[1]!.rows).toEqual(found[0]!.rows);
    expect(found[1]!.selection).toEqual(found[0]!.selection);
  });
});
