import { describe, expect, it } from 'vitest';
import {
  composeFirst,
  EMPTY_CONVERSATION,
  promptOf,
  settled,
  withoutTurn,
  type AnswerProgress,
  type Conversation,
  type Message,
} from './conversation';

const DOCUMENT = { name: 'notes.txt', text: 'The lamp is silver.', tokens: 5, questions: [] };
const DONE: AnswerProgress = { state: 'done', stopReason: 'end' };

/** A conversation of questions and answers; an answer in the making is given as its state. */
function conversation(...turns: [question: string, answer: string | AnswerProgress][]): Conversation {
  const messages: Message[] = turns.flatMap(([question, answer], index) => {
    const text = typeof answer === 'string' ? answer : '';
    const state = typeof answer === 'string' ? DONE : answer;
    return [
      { id: `q${index}`, role: 'user', question },
      { id: `a${index}`, role: 'assistant', text, answer: state, figures: {} },
    ];
  });
  return {
    ...EMPTY_CONVERSATION,
    order: messages.map(({ id }) => id),
    messages: Object.fromEntries(messages.map((message) => [message.id, message])),
  };
}

it('puts the document before the question, an empty line between them', () => {
  expect(composeFirst(DOCUMENT, 'What color is it?')).toBe('The lamp is silver.\n\nWhat color is it?');
  expect(composeFirst(undefined, 'Hello?')).toBe('Hello?');
});

describe('the prompt', () => {
  it('is the whole conversation, the document at the head of its first question only', () => {
    const talk = conversation(
      ['What color?', 'Silver.'],
      ['Who keeps it?', { state: 'reading', progress: undefined }],
    );
    expect(promptOf({ ...talk, document: DOCUMENT })).toEqual([
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
    expect(promptOf({ ...talk, document: DOCUMENT })).toEqual([
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
});

it('settles a running answer as stopped and leaves a finished conversation alone', () => {
  const talk = { ...conversation(['What?', { state: 'writing' }]), activeId: 'a0' };
  const after = settled(talk);
  expect(after.activeId).toBeUndefined();
  expect(after.messages['a0']).toMatchObject({ answer: { state: 'done', stopReason: 'stopped' } });
  expect(settled(after)).toBe(after);
});

it('takes out an answer together with its question', () => {
  const talk = withoutTurn(conversation(['One', '1'], ['Two', '2']), 'a0');
  expect(talk.order).toEqual(['q1', 'a1']);
  expect(Object.keys(talk.messages)).toEqual(['q1', 'a1']);
});
