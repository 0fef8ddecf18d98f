/** A conversation's messages as a tree: each follows one other, and those that follow the same one are branches. */
import type { Conversation, Message } from './conversation';

export type Messages = Readonly<Record<string, Message>>;
/** Ids of the messages that follow each, oldest first; of the first questions under `ROOT`. */
export type Children = Readonly<Record<string, readonly string[]>>;
export type Thread = Pick<Conversation, 'messages' | 'order' | 'children'>;

const ROOT = '';
/** One object, so that a selector finds the same again. */
const NOBODY: readonly string[] = [];

export function childrenOf(messages: Messages): Children {
  // Without a prototype: an imported id may be the name of something that every object has.
  const children = Object.create(null) as Record<string, string[]>;
  const inTime = Object.values(messages).toSorted((a, b) => a.createdAt - b.createdAt);
  for (const { id, parentId = ROOT } of inTime) (children[parentId] ??= []).push(id);
  return children;
}

/** From a first question down to this message. */
export function pathTo(messages: Messages, id: string | undefined): readonly string[] {
  const path: string[] = [];
  const seen = new Set<string>(); // what was stored may be damaged, and go in a circle
  for (let at = id; at !== undefined && !seen.has(at); at = messages[at]?.parentId) {
    if (messages[at] === undefined) break;
    seen.add(at);
    path.push(at);
  }
  return path.reverse();
}

/** The end of what was said last below a message. */
export function newestLeaf(children: Children, id: string): string {
  const seen = new Set<string>();
  let at = id;
  for (let next = children[at]?.at(-1); next !== undefined && !seen.has(next); next = children[at]?.at(-1)) {
    seen.add(next);
    at = next;
  }
  return at;
}

export function siblingsOf({ messages, children }: Omit<Thread, 'order'>, id: string): readonly string[] {
  return followersOf(children, messages[id]?.parentId);
}

/** What follows a message; without one, the first questions. */
export const followersOf = (children: Children, parentId: string | undefined): readonly string[] =>
  children[parentId ?? ROOT] ?? NOBODY;

/** With more messages; the last of them is where the shown path then ends. */
export function grown(thread: Pick<Thread, 'messages'>, ...added: readonly Message[]): Thread {
  const messages = {
    ...thread.messages,
    ...Object.fromEntries(added.map((message) => [message.id, message])),
  };
  return { messages, children: childrenOf(messages), order: pathTo(messages, added.at(-1)?.id) };
}

/** A message and all that follows it, on every branch. */
export function subtreeOf({ messages, children }: Omit<Thread, 'order'>, id: string): readonly Message[] {
  const found: Message[] = [];
  const waiting = [id];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const message = messages[at];
    if (message === undefined) continue;
    found.push(message);
    waiting.push(...(children[at] ?? []));
  }
  return found;
}

/** Without a message and all that follows it. In its place a branch beside it is shown, where there is one. */
export function pruned(thread: Thread, id: string): Thread {
  const gone = new Set(subtreeOf(thread, id).map((message) => message.id));
  const messages = Object.fromEntries(Object.entries(thread.messages).filter(([key]) => !gone.has(key)));
  const children = childrenOf(messages);
  const at = thread.order.indexOf(id);
  if (at === -1) return { messages, children, order: thread.order };
  const siblings = siblingsOf(thread, id);
  const index = siblings.indexOf(id);
  const beside = siblings[index + 1] ?? siblings[index - 1];
  const order =
    beside === undefined ? thread.order.slice(0, at) : pathTo(messages, newestLeaf(children, beside));
  return { messages, children, order };
}

/** The path through the branch that is `step` beside this message; the same where there is none. */
export function orderThrough(thread: Thread, id: string, step: number): readonly string[] {
  const siblings = siblingsOf(thread, id);
  const beside = siblings[siblings.indexOf(id) + step];
  return beside === undefined || !siblings.includes(id)
    ? thread.order
    : pathTo(thread.messages, newestLeaf(thread.children, beside));
}

/** Whether no answer on any branch from here on has a word. */
export function isWordless(thread: Thread, id: string): boolean {
  return subtreeOf(thread, id).every((message) => message.role === 'user' || message.text === '');
}

/**
 * Without the first question of the shown path and its answer: what follows that answer, on every branch, moves up. What
 * else was answered to that question goes too. What was read after it is marked with its tokens. Undefined where nothing
 * would be left of the path.
 */
export function withoutFirst(thread: Thread, tokens: number): Thread | undefined {
  const [questionId = '', answerId = '', ...order] = thread.order;
  if (order.length === 0) return undefined;
  const gone = new Set(subtreeOf(thread, questionId).map(({ id }) => id));
  for (const { id } of subtreeOf(thread, answerId)) if (id !== answerId) gone.delete(id);
  const kept = Object.values(thread.messages).filter(({ id }) => !gone.has(id));
  const messages = Object.fromEntries(
    kept
      .map((message) => (message.parentId === answerId ? { ...message, parentId: undefined } : message))
      .map((message) => [message.id, withDeleted(message, tokens)]),
  );
  return { messages, children: childrenOf(messages), order };
}

function withDeleted(message: Message, tokens: number): Message {
  if (message.role === 'user' || tokens === 0) return message;
  const { deletedTokens = 0 } = message.figures;
  return { ...message, figures: { ...message.figures, deletedTokens: deletedTokens + tokens } };
}
