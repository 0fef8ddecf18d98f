import { beforeAll, describe, expect, it } from 'vitest';
import type { KvSettings } from '../../protocol';
import { selectTopReference, sumRows } from '../kv/score-reference';
import {
  coverageReference,
  decodeReference,
  fastkvReference,
  type FastkvOptions,
  type FastkvReading,
} from './fastkv-reference';
import {
  argmax,
  FIRST_FOLDER,
  FASTKV,
  logitError,
  readOnCpu,
  type FastkvFixture,
} from './fixtures.test-support';
import { randomLlamaFolder } from './random-llama';
import { expectEqualUpToTies } from './selection.test-support';
import { referenceLogits, referenceModel, type Tensors } from './reference';
import { attendRows, type KeysValues } from './reference-math';
import type { ModelSpec } from './spec';
import { fastkvSettings } from '../kv/settings.test-support';

const range = (to: number, from = 0): number[] => Array.from({ length: to - from }, (_, i) => from + i);
/** Attention without cap or window. */
const plain = (D: number) => ({ scale: D ** -0.5, cap: undefined, sliding: undefined });
const tokensOf = (N: number, V: number): number[] => range(N).map((i) => (i * i * 7 + i * 31 + 5) % V);

describe.each(FASTKV.map((fixture, i) => ({ i, fixture })))(
  'prompt $i of the first checkpoint, as the published selection function compressed it',
  ({ fixture }) => {
    const {
      tokens,
      tspLayer: T,
      tspPositions,
      keptPositions,
      window,
      firstLogitsTop,
      firstLogitsMin,
    } = fixture;
    const settings = fastkvSettings(pick(fixture));
    let reading: FastkvReading;
    /** Follows the published choice where scores tie, and with it all that comes of it. */
    let following: FastkvReading;
    beforeAll(async () => {
      const { spec, tensors } = await readOnCpu(FIRST_FOLDER);
      reading = fastkvReference(spec, tensors, tokens, settings);
      const chosen = { kept: keptPositions, propagated: tspPositions };
      following = fastkvReference(spec, tensors, tokens, settings, { chosen });
    }, 120_000); // a second on an idle machine

    it('propagates the same positions up to ties', () => {
      const scores = sumRows(reading.scores[T]!, tokens.length);
      expectEqualUpToTies(reading.propagated!, tspPositions, (p) => scores[p]!);
    });

    it('keeps the same positions in every layer and KV head up to ties', () => {
      expect(following.scores[T]).toBeDefined();
      following.scores.forEach((scores, l) => {
        const positions = l <= T ? range(tokens.length) : tspPositions;
        const N = positions.length;
        keptPositions[l]!.forEach((expected, g) => {
          // With r = t, layers past T keep all that they see.
          if (!scores) return expect(expected).toEqual(positions);
          const own = scores.subarray(g * N, (g + 1) * N);
          const slots = selectTopReference({ N, window, protect: 0, take: expected.length }, own);
          const found = [...slots].map((slot) => positions[slot]!);
          if (l <= T) expect(reading.kept[l]![g]).toEqual(found);
          expectEqualUpToTies(found, expected, (p) => own[positions.indexOf(p)]!);
        });
      });
    });

    it('gives the same first logits', () => {
      const span = firstLogitsTop[0]![1] - firstLogitsMin;
      for (const [token, logit] of firstLogitsTop) {
        expect(Math.abs(following.logits[token]! - logit) / span).toBeLessThan(1e-6);
        // Here a tie at T costs one position out of 235.
        expect(Math.abs(reading.logits[token]! - logit) / span).toBeLessThan(1e-3);
      }
      expect(Math.abs(Math.min(...following.logits) - firstLogitsMin) / span).toBeLessThan(1e-6);
    });

    it('writes the same greedy tokens over the same cache', () => {
      let row = following.logits;
      const found = fixture.greedy.map(() => {
        const token = argmax(row);
        row = following.next(token);
        return token;
      });
      expect(found).toEqual(fixture.greedy);
    });
  },
);

function pick({ tspLayer, retain, tspRate, pooling, window, kernel }: FastkvFixture): Partial<KvSettings> {
  return { tspLayer, retain, tspRate, pooling, window, kernel };
}

describe.each([1, 2, 4, 8])('a random model with %i query heads a KV head', (R) => {
  const [L, H, D, N] = [4, 8, 8, 61];
  const T = 1;
  let spec: ModelSpec;
  let tensors: Tensors;
  const tokens = tokensOf(N, 90);
  beforeAll(async () => {
    const shape = { L, H, G: H / R, D, C: 32, F: 48, V: 90 };
    ({ spec, tensors } = await readOnCpu(randomLlamaFolder({ ...shape, seed: R })));
  });
  const read = (more: Partial<KvSettings>, options?: FastkvOptions) =>
    fastkvReference(
      spec,
      tensors,
      tokens,
      fastkvSettings({ tspLayer: T, retain: 0.3, tspRate: 0.5, ...more }),
      options,
    );
  const logitsOf = (all: readonly number[]) => referenceLogits(spec, tensors, all);

  it('gives the logits of full attention, prompt and decoding, when all is kept and all goes on', () => {
    const reading = read({ retain: 1, tspRate: 1 });
    expect(logitError(reading.logits, logitsOf(tokens))).toBeLessThan(1e-6);
    expect(logitError(reading.next(11), logitsOf([...tokens, 11]))).toBeLessThan(1e-6);
    expect(logitError(reading.next(12), logitsOf([...tokens, 11, 12]))).toBeLessThan(1e-6);
  });

  it('does so with the full cache whatever the other settings say', () => {
    for (const more of [{ policy: 'full' }, { turnMode: 'full' }] as const) {
      const reading = read(more);
      expect(reading.kept).toEqual(new Array(L).fill(new Array(H / R).fill(range(N))));
      expect(reading.propagated).toBeUndefined();
      expect(reading.next(11)).toEqual(read({ retain: 1, tspRate: 1 }).next(11));
    }
  });

  it.each(['max', 'avg'] as const)('is SnapKV by KV head when propagation is off, %s', (pooling) => {
    const reading = read({ tspRate: 1, pooling });
    expect(reading.kept).toEqual(snapKv(spec, tensors, tokens, Math.trunc(N * 0.3), pooling));
    expect(logitError(reading.logits, logitsOf(tokens))).toBeLessThan(1e-6);
  });

  it('propagates everything when T is the last layer', () => {
    const [last, off] = [read({ tspLayer: L - 1 }), read({ tspRate: 1 })];
    expect(last.propagated).toBeUndefined();
    expect(last.kept).toEqual(off.kept);
    expect(last.logits).toEqual(off.logits);
  });

  it('gives the same whether the rows of T are gathered before its attention or after its MLP', () => {
    const [before, after] = [read({}), read({}, { gatherAfterMlp: true })];
    expect(before.propagated).toHaveLength(30);
    expect(after.propagated).toEqual(before.propagated);
    expect(after.kept).toEqual(before.kept);
    expect(logitError(after.logits, before.logits)).toBeLessThan(1e-6);
    expect(logitError(after.next(3), before.next(3))).toBeLessThan(1e-6);
    // And propagation is no small thing here.
    expect(logitError(before.logits, logitsOf(tokens))).toBeGreaterThan(1e-2);
  });
});

/** SnapKV with one choice a KV head, by itself: full attention in every layer, then the top of each head. [L][G] */
function snapKv(spec: ModelSpec, tensors: Tensors, tokens: number[], take: number, pooling: 'max' | 'avg') {
  const { L, H, G, D } = spec;
  const [N, n] = [tokens.length, tokens.length - 8];
  const model = referenceModel(spec, tensors);
  const x = model.embed(tokens);
  return range(L).map((l) => {
    const { q, kv } = model.project(l, x, range(N));
    model.finish(l, x, attendRows({ ...spec, ...plain(D), q, kv, positions: range(N) }));
    /** Softmax of the query at `row` over the keys up to its own. */
    const weights = (row: number, h: number) => {
      const keys = kv.k.subarray(Math.floor((h * G) / H) * N * D);
      const logit = (s: number) =>
        range(D).reduce((dot, d) => dot + q[(row * H + h) * D + d]! * keys[s * D + d]!, 0) / Math.sqrt(D);
      const powers = range(row + 1).map((s) => Math.exp(logit(s)));
      const total = powers.reduce((a, b) => a + b);
      return powers.map((power) => power / total);
    };
    const pooled = range(H).map((h) => {
      const rows = range(N, n).map((row) => weights(row, h));
      const sums = range(n).map((s) => rows.reduce((sum, row) => sum + row[s]!, 0));
      return range(n).map((s) => {
        const near = sums.slice(Math.max(0, s - 3), s + 4);
        return pooling === 'max' ? Math.max(...near) : near.reduce((a, b) => a + b) / 7;
      });
    });
    return range(G).map((g) => {
      const group = pooled.slice((g * H) / G, ((g + 1) * H) / G);
      const score = (s: number) => group.reduce((sum, head) => sum + head[s]!, 0);
      const ranked = range(n).sort((a, b) => score(b) - score(a) || a - b);
      return [...ranked.slice(0, take - 8), ...range(N, n)].sort((a, b) => a - b);
    });
  });
}

describe('FastKV on a random model', () => {
  const shape = { L: 4, H: 4, G: 2, D: 16, C: 32, F: 48, V: 70 };
  const N = 100;
  const tokens = tokensOf(N, shape.V);
  let spec: ModelSpec;
  let tensors: Tensors;
  beforeAll(async () => {
    ({ spec, tensors } = await readOnCpu(randomLlamaFolder({ ...shape, seed: 9 })));
  });
  const read = (more: Partial<KvSettings> = {}, options?: FastkvOptions) =>
    fastkvReference(
      spec,
      tensors,
      tokens,
      fastkvSettings({ tspLayer: 1, retain: 0.2, tspRate: 0.4, ...more }),
      options,
    );

  it('goes on with ascending positions, the window among them, and keeps none that a layer did not see', () => {
    const { propagated, kept } = read();
    expect(propagated).toHaveLength(40);
    expect(propagated!.slice(-8)).toEqual(range(N, N - 8));
    kept.forEach((heads, l) => {
      for (const own of heads) {
        expect(own).toHaveLength(20);
        expect(own).toEqual([...new Set(own)].sort((a, b) => a - b));
        expect(own.slice(-8)).toEqual(range(N, N - 8));
        if (l > 1) for (const position of own) expect(propagated).toContain(position);
      }
    });
    expect(new Set(kept.flat().map(String)).size).toBeGreaterThan(4);
  });

  it('caches keys of layers past T at their original positions', () => {
    const model = referenceModel(spec, tensors);
    const { cache, kept, propagated } = read();
    const rows = readRowsPastT(model, tokens, propagated!);
    const { kv } = model.project(2, rows, propagated!);
    kept[2]!.forEach((own, g) => {
      own.forEach((position, slot) => {
        const row = g * kv.S + propagated!.indexOf(position);
        const key = cache[2]!.k.subarray((g * 20 + slot) * 16, (g * 20 + slot + 1) * 16);
        key.forEach((value, d) => expect(value).toBeCloseTo(kv.k[row * 16 + d]!, 5));
      });
    });
  });

  it('keeps and propagates protected tokens, as many as the budget has room for beside the window', () => {
    const { propagated, kept } = read({ protectFirst: 6 });
    for (const own of [propagated!, ...kept.flat()]) expect(own.slice(0, 6)).toEqual(range(6));
    const header = read({ protectHeader: true, protectFirst: 3 }, { header: 15 });
    for (const own of header.kept.flat()) expect(own).toEqual([...range(12), ...range(N, N - 8)]);
    expect(header.propagated!.slice(0, 15)).toEqual(range(15));
    expect(read({ protectHeader: false }, { header: 15 }).kept).toEqual(read().kept);
  });

  it('measures coverage as a share of the attention at T', () => {
    const { mass, propagated } = read();
    expect(mass).toHaveLength(N);
    // Softmax rows sum to 1: window queries times heads.
    expect(mass!.reduce((a, b) => a + b)).toBeCloseTo(8 * shape.H, 4);
    expect(coverageReference(mass!, range(N))).toBeCloseTo(1, 6);
    const covered = coverageReference(mass!, propagated!);
    expect(covered).toBeGreaterThan(0.4);
    expect(
      covered +
        coverageReference(
          mass!,
          range(N).filter((p) => !propagated!.includes(p)),
        ),
    ).toBeCloseTo(1, 6);
    expect(read({ tspRate: 1 }).mass).toBeUndefined();
  });

  it('keeps a prompt below the floor whole', () => {
    const reading = read({ floor: N + 1 });
    expect(reading.kept.flat()).toEqual(new Array(8).fill(range(N)));
    expect(reading.logits).toEqual(read({ policy: 'full' }).logits);
    expect(read({ floor: N }).kept).toEqual(read().kept);
  });

  it('decodes over a cache that grows by one entry a layer and step', () => {
    const reading = read();
    for (const step of [1, 2, 3]) {
      expect(argmax(reading.next(step))).toBeLessThan(shape.V);
      expect(reading.cache.map(({ S }) => S)).toEqual(new Array(4).fill(20 + step));
    }
  });

  it('decodes at positions N, N + 1, …, however short the cache is', () => {
    const model = referenceModel(spec, tensors);
    const reading = read();
    reading.next(33);
    reading.next(44);
    // Layer 0 sees nothing but the token and its position.
    [33, 44].forEach((token, step) => {
      const { kv } = model.project(0, model.embed([token]), [N + step]);
      for (const g of [0, 1]) {
        const slot = g * reading.cache[0]!.S + 20 + step;
        expect(reading.cache[0]!.k.slice(slot * 16, (slot + 1) * 16)).toEqual(
          kv.k.slice(g * 16, (g + 1) * 16),
        );
      }
    });
  });

  it('decodes the same over a cache in another order', () => {
    const model = referenceModel(spec, tensors);
    const { cache, next } = read();
    const turned = cache.map((kv) => reversed(kv, 16));
    expect(turned[0]!.k).not.toEqual(cache[0]!.k);
    for (const step of [0, 1]) {
      const row = decodeReference(model, turned, 5 + step, N + step);
      expect(logitError(row, next(5 + step))).toBeLessThan(1e-6);
    }
  });
});

/** Entries of each KV head from last to first. */
function reversed({ S, k, v, positions }: KeysValues, D: number): KeysValues {
  const turn = (values: Float32Array) => {
    const out = values.slice();
    for (let i = 0; i < values.length / D; i++) {
      const to = Math.floor(i / S) * S + (S - 1 - (i % S));
      out.set(values.subarray(i * D, (i + 1) * D), to * D);
    }
    return out;
  };
  return { S, k: turn(k), v: turn(v), positions: positions.map((own) => [...own].reverse()) };
}

/** Residual stream after layers 0 and 1 with full attention, at these positions. [positions, C] */
function readRowsPastT(
  model: ReturnType<typeof referenceModel>,
  tokens: number[],
  positions: readonly number[],
) {
  const { C } = model.spec;
  const x = model.embed(tokens);
  for (const l of [0, 1]) {
    const { q, kv } = model.project(l, x, range(tokens.length));
    const asking = { q, kv, positions: range(tokens.length) };
    model.finish(l, x, attendRows({ ...model.spec, ...plain(model.spec.D), ...asking }));
  }
  return Float32Array.from(positions.flatMap((p) => [...x.subarray(p * C, (p + 1) * C)]));
}
