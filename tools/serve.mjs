/**
 * Serves dist/ as a plain static host would: under a sub-path, no special headers, ranges, gzip for text, and 404 for
 * what is not there.
 *
 *   node tools/serve.mjs PORT SUB_PATH [FOLDER]
 *
 * FOLDER is where the built site lies, dist/ unless said.
 */
import { fileURLToPath } from 'node:url';
import { preview } from 'vite';

const [port, base, outDir = 'dist'] = process.argv.slice(2);
if (!port || !base) throw new Error('usage: node tools/serve.mjs PORT SUB_PATH [FOLDER]');

await preview({
  root: fileURLToPath(new URL('..', import.meta.url)),
  base,
  build: { outDir },
  // Not `spa`, which would answer a missing file with the page.
  appType: 'mpa',
  preview: { host: '127.0.0.1', port: Number(port), strictPort: true },
  logLevel: 'warn',
});
process.stdout.write(`http://127.0.0.1:${port}${base}\n`);
