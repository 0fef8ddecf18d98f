/** The engine's side of the wire: gets the adapter, and exposes the engine to the page. */
import { expose } from 'comlink';
import { carryErrorCodes } from '../comlink-errors';
import type { EngineApi, LoadRequest } from '../protocol';
import { Engine } from './engine';
import { EngineError } from './errors';
import { hubFolder } from './weights/hub';
import { pickedFolder } from './weights/picked';
import type { ModelFolder } from './weights/source';
import { httpFolder } from './weights/sources';
import { storedFolder } from './weights/stored';

async function requestAdapter(): Promise<GPUAdapter> {
  // Without WebGPU, or on a page that is not served securely, `gpu` is not there at all, whatever its type says.
  const gpu = (navigator as { readonly gpu?: GPU }).gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new EngineError(
    'webgpu-unavailable',
    gpu
      ? 'The browser offers WebGPU but found no graphics adapter for it. Update the graphics driver, or allow hardware acceleration in the browser’s settings.'
      : 'This browser has no WebGPU. Use a current Chrome, Edge, Safari or Firefox, over https or on localhost.',
  );
}

function openFolder({ source, name }: Pick<LoadRequest, 'source' | 'name'>): ModelFolder {
  switch (source.kind) {
    case 'site':
      return httpFolder(source.baseUrl, fetch.bind(globalThis), source.files);
    case 'stored':
      return storedFolder(() => navigator.storage.getDirectory(), source.key);
    case 'hub':
      return hubFolder(source.model, source.files, fetch.bind(globalThis));
    case 'files':
      return pickedFolder(name, source.files);
    default:
      return source satisfies never;
  }
}

carryErrorCodes();
const api: EngineApi = new Engine({ requestAdapter, openFolder });
expose(api);
