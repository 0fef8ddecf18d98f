/** The built site as visitors meet it: served from a sub-path by a plain host, in the Chromium that the journeys use. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { chromium, type Browser } from '@playwright/test';
import { findChromium } from './find-chromium.mjs';

export interface ServedSite {
  readonly url: string;
  stop(): Promise<void>;
}

/** `folder` is where the built site lies. */
export async function serveSite(port: number, path: string, folder = 'dist'): Promise<ServedSite> {
  const server = spawn(process.execPath, ['tools/serve.mjs', String(port), path, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data');
  return {
    url: `http://127.0.0.1:${port}${path}`,
    stop: async () => {
      if (server.exitCode === null && server.kill()) await once(server, 'exit');
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** With WebGPU in software, unless FASTKV_REAL_GPU says otherwise. */
export function launchChromium(): Promise<Browser> {
  const software =
    process.env['FASTKV_REAL_GPU'] === '1' ? [] : ['--no-sandbox', '--use-webgpu-adapter=swiftshader'];
  const executablePath = findChromium()?.path;
  return chromium.launch({
    args: ['--enable-unsafe-webgpu', ...software],
    ...(executablePath !== undefined && { executablePath }),
  });
}
