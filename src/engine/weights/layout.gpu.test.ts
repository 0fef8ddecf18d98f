/** What weights take on a device, beside what a plan counts. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeFolder } from '../../../tools/node-folder';
import { openNullDevice } from '../../../tools/node-gpu';
import { Buffers } from '../gpu/buffers';
import type { AffineGroups } from '../kernels/affine';
import { weightsBytes } from '../kv/memory-plan';
import { describeFolder } from '../load-model';
import { DEMO_FOLDER, FIRST_FOLDER, FIXTURES } from '../models/fixtures.test-support';
import { mlxFolder } from '../models/quantised.test-support';
import { formsFor, type WeightForms } from './forms';
import { layOut } from './layout';
import type { ModelFolder } from './source';

let device: GPUDevice;
// Nothing is run, so a device that only counts will do.
beforeAll(async () => (device = await openNullDevice()));
afterAll(() => device.destroy());

async function expectPlanned(folder: ModelFolder, own: WeightForms) {
  const { spec, packed } = await describeFolder(folder);
  const forms = { ...own, packed };
  const buffers = new Buffers(device);
  layOut(spec, buffers, forms, device.limits.maxStorageBufferBindingSize);
  expect(weightsBytes(spec, forms)).toBe(buffers.bytes('weights'));
  buffers.freeAll();
  return { spec, packed };
}

const folders = [...FIXTURES.map(({ folder }) => folder), FIRST_FOLDER, DEMO_FOLDER];
it.each(folders.flatMap((folder) => (['f16', 'q8', 'q4'] as const).map((form) => [folder, form] as const)))(
  'the weights of a plan are those of %s as %s',
  async (folder, form) => {
    await expectPlanned(nodeFolder(folder), formsFor(form));
  },
);

it('the weights of a plan are those of a checkpoint by MLX, some of whose matrices are not packed', async () => {
  const groups: AffineGroups = { bits: 8, group: 64, scales: 'f32' };
  const formFor = (_: string, K: number) => (K % 64 === 0 ? groups : undefined);
  const folder = await mlxFolder(nodeFolder(FIRST_FOLDER), formFor, groups);
  const { spec, packed } = await expectPlanned(folder, { dtype: 'f16' });
  expect(packed.size).toBe(6 * spec.L + 1); // all but down_proj
});
