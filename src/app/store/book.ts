/** The archive, the shown conversation, the list and the other tabs, kept in step. */
import { memoryArchive, reasonOf, wholeOf, type Archive, type ArchiveChange } from '../archive/archive';
import { createKeeper, type Keeper } from '../archive/keeper';
import { holdSame } from '../archive/portable';
import {
  interrupted,
  messageRow,
  readConversation,
  readConversationRow,
  rowOf,
  type ConversationRow,
} from '../archive/rows';
import { sorted, summaryOf, type Summary } from '../archive/search';
import type { TabNews, Tabs } from '../archive/tabs';
import { withUnsaved } from '../archive/unsaved';
import { isAnsweredAway, isAnswering } from './away';
import type { ChatStore } from './chat-store';
import { emptyConversation, isEmpty, type Conversation, type ConversationSettings } from './conversation';
import type { ConversationsState, ConversationsStore } from './conversations-store';
import { keepDrafts, keepEdits } from './drafts';
import { keep, recall, type Memory } from './storage';

export interface ConversationsParts {
  readonly chat: ChatStore;
  readonly archive: Promise<Archive>;
  readonly tabs: Tabs;
  /** Of this tab alone: which conversation a reload comes back to. */
  readonly session: Memory;
  /** What new conversations begin with. */
  readonly newSettings?: () => ConversationSettings;
  /** Of writing a running answer. */
  readonly periodMs?: number;
}

const SHOWN = 'fastkv.conversation';

export class Book {
  readonly chat: ChatStore;
  readonly keeper: Keeper;
  readonly ready: Promise<void>;
  archive: Archive = memoryArchive();
  #following: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: ConversationsParts,
    private readonly store: () => ConversationsStore,
  ) {
    const { chat, tabs, session, periodMs } = parts;
    this.chat = chat;
    this.ready = this.#open();
    this.keeper = createKeeper(chat, (change) => this.#writeShown(change), periodMs);
    chat.subscribe((now, before) => {
      const changed = (['id', 'title', 'documents'] as const).some((key) => now[key] !== before[key]);
      if (changed) keep(session, SHOWN, isEmpty(now) ? '' : now.id);
    });
    tabs.listen((news) => void this.ready.then(() => this.#hear(news)));
  }

  get state(): ConversationsState {
    return this.store().getState();
  }

  set(change: Partial<ConversationsState>): void {
    this.store().setState(change);
  }

  async #open(): Promise<void> {
    this.archive = await this.parts.archive;
    const rows = await this.archive.list();
    const read = rows.flatMap((row) => readConversationRow(row) ?? []);
    const list = sorted([...read.map(summaryOf), ...this.state.list]);
    this.set({ list, persists: this.archive.persists });
    const last = recall(this.parts.session, SHOWN);
    if (last && isEmpty(this.chat.getState()) && read.some(({ id }) => id === last)) await this.show(last);
    keepDrafts(this.chat, this.parts.session);
    keepEdits(this.chat, this.parts.session);
    if (read.length < rows.length) this.#tellSkipped(rows.length - read.length, 'chat');
  }

  async #writeShown(change: ArchiveChange): Promise<void> {
    await this.ready;
    try {
      await this.write(change);
    } catch (thrown) {
      this.chat.getState().sayError(`This chat could not be saved. ${reasonOf(thrown)}`);
      throw thrown;
    }
  }

  async write(change: ArchiveChange): Promise<void> {
    await this.archive.write(change);
    if (change.conversation) this.#list(summaryOf(change.conversation));
    this.parts.tabs.tell({ what: 'changed', id: change.id });
  }

  /** All of a conversation. */
  async put(conversation: Conversation): Promise<void> {
    const { id } = conversation;
    await this.write(
      wholeOf(
        rowOf(conversation),
        Object.values(conversation.messages).map((message) => messageRow(id, message)),
        conversation.documents.map((document) => ({ ...document, conversationId: id })),
      ),
    );
  }

  #list(summary: Summary): void {
    this.set({ list: sorted([summary, ...this.state.list.filter(({ id }) => id !== summary.id)]) });
  }

  async remove(id: string): Promise<void> {
    await this.archive.remove(id);
    this.#unlist(id);
    this.parts.tabs.tell({ what: 'removed', id });
  }

  #unlist(gone: string): void {
    const { list, found } = this.state;
    this.set({
      list: list.filter(({ id }) => id !== gone),
      found: found?.filter(({ id }) => id !== gone),
    });
  }

  #tellSkipped(count: number, what: string): void {
    const more = count === 1 ? `One ${what}` : `${count} ${what}s`;
    this.chat.getState().sayError(`${more} could not be read and ${count === 1 ? 'is' : 'are'} not shown.`);
  }

  async rows(): Promise<readonly ConversationRow[]> {
    return (await this.archive.list()).flatMap((row) => readConversationRow(row) ?? []);
  }

  async row(id: string): Promise<ConversationRow | undefined> {
    return readConversationRow((await this.archive.read(id))?.conversation);
  }

  async read(id: string): Promise<Conversation | undefined> {
    const parts = await this.archive.read(id);
    return (parts && readConversation(parts))?.conversation;
  }

  /** Whether one of `rows` is it, unchanged, itself or as a copy: that has another id and was begun at the same moment. */
  async holds(conversation: Conversation, rows: readonly ConversationRow[]): Promise<boolean> {
    for (const { id, createdAt } of rows) {
      const held = createdAt === conversation.createdAt ? await this.read(id) : undefined;
      if (held && holdSame(interrupted(held), conversation)) return true;
    }
    return false;
  }

  /**
   * From the archive to the page, with what could not be written there. An answer in the making is another tab's, or was cut
   * off.
   */
  async show(id: string): Promise<void> {
    const { away } = this.chat.getState();
    if (away && isAnsweredAway({ away }, id)) return this.chat.getState().show(away.conversation);
    const refused = this.keeper.refused(id);
    const unsaved = refused && this.keeper.unsaved(refused);
    // Asked first: who lets go of it has written down the end.
    const held = await this.parts.tabs.isHeld(id);
    const parts = await this.archive.read(id);
    const stored = parts && readConversation(parts);
    const { show, sayError } = this.chat.getState();
    if (stored === undefined) return refused ? show(refused) : sayError('This chat could not be read.');
    const { conversation, skipped } = stored;
    this.keeper.adopt(conversation);
    const last = held ? conversation : interrupted(conversation);
    show(unsaved ? withUnsaved(last, unsaved) : last);
    if (skipped > 0) this.#tellSkipped(skipped, 'message or document');
    // Not waited for: the other tab may take its time.
    if (held) void this.#watch(id);
  }

  /** In the place of one that is gone. */
  showEmpty(): void {
    this.chat.getState().show(emptyConversation(this.parts.newSettings?.()));
  }

  /** Until the tab that answers is through. */
  async #watch(id: string): Promise<void> {
    this.chat.setState({ elsewhere: true });
    await this.parts.tabs.hold(id, () => Promise.resolve());
    if (this.chat.getState().id !== id) return;
    this.chat.setState({ elsewhere: false });
    await this.#follow(id, interrupted);
  }

  /** Shown, or left while it was answered. */
  #isHere(id: string): boolean {
    const { id: shown, away } = this.chat.getState();
    return shown === id || away?.conversation.id === id;
  }

  /** Of a conversation that is gone nothing more is answered, or written down. */
  abandon(id: string): void {
    if (this.chat.getState().away?.conversation.id !== id) return;
    this.chat.getState().abandon();
    this.chat.setState({ away: undefined });
  }

  /** One after the other: what is kept of this tab has to be written before another version is read. */
  #follow(id: string, as: (stored: Conversation) => Conversation): Promise<void> {
    const follow = this.#following.then(() => this.#takeOver(id, as));
    this.#following = follow.catch(() => undefined);
    return follow;
  }

  async #takeOver(id: string, as: (stored: Conversation) => Conversation): Promise<void> {
    const stored = await this.read(id);
    const { follow, say } = this.chat.getState();
    if (stored === undefined || !this.#isHere(id)) return;
    const isQuiet = this.chat.getState().id === id && !isAnswering(this.chat.getState(), id);
    const unsaved = isQuiet ? this.keeper.unsaved(this.chat.getState()) : undefined;
    this.keeper.adopt(stored);
    if (unsaved === undefined) return follow(as(stored));
    follow(withUnsaved(as(stored), unsaved));
    say('This chat was continued in another tab. What could not be saved here is kept as another version.');
    await this.keeper.flush();
  }

  async #hear({ what, id }: TabNews): Promise<void> {
    const { id: shown, activeId } = this.chat.getState();
    switch (what) {
      case 'began':
        if (shown === id && activeId === undefined) await this.#watch(id);
        return;
      case 'removed':
        this.#unlist(id);
        if (shown !== id) return this.abandon(id);
        this.keeper.forget();
        this.showEmpty();
        this.abandon(id);
        this.chat.getState().say('This chat was deleted in another tab.');
        return;
      case 'changed': {
        const row = await this.row(id);
        if (row) this.#list(summaryOf(row));
        if (this.#isHere(id)) await this.#follow(id, (stored) => stored);
        return;
      }
      default:
        return what satisfies never;
    }
  }
}
