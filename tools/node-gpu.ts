/**
 * A WebGPU adapter in Node, from Dawn (npm `webgpu`), for tests, benchmarks and the command line.
 *
 * Dawn reads VK_ICD_FILENAMES each time an instance is made, so one process can open one driver after another; the
 * variable is put back afterwards. That needs the process's own environment: in a worker thread it is a copy.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create, globals } from 'webgpu';
import { EngineError } from '../src/engine/errors';
import { chooseProfile } from '../src/engine/gpu/device';
import { findChromium } from './find-chromium.mjs';

/** `system` is whatever the Vulkan loader (or Metal, or Direct3D) offers; `auto` goes on to Chromium's SwiftShader. */
const DRIVERS = ['auto', 'system', 'lavapipe', 'swiftshader'] as const;
export type Driver = (typeof DRIVERS)[number];

export interface NodeAdapter {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  /** For people: the driver's kind and the adapter's own words. */
  readonly description: string;
}

const VULKAN_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
const SWIFTSHADER_FOLDERS = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];

// An instance that is collected while its adapters live aborts the process, so none ever is.
const instances: GPU[] = ((globalThis as { fastkvGpuInstances?: GPU[] }).fastkvGpuInstances ??= []);

/**
 * Opens the adapter of `driver`; FASTKV_ADAPTER decides when it is set, so that one command can run the tests on every
 * driver. `auto` prefers what the system offers (a GPU, else lavapipe) to Chromium's SwiftShader.
 * Rejects with `webgpu-unavailable`.
 */
export async function openNodeAdapter({ driver = 'auto' }: { driver?: Driver } = {}): Promise<NodeAdapter> {
  const wanted = driverFromEnvironment() ?? driver;
  for (const [kind, listIcds] of ATTEMPTS) {
    if (wanted !== 'auto' && wanted !== kind) continue;
    for (const icd of listIcds()) {
      const found = await open(kind, icd);
      if (found) return found;
    }
  }
  throw new EngineError(
    'webgpu-unavailable',
    `Node found no WebGPU adapter (asked for: ${wanted}). ${ADVICE}`,
  );
}

/** In order of preference, with the driver files that may serve; undefined leaves the choice to the system. */
const ATTEMPTS: readonly (readonly [Driver, () => readonly (string | undefined)[]])[] = [
  ['system', () => [undefined]],
  ['lavapipe', lavapipeDrivers],
  ['swiftshader', swiftshaderDrivers],
];

const ADVICE =
  'Run `node tools/system.mjs`, or install a Vulkan driver (Debian: mesa-vulkan-drivers 25 or newer) or Chromium, ' +
  'which brings SwiftShader.';

/**
 * A device on Dawn's null backend, which compiles and validates but runs nothing: for checking every shader with
 * every feature, whatever the machine offers.
 */
export async function openNullDevice(): Promise<GPUDevice> {
  const gpu = makeInstance(['backend=null']);
  const adapter = await gpu.requestAdapter();
  if (!adapter)
    throw new EngineError('webgpu-unavailable', 'This build of npm `webgpu` has no null backend.');
  pollSeldom();
  return adapter.requestDevice({ requiredFeatures: ['shader-f16', 'subgroups', 'timestamp-query'] });
}

function driverFromEnvironment(): Driver | undefined {
  const name = process.env.FASTKV_ADAPTER;
  if (!name) return undefined;
  const driver = DRIVERS.find((known) => known === name);
  if (driver) return driver;
  throw new EngineError(
    'bad-argument',
    `FASTKV_ADAPTER is "${name}"; it may be one of: ${DRIVERS.join(', ')}.`,
  );
}

async function open(kind: Driver, icd: string | undefined): Promise<NodeAdapter | undefined> {
  const before = process.env.VK_ICD_FILENAMES;
  if (icd !== undefined) process.env.VK_ICD_FILENAMES = icd;
  try {
    const gpu = makeInstance([]);
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) return undefined;
    if (chooseProfile(adapter) === 'software') pollSeldom();
    return { gpu, adapter, description: describe(kind, adapter) };
  } finally {
    if (before === undefined) delete process.env.VK_ICD_FILENAMES;
    else process.env.VK_ICD_FILENAMES = before;
  }
}

/**
 * Dawn's binding asks for news in `setImmediate`, again and again: whoever waits keeps a whole core busy, which an adapter in
 * software wants for itself. Once a millisecond is soon enough there; what waits for a GPU would be slowed down.
 */
function pollSeldom(): void {
  const later = (tick: (...args: unknown[]) => void, ...args: unknown[]) => setTimeout(tick, 1, ...args);
  globalThis.setImmediate = later as unknown as typeof setImmediate;
}

function makeInstance(options: string[]): GPU {
  // Mesa complains on stderr without it.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  // GPUBufferUsage, GPUMapMode, ... which browsers have as globals.
  Object.assign(globalThis, globals);
  const gpu = create(options);
  instances.push(gpu);
  return gpu;
}

function describe(kind: Driver, { info, features }: GPUAdapter): string {
  const has =
    ['shader-f16', 'subgroups'].filter((name) => features.has(name)).join(', ') || 'no optional features';
  return `${info.description || info.device || info.vendor || 'unnamed adapter'} [${info.vendor} ${info.architecture}; ${kind}; ${has}]`;
}

/** Fedora and newer Debians put the architecture into the name: lvp_icd.x86_64.json. */
function lavapipeDrivers(): string[] {
  return VULKAN_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^lvp_icd.*\.json$/.test(name))
      .map((name) => join(folder, name)),
  );
}

function swiftshaderDrivers(): string[] {
  const chromium = findChromium()?.path;
  const beside = chromium === undefined ? [] : [dirname(realpathSync(chromium))];
  return [...beside, ...SWIFTSHADER_FOLDERS]
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .filter((path) => existsSync(path));
}

/** `node tools/run.mjs tools/node-gpu.ts` says which adapter the tests will run on. */
export async function main(): Promise<number> {
  process.stdout.write(`${(await openNodeAdapter()).description}\n`);
  return 0;
}
