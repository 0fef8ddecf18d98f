import { describe, expect, it } from 'vitest';
import {
  composeFirst,
  emptyConversation,
  pendingDocuments,
  promptOf,
  settled,
  titleFrom,
  type AnswerProgress,
  type Conversation,
  type Message,
} from './conversation';

const DOCUMENT = { id: 'd', name: 'notes.txt', text: 'The lamp is silver.', tokens: 5, questions: [] };
const OTHER = { ...DOCUMENT, id: 'e', name: 'more.txt', text: 'The door is red.' };
const DONE: AnswerProgress = { state: 'done', stopReason: 'end' };

/** A conversation of questions and answers; an answer in the making is given as its state. */
function conversation(...turns: [question: string, answer: string | AnswerProgress][]): Conversation {
  const messages: Message[] = turns.flatMap(([question, answer], index) => {
    const text = typeof answer === 'string' ? answer : '';
    const state = typeof answer === 'string' ? DONE : answer;
    const [q, a] = [`q${index}`, `a${index}`];
    const parentId = index === 0 ? undefined : `a${index - 1}`;
    return [
      { id: q, role: 'user', parentId, createdAt: index, question, documentIds: [] },
      { id: a, role: 'assistant', parentId: q, createdAt: index, text, answer: state, figures: {} },
    ];
  });
  return {
    ...emptyConversation(),
    order: messages.map(({ id }) => id),
    messages: Object.fromEntries(messages.map((message) => [message.id, message])),
  };
}

it('puts the document before the question, an empty line between them', () => {
  expect(composeFirst([DOCUMENT], 'What color is it?')).toBe('The lamp is silver.\n\nWhat color is it?');
  expect(composeFirst([], 'Hello?')).toBe('Hello?');
});

it('puts several documents one after the other, each below its name', () => {
  expect(composeFirst([DOCUMENT, OTHER], 'What color?')).toBe(
    '# notes.txt\n\nThe lamp is silver.\n\n# more.txt\n\nThe door is red.\n\nWhat color?',
  );
});

describe('the prompt', () => {
  it('leaves out what was thought before an answer, and a turn that came to no more', () => {
    const talk = conversation(
      ['Why?', '<think>They ask.</think>Because.'],
      ['How?', '<think>Hm'],
      ['And?', { state: 'reading', progress: undefined }],
    );
    expect(promptOf(talk).map(({ content }) => content)).toEqual(['Why?', 'Because.', 'And?']);
  });

  it('goes on with an answer and the thought before it', () => {
    const begun = '<think>They ask.</think>Bec';
    expect(promptOf(conversation(['Why?', begun])).at(-1)).toEqual({ role: 'assistant', content: begun });
  });

  it('is the whole conversation, the document at the head of its first question only', () => {
    const talk = conversation(
      ['What color?', 'Silver.'],
      ['Who keeps it?', { state: 'reading', progress: undefined }],
    );
    expect(promptOf({ ...talk, documents: [DOCUMENT] })).toEqual([
      { role: 'user', content: 'The lamp is silver.\n\nWhat color?' },
      { role: 'assistant', content: 'Silver.' },
      { role: 'user', content: 'Who keeps it?' },
    ]);
  });

  it('leaves out questions that got no word, and moves the document to the first that is left', () => {
    const talk = conversation(
      ['Stopped while reading', { state: 'done', stopReason: 'stopped' }],
      ['Failed', { state: 'failed', error: { code: 'internal', message: 'no' } }],
      ['What color?', { state: 'reading', progress: undefined }],
    );
    expect(promptOf({ ...talk, documents: [DOCUMENT] })).toEqual([
      { role: 'user', content: 'The lamp is silver.\n\nWhat color?' },
    ]);
  });

  it('keeps the part of an answer that was stopped', () => {
    const talk = conversation(
      ['Tell me', 'Once upon'],
      ['And then?', { state: 'reading', progress: undefined }],
    );
    expect(promptOf(talk).map(({ content }) => content)).toEqual(['Tell me', 'Once upon', 'And then?']);
  });

  it('begins with the system message, where there is one to give', () => {
    const talk = conversation(['Tell me', 'Once upon']);
    const systemOf = (system: string) =>
      promptOf({ ...talk, documents: [DOCUMENT], settings: { system } })[0];
    expect(systemOf('Be brief.')).toEqual({ role: 'system', content: 'Be brief.' });
    expect(systemOf(' ')).toEqual({ role: 'user', content: 'The lamp is silver.\n\nTell me' });
  });
});

it('settles a running answer as stopped and leaves finished messages alone', () => {
  const { messages } = conversation(['What?', { state: 'writing' }]);
  const after = settled(messages, 'a0');
  expect(after['a0']).toMatchObject({ answer: { state: 'done', stopReason: 'stopped' } });
  expect(settled(after, undefined)).toBe(after);
});

it('takes for pending the documents that no question on the shown path brought', () => {
  const talk = conversation(['What?', 'That.']);
  const q0 = { ...talk.messages['q0'], documentIds: ['d'] } as Message;
  const held = { ...talk, documents: [DOCUMENT, OTHER], messages: { ...talk.messages, q0 } };
  expect(pendingDocuments(held)).toEqual([OTHER]);
  expect(pendingDocuments({ ...held, order: [] })).toEqual([DOCUMENT, OTHER]);
});

it('makes a title of a question: one line, ended at a word', () => {
  expect(titleFrom(' What color\n is the lamp? ')).toBe('What color is the lamp?');
  const long = 'Which of the keepers of the northern light, who came by boat, is the oldest of them all?';
  expect(titleFrom(long)).toBe('Which of the keepers of the northern light, who came by…');
  expect(titleFrom('x'.repeat(80))).toBe(`${'x'.repeat(60)}…`);
});
