import { createElement } from 'react';
import { expect, it } from 'vitest';
import { markupOf, pageStores } from '../static-markup.test-support';
import { after, MODEL } from '../store/scripted-engine.test-support';
import { Composer } from './composer';

type Stores = Awaited<ReturnType<typeof pageStores>>['stores'];

async function composerWith(prepare: (stores: Stores) => void) {
  const { stores } = await pageStores(MODEL);
  stores.chat.getState().setDraft('What color?');
  prepare(stores);
  return markupOf(stores, createElement(Composer));
}

const SEND_OFF = /data-testid="send" aria-label="Send" aria-disabled="true"/;
const document = (tokens: number) => ({ name: 'notes.txt', text: 'Notes.', tokens, questions: [] });

it('sends when there is something to send', async () => {
  const html = await composerWith(({ chat }) => chat.getState().attach(document(16_383)));
  expect(html).not.toMatch(SEND_OFF);
  expect(html).not.toContain('send-off');
});

it('says at any width why Send is off while it calibrates, and stops that', async () => {
  const html = await composerWith(({ kv }) =>
    kv.setState({ calibration: { state: 'running', done: 1, total: 9, stopping: false } }),
  );
  expect(html).toMatch(SEND_OFF);
  expect(html).toMatch(/class="composer-hint" data-testid="send-off">Send is off while calibrating/);
  expect(html).toContain('Stop calibrating');
});

it('says why Send is off while another chat is answered, and stops that', async () => {
  const { stores, worker } = await pageStores(MODEL);
  await after(() => void stores.chat.getState().ask('What color?'));
  stores.chat.getState().newChat();
  stores.chat.getState().setDraft('And now?');
  const html = () => markupOf(stores, createElement(Composer));
  expect(html()).toMatch(SEND_OFF);
  expect(html()).toMatch(/data-testid="send-off">Another chat is being answered.*>Stop</);
  await worker.turns[0]?.finish({ text: 'Silver.' });
  expect(html()).not.toMatch(SEND_OFF);
  expect(html()).not.toContain('send-off');
});

it('waits with Send for a file that is still read, and names it', async () => {
  const html = await composerWith(({ attachments }) =>
    attachments.setState({ incoming: [{ id: '1', name: 'long.pdf', state: 'reading', share: 0.5 }] }),
  );
  expect(html).toMatch(SEND_OFF);
  expect(html).toContain('Send waits until long.pdf is read');
});

it('keeps Send off for what is beyond the model, and says so', async () => {
  const html = await composerWith(({ chat }) => chat.getState().attach(document(16_384)));
  expect(html).toMatch(SEND_OFF);
  expect(html).toContain('Too long to send');
});

it('shows what fills the context, part by part, and what is left of it', async () => {
  const html = await composerWith(({ nextTurn }) =>
    nextTurn.setState({ use: { documents: 12_000, conversation: 300, draft: 4 }, assessment: undefined }),
  );
  expect(html).toContain(
    'aria-valuetext="Context: about 12,304 of 16,384\u00a0tokens (documents 12,000, chat 300, draft 4)"',
  );
  expect(html).toMatch(/data-state="room"/);
});
