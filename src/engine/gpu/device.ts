import type { Profile } from '../../protocol';
import { EngineError } from '../errors';

/** What every kernel is written for; the defaults of the WebGPU specification. Adapters below it are refused. */
const NEEDED = {
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
} as const;

const WANTED_FEATURES = ['shader-f16', 'subgroups'] as const;

/** A short name of the adapter for people, such as "apple metal-3" or "mesa software (llvmpipe)". */
export function describeAdapter({ info }: GPUAdapter): string {
  return (
    [info.vendor, info.architecture, info.description && `(${info.description})`].filter(Boolean).join(' ') ||
    'unknown'
  );
}

/** fast wants halves and subgroups; adapters that run on the CPU want norms and matmuls without barriers. */
export function chooseProfile(adapter: GPUAdapter): Profile {
  const { info } = adapter;
  if (
    info.isFallbackAdapter ||
    /swiftshader|llvmpipe|software/i.test(`${info.architecture} ${info.description}`)
  )
    return 'software';
  return canRun('fast', adapter.features) ? 'fast' : 'portable';
}

/** Whether a profile's shaders compile with these features. */
export function canRun(profile: Profile, features: ReadonlySet<string>): boolean {
  return profile !== 'fast' || (features.has('shader-f16') && features.has('subgroups'));
}

export const deviceLost = (why: string) =>
  new EngineError(
    'device-lost',
    `The graphics device was lost${why ? ` (${why})` : ''}. What was on it has to be loaded again.`,
  );

/** Chromium tells of a loss only after it has failed what was under way. */
const LOSS_IS_TOLD_MS = 200;

/**
 * What made `thrown` happen: `device-lost` when the device is gone, which what fails then does not say by itself.
 * To be asked before one destroys the device oneself.
 */
export async function causeOf(thrown: unknown, device: GPUDevice): Promise<unknown> {
  const lost = await Promise.race([
    device.lost,
    new Promise<undefined>((go) => setTimeout(go, LOSS_IS_TOLD_MS)),
  ]);
  return lost ? deviceLost(lost.message) : thrown;
}

/**
 * A device with the adapter's own limits where they exceed the defaults, and the optional features that kernels know.
 * Rejects with `adapter-limits` when a needed limit is missing.
 */
export async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits: Record<string, number> = {};
  for (const name of Object.keys(NEEDED) as (keyof typeof NEEDED)[]) {
    const found = adapter.limits[name];
    if (found < NEEDED[name]) {
      throw new EngineError(
        'adapter-limits',
        `This graphics adapter (${describeAdapter(adapter)}) offers ${name} = ${found}, and ${NEEDED[name]} is needed. ` +
          'Update the browser or its graphics driver, or use another device.',
        { limit: name, found, needed: NEEDED[name] },
      );
    }
    requiredLimits[name] = found;
  }
  try {
    return await adapter.requestDevice({
      requiredLimits,
      requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
    });
  } catch (thrown) {
    throw new EngineError(
      'webgpu-unavailable',
      `The graphics adapter (${describeAdapter(adapter)}) gave no device: ${String(thrown)}. Reload the page, or restart the browser.`,
    );
  }
}
