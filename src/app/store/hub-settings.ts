/** Which Hub is asked, and the access tokens for it, kept in this browser alone. */
import * as v from 'valibot';

export const HUGGING_FACE = 'https://huggingface.co';
const KEY = 'fastkv.hub';

const schema = v.object({
  hubUrl: v.string(),
  /** By the address that each is for: one Hub's token is never shown to another. */
  tokens: v.record(v.string(), v.string()),
});

export type HubSettings = Readonly<v.InferOutput<typeof schema>>;

export const DEFAULT_HUB: HubSettings = { hubUrl: HUGGING_FACE, tokens: {} };

/** `storage` may throw or forget, as in private windows. */
export function readHubSettings(storage: Pick<Storage, 'getItem'>): HubSettings {
  try {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), storage.getItem(KEY));
    return parsed.success && hubUrlFrom(parsed.output.hubUrl) !== undefined ? parsed.output : DEFAULT_HUB;
  } catch {
    return DEFAULT_HUB;
  }
}

export function writeHubSettings(storage: Pick<Storage, 'setItem'>, settings: HubSettings): void {
  try {
    storage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Then they last as long as the page.
  }
}

/** An address as a HubModel has it, without a slash at the end; undefined for what is no web address. */
export function hubUrlFrom(text: string): string | undefined {
  const written = text.trim();
  const withScheme = /^[a-z]+:\/\//i.test(written) ? written : `https://${written}`;
  if (written === '' || !URL.canParse(withScheme)) return undefined;
  const { protocol, username, origin, pathname } = new URL(withScheme);
  if (!/^https?:$/.test(protocol) || username !== '') return undefined;
  return (origin + pathname).replace(/\/+$/, '');
}

/** The token for a stored model, whose key begins with the address that it came from. */
export const tokenForKey = ({ tokens }: HubSettings, key: string): string | undefined =>
  Object.entries(tokens).find(([hubUrl]) => key.startsWith(`${hubUrl}/`))?.[1];
