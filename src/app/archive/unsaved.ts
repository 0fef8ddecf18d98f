/** What could not be written down of a conversation, kept when another tab's version of it takes its place. */
import { childrenOf, pathTo } from '../store/branches';
import type { Conversation, Message } from '../store/conversation';

export type Unsaved = Pick<Conversation, 'messages' | 'order' | 'documents'>;

/** Undefined where everything is `stored`. By identity, as the keeper writes. */
export function unsavedOf(now: Conversation, stored: Conversation | undefined): Unsaved | undefined {
  const messages = Object.fromEntries(
    Object.entries(now.messages)
      .filter(([id, message]) => stored?.messages[id] !== message)
      // With what they follow, which another tab may have deleted.
      .flatMap(([id]) => pathTo(now.messages, id))
      .flatMap((id) => (now.messages[id] ? [[id, now.messages[id]] as const] : [])),
  );
  const known = new Set(stored?.documents.map(({ id }) => id));
  const documents = now.documents.filter(({ id }) => !known.has(id));
  if (Object.keys(messages).length === 0 && documents.length === 0) return undefined;
  return { messages, order: now.order, documents };
}

/** Beside what the other tab made of it: a branch of its own where both went on from the same place, and the one shown. */
export function withUnsaved(theirs: Conversation, { order, ...mine }: Unsaved): Conversation {
  const messages = { ...theirs.messages };
  for (const [id, message] of Object.entries(mine.messages)) {
    const other = messages[id];
    if (other === undefined || wordsOf(message) > wordsOf(other)) messages[id] = message;
  }
  const known = new Set(theirs.documents.map(({ id }) => id));
  const last = order.at(-1);
  return {
    ...theirs,
    messages,
    children: childrenOf(messages),
    order: last !== undefined && last in mine.messages ? pathTo(messages, last) : theirs.order,
    documents: [...theirs.documents, ...mine.documents.filter(({ id }) => !known.has(id))],
  };
}

const wordsOf = (message: Message): number =>
  message.role === 'assistant' ? message.text.length : message.question.length;
