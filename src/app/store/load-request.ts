import type { EngineFailure, LoadRequest, ModelSource, Profile, WeightForm } from '../../protocol';

export const DTYPES = ['f16', 'f32', 'q8', 'q4'] as const satisfies readonly WeightForm[];
export const PROFILES = ['portable', 'fast', 'software'] as const satisfies readonly Profile[];

export const DEMO_FOLDER = 'models/demo/';
export const DEMO_NAME = 'Demo model';

/** What a model can be read from among the demo's files: told, so that no optional file is looked for in vain. */
export const DEMO_FILES = [
  'config.json',
  'fastkv.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
] as const;

const demoUrl = (pageUrl: string): string => new URL(DEMO_FOLDER, pageUrl).href;

/** For the model that comes with the page. */
export const demoRequest = (pageUrl: string, dtype?: WeightForm): LoadRequest => ({
  source: { kind: 'site', baseUrl: demoUrl(pageUrl), files: DEMO_FILES },
  name: DEMO_NAME,
  ...(dtype && { dtype }),
});

/** Where to go instead of what failed: the model, or its form, that was there before; else the demo; else nowhere. */
export function wayBack(
  failed: LoadRequest | undefined,
  before: LoadRequest | undefined,
  demo: LoadRequest,
): LoadRequest | undefined {
  if (failed === undefined) return before ?? demo;
  if (before && !(isSameSource(before.source, failed.source) && before.dtype === failed.dtype)) return before;
  return isSameSource(demo.source, failed.source) ? undefined : demo;
}

/** Files are compared by their choosing, everything else by what it says. */
export const isSameSource = (one: ModelSource, other: ModelSource): boolean =>
  one === other || (one.kind !== 'files' && JSON.stringify(one) === JSON.stringify(other));

type Wish = { readonly request: LoadRequest } | { readonly refused: EngineFailure };

/** What the address asks for: `?model=FOLDER&dtype=f16|f32|q8|q4&profile=portable|fast|software`, the demo by default. */
export function loadRequestFrom(search: string, pageUrl: string): Wish {
  const query = new URLSearchParams(search);
  const folder = folderUrl(query.get('model') ?? DEMO_FOLDER, pageUrl);
  if (folder === undefined) return refuse(`model=${query.get('model')}`, 'a folder of this site');
  const dtype = query.get('dtype');
  if (dtype !== null && !isOneOf(DTYPES, dtype)) return refuse(`dtype=${dtype}`, DTYPES.join(', '));
  const profile = query.get('profile');
  if (profile !== null && !isOneOf(PROFILES, profile))
    return refuse(`profile=${profile}`, PROFILES.join(', '));
  return {
    request: {
      source:
        folder.href === demoUrl(pageUrl)
          ? demoRequest(pageUrl).source
          : { kind: 'site', baseUrl: folder.href },
      name: query.has('model') ? lastSegment(folder) : DEMO_NAME,
      ...(dtype !== null && { dtype }),
      ...(profile !== null && { profile }),
    },
  };
}

/** Undefined for another host: a link must not make the page talk to strangers. */
function folderUrl(folder: string, pageUrl: string): URL | undefined {
  if (!URL.canParse(folder, pageUrl)) return undefined;
  const url = new URL(folder, pageUrl);
  if (url.origin !== new URL(pageUrl).origin) return undefined;
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function lastSegment(folder: URL): string {
  const name = folder.pathname.split('/').at(-2);
  if (name === undefined || name === '') return folder.host;
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // an escape that stands for nothing is shown as it is
  }
}

function isOneOf<T extends string>(allowed: readonly T[], value: string): value is T {
  return (allowed as readonly string[]).includes(value);
}

function refuse(found: string, needed: string): Wish {
  return {
    refused: {
      code: 'bad-argument',
      message: `The address asks for ${found}, but this page takes ${needed}. Correct the address and reload.`,
    },
  };
}
