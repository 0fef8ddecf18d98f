import react from '@vitejs/plugin-react';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { defineConfig } from 'vite';
import { BuildContents } from './tools/site/contents.ts';
import { offline } from './tools/site/offline.ts';
import { contentSecurityPolicy } from './tools/site/policy.ts';

/** KaTeX as rehype-katex brings it. Its plugin parses style attributes, which the page's own policy forbids; KaTeX itself sets none. */
const katex = dirname(
  createRequire(createRequire(import.meta.url).resolve('rehype-katex')).resolve('katex/package.json'),
);

const contents = new BuildContents();

export default defineConfig({
  // Relative, so that dist/ works from any sub-path of any static host.
  base: './',
  plugins: [react(), contentSecurityPolicy(), contents.plugin(), offline(contents)],
  resolve: { alias: { katex } },
  worker: { format: 'es', plugins: () => [contents.plugin()] },
  // A journey holds the whole first visit to its budget, compressed.
  build: { target: 'es2022', chunkSizeWarningLimit: 1000 },
});
