/**
 * Runs a TypeScript tool in Node through Vite, so that `import text from '/shaders/x.wgsl?raw'` and `import.meta.glob`
 * mean there what they mean on the page and in the tests.
 *
 *   node tools/run.mjs FILE.ts [arguments...]
 *
 * The tool exports `main(argv: string[]): Promise<number>` and the number is the exit status. Nothing but the tool's
 * own output goes to stdout. Whatever goes wrong is one line on stderr, `error CODE: sentence`; FASTKV_STACK=1 adds the stack.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, isRunnableDevEnvironment } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} file */
async function load(file) {
  const server = await createServer({
    root,
    logLevel: 'error',
    // Not a server of pages: no port, no socket, no watcher, no pre-bundling of the page's libraries.
    server: { middlewareMode: true, watch: null, ws: false, hmr: false },
    optimizeDeps: { noDiscovery: true },
    appType: 'custom',
  });
  const { ssr } = server.environments;
  if (!isRunnableDevEnvironment(ssr)) throw new Error('this Vite cannot run modules in Node');
  return ssr.runner.import(resolve(file));
}

/** @param {unknown} thrown */
function report(thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  // Node's own ERR_ codes mark wrong calls: faults of ours.
  const code = 'code' in error && !String(error.code).startsWith('ERR_') ? String(error.code) : 'internal';
  // Messages quote files, and files have lines.
  const line = `error ${code}: ${error.message.replace(/\s*\n\s*/g, ' ').trim()}`;
  return process.env['FASTKV_STACK'] === '1' ? `${line}\n${error.stack}` : line;
}

/** @param {NodeJS.WriteStream} stream */
const flushed = (stream) => new Promise((done) => stream.write('', done));

/** Dawn keeps the event loop alive, so ending is up to us, but only when pipes have taken everything. @param {number} status */
async function end(status) {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(status);
}

/** @param {unknown} thrown */
async function fail(thrown) {
  process.stderr.write(`${report(thrown)}\n`);
  await end(1);
}

process.on('uncaughtException', fail).on('unhandledRejection', fail);
// The reader went away (`... | head`): nobody is left to tell.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(1);
});

const [file, ...argv] = process.argv.slice(2);
if (file === undefined || !existsSync(file)) {
  if (file !== undefined) process.stderr.write(`no such file: ${file}\n`);
  process.stderr.write('usage: node tools/run.mjs FILE.ts [arguments...]\n');
  process.exit(2);
}
try {
  const tool = await load(file);
  if (typeof tool.main !== 'function') throw new Error(`${file} does not export main(argv)`);
  await end(await tool.main(argv));
} catch (thrown) {
  await fail(thrown);
}
