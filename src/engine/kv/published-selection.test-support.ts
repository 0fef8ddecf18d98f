/**
 * What the published selection function (github.com/dongwonjo/FastKV, b978769) gave in f32 for these queries and keys, which
 * count as rotated: H=4, G=2, N=64, D=8, window 8, kernel 7.
 */
import type { Scorer } from './policy';

export const PUBLISHED = { H: 4, G: 2, N: 64, D: 8, window: 8, kernel: 7 };
const { H, G, N, D, window } = PUBLISHED;

const queryAt = (h: number, i: number, d: number) =>
  1.5 * Math.sin(0.731 * (h + 1) + 0.217 * i * (d + 1) + 0.11 * d);
const keyAt = (g: number, i: number, d: number) =>
  1.5 * Math.cos(0.519 * (g + 1) + 1.173 * i * (d + 2) - 0.07 * d);

/** Of the window. [window, H, D] */
export const q = Float32Array.from({ length: window * H * D }, (_, n) =>
  queryAt(Math.floor(n / D) % H, N - window + Math.floor(n / D / H), n % D),
);
/** [G, N, D] */
export const k = Float32Array.from({ length: G * N * D }, (_, n) =>
  keyAt(Math.floor(n / D / N), Math.floor(n / D) % N, n % D),
);

export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** Always chosen. */
export const WINDOW = range(N - window, N - 1);

interface PublishedSelection {
  readonly name: string;
  readonly pooling: Scorer['pooling'];
  readonly capacity: number;
  readonly tspLength: number;
  /** Besides the window; undefined where the cut is tied. [G] */
  readonly kept: readonly (readonly number[] | undefined)[];
  readonly propagated: readonly number[];
}

export const SELECTIONS: readonly PublishedSelection[] = [
  {
    ...{ name: 'A', pooling: 'avg', capacity: 16, tspLength: 32 },
    kept: [
      [2, 3, 8, 13, 14, 16, 18, 19],
      [13, 14, 18, 19, 29, 30, 34, 35],
    ],
    propagated: [2, 3, 5, 7, 8, 9, ...range(13, 19), 23, 24, ...range(29, 35), 50, 51],
  },
  {
    ...{ name: 'B', pooling: 'avg', capacity: Math.trunc(N * 0.3), tspLength: Math.trunc(N * 0.4) },
    kept: [
      [2, 3, 7, 8, ...range(13, 19)],
      [...range(13, 16), 18, 19, 29, 30, 32, 34, 35],
    ],
    propagated: [2, 3, 8, ...range(13, 19), 24, 29, 30, 32, 34, 35, 51],
  },
  {
    ...{ name: 'C', pooling: 'max', capacity: 19, tspLength: 26 },
    kept: [[...range(0, 3), ...range(13, 19)], undefined],
    propagated: [...range(0, 3), ...range(13, 19), ...range(29, 35)],
  },
  {
    ...{ name: 'D', pooling: 'max', capacity: 22, tspLength: 31 },
    kept: [undefined, [...range(13, 19), ...range(29, 35)]],
    propagated: [...range(0, 8), ...range(13, 19), ...range(29, 35)],
  },
];
