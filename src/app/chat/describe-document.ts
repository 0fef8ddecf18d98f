import { formatCount, formatTokens } from '../format';
import type { DocumentKind } from '../documents/document-text';
import type { AttachedDocument } from '../store/conversation';

const NAMES: Readonly<Record<DocumentKind, string>> = {
  text: 'Text',
  markdown: 'Markdown',
  table: 'Table',
  json: 'JSON',
  code: 'Code',
  'web page': 'Web page',
  PDF: 'PDF',
  pasted: '',
};

/** What it is and how long: “PDF · 12 pages · 3,410 tokens”. */
export function describe({ kind, pages, tokens }: AttachedDocument): string {
  return [
    kind && NAMES[kind],
    pages && `${formatCount(pages.length)} ${pages.length === 1 ? 'page' : 'pages'}`,
    tokens === undefined ? 'not counted yet' : formatTokens(tokens),
  ]
    .filter(Boolean)
    .join(' · ');
}
