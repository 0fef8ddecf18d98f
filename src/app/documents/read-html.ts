import TurndownService from 'turndown';
import { DocumentError } from './document-text';

/** Shown to nobody, or no text. */
const DROPPED = [
  'script, style, noframes, noscript, template, iframe, object, embed, canvas, svg, math, audio, video, picture > source',
  'select, button, input, textarea, dialog:not([open])',
  '[hidden], [aria-hidden="true"]',
].join(', ');

/** Markdown of a web page. The document is inert: its scripts never run, its images and styles are never fetched. */
export function readHtml(html: string): string {
  return toMarkdown(new DOMParser().parseFromString(withoutEffects(html), 'text/html'));
}

const TAG = /<[a-z][^<>]*>/gi;
const ATTRIBUTE = /([^\s"'/=]+)(\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+))?/g;
/** Parsed by the same rules. */
const STYLE_ELEMENT = /<(\/?)style(?![a-z])/gi;
/** Nothing that a page itself would name so. */
const RENAMED = 'fastkv-';
const HIDING = `[style], [${RENAMED}style]`;

/**
 * Styles and handlers under names that mean nothing. An inert document too holds to the policy of the page that parses it,
 * and fills the console with what it refuses. A tag with < or > in a value may keep its own: they are refused there.
 */
export const withoutEffects = (html: string): string =>
  html
    .replace(TAG, (tag) =>
      tag.replace(ATTRIBUTE, (attribute, name: string) =>
        /^(style|on[a-z]+)$/i.test(name) ? RENAMED + attribute : attribute,
      ),
    )
    .replace(STYLE_ELEMENT, '<$1noframes');

/** Takes what is hidden out of `page`. Throws `damaged` for one that nests too deeply to be walked. */
export function toMarkdown(page: Document): string {
  for (const element of page.querySelectorAll(DROPPED)) element.remove();
  for (const element of page.querySelectorAll(HIDING)) if (isHidden(element)) element.remove();
  const title = page.title.replace(/\s+/g, ' ').trim();
  const heading = title === '' || page.querySelector('h1') ? '' : `# ${title}\n\n`;
  try {
    const text = converter().turndown(page.body).trim();
    return text === '' ? '' : heading + text;
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new DocumentError('damaged', 'its elements are nested too deeply.');
  }
}

/** Only by the element itself: the stylesheets of a page that was saved are not read. */
function isHidden(element: Element): boolean {
  const style = element.getAttribute(`${RENAMED}style`) ?? element.getAttribute('style') ?? '';
  return /(^|[;\s])(display\s*:\s*none|visibility\s*:\s*hidden)/i.test(style);
}

function converter(): TurndownService {
  const service = new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
  });
  // A picture is what it is said to show; its address may be a megabyte of data.
  service.addRule('picture', { filter: 'img', replacement: (_, node) => altOf(node).trim() });
  service.addRule('anchor', {
    filter: 'a',
    replacement(text, node) {
      const address = (node as Element).getAttribute('href') ?? '';
      return /^(https?|mailto):/i.test(address) && text.trim() !== '' ? `[${text}](${address})` : text;
    },
  });
  service.addRule('cell', {
    filter: ['td', 'th'],
    replacement: (text, node) => `${text.trim().replace(/\s*\n\s*/g, ' ')}${isLast(node) ? '' : ' | '}`,
  });
  service.addRule('row', { filter: 'tr', replacement: (text) => `${text.trim()}\n` });
  return service;
}

const altOf = (node: Node) => (node as Element).getAttribute('alt') ?? '';
const isLast = (node: Node) => (node as Element).nextElementSibling === null;
