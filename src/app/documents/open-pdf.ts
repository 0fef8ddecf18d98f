/** pdf.js as the page has it: a part of its own that is fetched with the first PDF, and a worker for each file. */
import { getDocument, PDFWorker } from 'pdfjs-dist/legacy/build/pdf.mjs';
import Worker from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?worker';
import type { OpenPdf } from './read-pdf';

/** Tables of the East Asian encodings: each a file of its own, asked for by the PDFs that use it. */
const CMAPS = import.meta.glob<string>('/node_modules/pdfjs-dist/cmaps/*.bcmap', {
  query: '?url&no-inline',
  import: 'default',
  eager: true,
});

class CMaps {
  async fetch({ kind, filename }: { readonly kind: string; readonly filename: string }): Promise<Uint8Array> {
    const url = kind === 'cMapUrl' ? CMAPS[`/node_modules/pdfjs-dist/cmaps/${filename}`] : undefined;
    // Only drawing would need the rest: fonts and decoders of pictures.
    if (url === undefined) throw new Error(`${filename} is not needed for text`);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${filename}: HTTP ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }
}

export const openPdf: OpenPdf = (data) => {
  const thread = new Worker();
  const worker = PDFWorker.create({ port: thread });
  const task = getDocument({
    data,
    worker,
    BinaryDataFactory: CMaps,
    useWorkerFetch: false,
    // Any name will do: which file it is, CMaps knows.
    cMapUrl: '/',
    // No font is drawn with, so none is made.
    disableFontFace: true,
    useSystemFonts: true,
    isEvalSupported: false,
    useWasm: false,
    verbosity: 0,
  });
  return {
    pdf: task.promise,
    close() {
      task.destroy().catch(() => undefined);
      worker.destroy();
      thread.terminate();
    },
  };
};
