/** Looking for words in every conversation. */
import { answerOf } from '../store/reasoning';
import type { Archive } from './archive';

export interface Summary {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

export const summaryOf = ({ id, name, updatedAt }: Summary): Summary => ({ id, name, updatedAt });

/** The last changed first. */
export const sorted = (list: readonly Summary[]): readonly Summary[] =>
  list.toSorted((a, b) => b.updatedAt - a.updatedAt);

export interface Found {
  readonly id: string;
  /** Around the first place where it was found; undefined where that is the title. */
  readonly excerpt: string | undefined;
}

const AROUND = 40;

/** Conversations with these words, in lower case, in their title or in a message. */
export async function find(
  archive: Archive,
  list: readonly Summary[],
  words: string,
): Promise<readonly Found[]> {
  const excerpts = new Map<string, string>();
  await archive.eachMessage((row) => {
    const { conversationId, question, text } = row as Record<string, unknown>;
    const said =
      typeof question === 'string' ? question : typeof text === 'string' ? answerOf(text) : undefined;
    if (typeof conversationId !== 'string' || said === undefined || excerpts.has(conversationId)) return;
    const at = said.toLocaleLowerCase().indexOf(words);
    if (at < 0) return;
    const from = Math.max(0, at - AROUND);
    const to = at + words.length + AROUND;
    excerpts.set(
      conversationId,
      `${from > 0 ? '…' : ''}${said.slice(from, to).replace(/\s+/g, ' ')}${to < said.length ? '…' : ''}`,
    );
  });
  return list.flatMap(({ id, name }): Found[] => {
    if (name.toLocaleLowerCase().includes(words)) return [{ id, excerpt: undefined }];
    const excerpt = excerpts.get(id);
    return excerpt === undefined ? [] : [{ id, excerpt }];
  });
}
