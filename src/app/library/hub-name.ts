/** What a visitor writes or pastes as the name of a model. */
import type { HubModel } from '../../protocol';
import { HUGGING_FACE } from '../store/hub-settings';

export type HubName = Pick<HubModel, 'repo' | 'revision' | 'hubUrl'>;

const REPO = /^[\w.-]{1,96}\/[\w.-]{1,96}$/;
/** First words of addresses on the Hub that are no owners of models. */
const NOT_MODELS = new Set(['datasets', 'spaces', 'docs', 'papers', 'collections', 'models', 'api']);

/**
 * `owner/name`, `owner/name@revision`, or the address of a model's page or of a file in it, on the Hub or on a mirror.
 * Undefined for what is none of these.
 */
export function parseHubName(text: string, hubUrl: string): HubName | undefined {
  const written = text.trim().replace(/^hf:\/\//, '');
  const address = /^(?:https?:\/\/|(?:www\.)?(?:huggingface\.co|hf\.co)\/)/i.test(written);
  if (!address) return named(written, hubUrl);
  const withScheme = /^https?:/i.test(written) ? written : `https://${written}`;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  // A mirror below a path is known only where it is the one that is set.
  const own = withScheme.startsWith(`${hubUrl}/`);
  const base = own ? hubUrl : isHuggingFace(url.hostname) ? HUGGING_FACE : url.origin;
  const path = own ? url.pathname.slice(new URL(hubUrl).pathname.replace(/\/$/, '').length) : url.pathname;
  const [owner = '', name = '', kind, revision] = path.split('/').filter(Boolean).map(decode);
  if (NOT_MODELS.has(owner)) return undefined;
  const at =
    revision !== undefined && ['tree', 'blob', 'resolve', 'commit'].includes(kind!) ? `@${revision}` : '';
  return named(`${owner}/${name}${at}`, base);
}

function named(text: string, hubUrl: string): HubName | undefined {
  const [repo = '', revision = 'main', more] = text.split('@');
  if (!REPO.test(repo) || more !== undefined || !/^[^\s?#%\\]+$/.test(revision)) return undefined;
  if (repo.split('/').some((part) => /^\.+$/.test(part))) return undefined;
  return { repo, revision, hubUrl };
}

const isHuggingFace = (host: string): boolean => /^(www\.)?(huggingface\.co|hf\.co)$/i.test(host);

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
