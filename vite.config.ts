import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { BuildContents } from './tools/site/contents.ts';
import { offline } from './tools/site/offline.ts';
import { contentSecurityPolicy } from './tools/site/policy.ts';

const contents = new BuildContents();

export default defineConfig({
  // Relative, so that dist/ works from any sub-path of any static host.
  base: './',
  plugins: [react(), contentSecurityPolicy(), contents.plugin(), offline(contents)],
  worker: { format: 'es', plugins: () => [contents.plugin()] },
  // A journey holds the whole first visit to its budget, compressed.
  build: { target: 'es2022', chunkSizeWarningLimit: 1000 },
});
