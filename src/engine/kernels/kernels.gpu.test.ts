import { beforeAll, describe, expect, it } from 'vitest';
import { openNodeAdapter } from '../../../tools/node-gpu';
import { canRun, openDevice } from '../gpu/device';
import { Pipelines } from '../gpu/pipelines';
import type { Profile, StorageDtype } from '../../protocol';
import { ALL_PROFILES, kernelText, type Kernel } from './kernel';
import type { KernelCase, Values } from './cases';
import { dispatchOnce, prepareCase } from './run-case';
import { KERNELS } from './index';

let pipelines: Pipelines;
let features: ReadonlySet<string>;

beforeAll(async () => {
  const { adapter } = await openNodeAdapter();
  const device = await openDevice(adapter);
  features = device.features;
  pipelines = new Pipelines(device);
});

/** The maximum of nothing, in every kernel: exact, and no measure for the values beside it. */
const NEVER = Math.fround(-3e38);

/** Largest difference, relative to the largest expected value. */
function worst(found: Values, expected: Values): number {
  expect(found.length).toBe(expected.length);
  let [difference, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (expected[i] === NEVER && found[i] === NEVER) continue;
    const gap = Math.abs(found[i]! - expected[i]!);
    // NaN counts as the worst there is.
    difference = gap <= difference ? difference : Number.isNaN(gap) ? Infinity : gap;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / (scale || 1);
}

/** The indices of (value, index) pairs. */
const indices = (pairs: Values): Uint32Array =>
  new Uint32Array(pairs.buffer, pairs.byteOffset, pairs.length).filter((_, word) => word % 2 === 1);

async function check(kernel: Kernel, kernelCase: KernelCase, profile: Profile, dtype: StorageDtype) {
  const { device } = pipelines;
  device.pushErrorScope('validation');
  const prepared = await prepareCase(
    pipelines,
    kernel,
    { profile, dtype, D: kernelCase.D ?? 32 },
    kernelCase,
  );
  dispatchOnce(pipelines, prepared);
  expect((await device.popErrorScope())?.message).toBeUndefined();
  for (const [name, expected] of Object.entries(kernelCase.expected())) {
    const found = await prepared.read(name);
    const what = `${kernel.name} ${kernelCase.name}: ${name}`;
    expect(worst(found, expected), what).toBeLessThanOrEqual(kernelCase.tolerance ?? 1e-5);
    if (kernelCase.pairs?.includes(name)) expect(indices(found), what).toEqual(indices(expected));
  }
  prepared.destroy();
}

/** Where storage has no say in a kernel's text, once is enough. */
const isRepeat = (kernel: Kernel, profile: Profile, dtype: StorageDtype) =>
  dtype === 'f32' &&
  kernelText(kernel, { profile, dtype, D: 32 }) === kernelText(kernel, { profile, dtype: 'f16', D: 32 });

describe.each(ALL_PROFILES)('in profile %s', (profile) => {
  // The fast profile is checked wherever an adapter has its features; CI installs one that does.
  const dtypes = ['f16', 'f32'] as const;
  describe.each(dtypes)('with storage %s', (dtype) => {
    for (const { kernel, cases } of KERNELS) {
      if (!kernel.profiles.includes(profile) || isRepeat(kernel, profile, dtype)) continue;
      it(`${kernel.name} (${kernel.compose({ profile, dtype, D: 32 }).chunks?.[0] ?? ''}) equals its CPU twin in every case`, async ({
        skip,
      }) => {
        if (!canRun(profile, features)) skip(`this adapter lacks what profile ${profile} needs`);
        for (const kernelCase of cases(dtype, profile)) await check(kernel, kernelCase, profile, dtype);
      });
    }
  });
});
