/** The built site on a host of its own, which a journey may shut down and renew. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, serveSite, type ServedSite } from '../tools/built-site';

const SUB_PATH = '/renewed/';

export interface SiteServer {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Deploys the site anew, with a page of this title. */
  renew(title: string): void;
  /** Stops, and deletes the site. */
  close(): Promise<void>;
}

/** A copy of dist/, not yet served. */
export async function copiedSite(): Promise<SiteServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'fastkv-site-'));
  cpSync('dist', folder, { recursive: true });
  let served: ServedSite | undefined;
  let version = 0;

  const edit = (file: string, change: (text: string) => string) => {
    const path = join(folder, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };

  const stop = async () => {
    await served?.stop();
    served = undefined;
  };

  return {
    url: `http://127.0.0.1:${port}${SUB_PATH}`,
    async start() {
      served = await serveSite(port, SUB_PATH, folder);
    },
    stop,
    renew(title) {
      edit('index.html', (html) => html.replace(/<title>.*<\/title>/, `<title>${title}</title>`));
      // As a build would: the page's revision changes in the list that the service worker carries.
      version += 1;
      edit('sw.js', (script) => {
        const renewed = script.replace(
          /"revision":"\w+","url":"index.html"/,
          `"revision":"v${version}","url":"index.html"`,
        );
        if (renewed === script) throw new Error('sw.js does not list index.html with a revision');
        return renewed;
      });
    },
    async close() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}
