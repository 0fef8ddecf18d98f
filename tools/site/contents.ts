/** What the build's chunks are made of, and which of them a first visit loads. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'vite';

export interface Chunk {
  /** Of an entry, the module that it begins with, below the repository. */
  readonly entry: string | undefined;
  /** Files that come with it: what it imports at once, and its style sheets. */
  readonly brings: readonly string[];
  /** Names of the npm packages that it holds code of. */
  readonly packages: readonly string[];
}

export interface Contents {
  readonly chunks: Readonly<Record<string, Chunk>>;
  readonly firstVisit: readonly string[];
}

/** A first visit opens the page, the engine and the library; all else is fetched when it is needed. */
const FIRST = ['index.html', 'src/engine/worker.ts', 'src/library/worker.ts'];

/** Where the last build's contents are written, for the journeys. Not a part of the site. */
const FILE = '.cache/contents.json';

/** Collects over the page's build and over those of its workers, of which Vite makes one each. */
export class BuildContents {
  readonly #chunks: Record<string, Chunk> = {};

  firstVisit(): ReadonlySet<string> {
    const found = new Set<string>();
    const visit = (file: string) => {
      if (found.has(file)) return;
      found.add(file);
      this.#chunks[file]?.brings.forEach(visit);
    };
    for (const [file, { entry }] of Object.entries(this.#chunks))
      if (entry !== undefined && FIRST.includes(entry)) visit(file);
    return found;
  }

  plugin(): Plugin {
    let root = '';
    return {
      name: 'build-contents',
      apply: 'build',
      configResolved: (config) => void (root = config.root),
      generateBundle: (_options, bundle) => {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type !== 'chunk') continue;
          this.#chunks[chunk.fileName] = {
            entry:
              chunk.isEntry && chunk.facadeModuleId !== null
                ? relative(root, chunk.facadeModuleId)
                : undefined,
            brings: [...chunk.imports, ...(chunk.viteMetadata?.importedCss ?? [])],
            packages: packagesOf(chunk.moduleIds),
          };
        }
      },
      closeBundle: () => {
        const contents: Contents = { chunks: this.#chunks, firstVisit: [...this.firstVisit()] };
        const file = join(root, FILE);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, JSON.stringify(contents, undefined, 1));
      },
    };
  }
}

function packagesOf(moduleIds: readonly string[]): readonly string[] {
  const names = moduleIds.map((id) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}
