/** The service worker and the web manifest of the built page. */
import type { Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import type { KeptFile } from '../../src/service-worker/kept-file.ts';
import type { BuildContents } from './contents.ts';

const MANIFEST = {
  name: 'FastKV Chat',
  short_name: 'FastKV',
  description: 'Chat with a long document in your browser. The model runs on your own graphics card.',
  lang: 'en',
  // Relative to the manifest, so that any sub-path will do.
  start_url: './',
  scope: './',
  display: 'standalone',
  theme_color: '#fbfaf7',
  background_color: '#fbfaf7',
  icons: [
    { src: 'favicon.svg', sizes: 'any', type: 'image/svg+xml' },
    { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
    { src: 'icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
} as const;

/** The demo's weights; Workbox leaves larger files out, and says so. */
const LARGEST_BYTES = 24 * 1024 * 1024;

export function offline(contents: BuildContents): Plugin[] {
  return VitePWA({
    strategies: 'injectManifest',
    srcDir: 'src/service-worker',
    filename: 'sw.ts',
    // The page registers it itself, after its model is loaded.
    injectRegister: false,
    manifest: { ...MANIFEST, icons: [...MANIFEST.icons] },
    includeManifestIcons: false,
    injectManifest: {
      globPatterns: [
        'index.html',
        'favicon.svg',
        'icon-*.png',
        // Not its README.md, which the page does not read.
        'models/demo/*.{json,safetensors}',
        // No .wasm: an ONNX runtime that a package brings along is never to be fetched.
        'assets/**/*.{js,mjs,css,woff2}',
      ],
      maximumFileSizeToCacheInBytes: LARGEST_BYTES,
      manifestTransforms: [
        (entries) => {
          const first = contents.firstVisit();
          const manifest = entries.map((entry) => {
            const later = entry.url.startsWith('assets/') && !first.has(entry.url);
            return { ...entry, later } satisfies KeptFile;
          });
          return { manifest };
        },
      ],
    },
  });
}
