/** Which Hub is asked, and the access tokens for it, kept in this browser alone. */
import * as v from 'valibot';
import { keep, recall, type Memory } from './storage';

export const HUGGING_FACE = 'https://huggingface.co';
const KEY = 'fastkv.hub';

const schema = v.object({
  hubUrl: v.string(),
  /** By the address that each is for: one Hub's token is never shown to another. */
  tokens: v.record(v.string(), v.string()),
});

export type HubSettings = Readonly<v.InferOutput<typeof schema>>;

export const DEFAULT_HUB: HubSettings = { hubUrl: HUGGING_FACE, tokens: {} };

export function readHubSettings(memory: Memory): HubSettings {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), recall(memory, KEY));
  return parsed.success && hubUrlFrom(parsed.output.hubUrl) !== undefined ? parsed.output : DEFAULT_HUB;
}

export function writeHubSettings(memory: Memory, settings: HubSettings): void {
  keep(memory, KEY, JSON.stringify(settings));
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
