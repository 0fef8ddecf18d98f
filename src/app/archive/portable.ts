/** Conversations as files: JSON that can be brought back whole, Markdown to read. */
import * as v from 'valibot';
import { formatTokens } from '../format';
import { nameOf, type Conversation } from '../store/conversation';
import { answerOf } from '../store/reasoning';
import { messageRow, readConversation, rowOf, type ReadConversation } from './rows';

const FORMAT = 'fastkv-conversations';
const VERSION = 1;

export function toJson(conversations: readonly Conversation[]): string {
  const written = conversations.map((conversation) => ({
    conversation: rowOf(conversation),
    documents: conversation.documents,
    messages: inTime(conversation).map((message) => {
      const { conversationId: _, ...own } = messageRow(conversation.id, message);
      return own;
    }),
  }));
  return `${JSON.stringify({ format: FORMAT, version: VERSION, conversations: written }, null, 1)}\n`;
}

/** Always the same order, whatever the database's. */
const inTime = ({ messages }: Conversation) =>
  Object.values(messages).toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));

/** Whether two that were read from rows hold the same, whichever branch is shown and whatever a model counts. */
export const holdSame = (a: Conversation, b: Conversation): boolean => contentOf(a) === contentOf(b);

function contentOf(conversation: Conversation): string {
  const { title, settings } = conversation;
  const documents = conversation.documents.map(({ tokens: _, ...own }) => own);
  return JSON.stringify([title, settings, documents, inTime(conversation)]);
}

const FILE = v.object({
  format: v.literal(FORMAT),
  version: v.number(),
  conversations: v.array(
    v.object({ conversation: v.unknown(), documents: v.array(v.unknown()), messages: v.array(v.unknown()) }),
  ),
});

/** Throws an error with a sentence for people. */
export function fromJson(text: string): readonly ReadConversation[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('This file is not JSON. Choose one that was exported here.');
  }
  const file = v.safeParse(FILE, json);
  if (!file.success) throw new Error('This file holds no chats. Choose one that was exported here.');
  const { version, conversations } = file.output;
  if (version > VERSION)
    throw new Error(
      'This file comes from a newer version of this page. Reload the page, then import it again.',
    );
  const read = conversations.map((parts, index) => {
    const found = readConversation(parts);
    if (found === undefined)
      throw new Error(`Chat ${index + 1} of this file is damaged, so nothing was imported.`);
    return found;
  });
  if (read.length === 0) throw new Error('There are no chats in this file.');
  return read;
}

/** The shown path; documents by their names. */
export function toMarkdown(conversation: Conversation): string {
  const { documents, order, messages } = conversation;
  const parts = [`# ${nameOf(conversation)}`];
  if (documents.length > 0)
    parts.push(documents.map(({ name, tokens }) => `- ${name}, ${formatTokens(tokens)}`).join('\n'));
  for (const id of order) {
    const message = messages[id];
    if (message?.role === 'user') parts.push('## Question', message.question);
    else {
      const answer = answerOf(message?.text ?? '');
      if (answer !== '') parts.push('## Answer', answer);
    }
  }
  return `${parts.join('\n\n')}\n`;
}
