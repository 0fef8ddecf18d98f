import { beforeAll, describe, expect, it } from 'vitest';
import { openNullDevice } from '../../../tools/node-gpu';
import { Pipelines } from '../gpu/pipelines';
import { HEAD_DIMS } from '../models/spec';
import { KERNELS } from './index';
import type { Profile, StorageDtype } from '../../protocol';

let pipelines: Pipelines;
beforeAll(async () => {
  pipelines = new Pipelines(await openNullDevice());
});

/** Everything that a kernel's text may depend on. */
const variants = (profile: Profile) =>
  (['f16', 'f32'] satisfies StorageDtype[]).flatMap((dtype) => HEAD_DIMS.map((D) => ({ profile, dtype, D })));

describe('every shader compiles in every variant', () => {
  for (const { kernel } of KERNELS) {
    for (const profile of kernel.profiles) {
      const chunk = kernel.compose({ profile, dtype: 'f16', D: 64 }).chunks?.[0] ?? 'no chunks';
      it(`${kernel.name} (${chunk}) in profile ${profile}`, async () => {
        const made = await Promise.all(variants(profile).map((variant) => pipelines.get(kernel, variant)));
        expect(made).toHaveLength(2 * HEAD_DIMS.length);
      });
    }
  }
});
