import { expect, it } from 'vitest';
import type { ChatMessage, SendRequest } from '../protocol';
import { EventBatch } from './event-batch';
import type { TokenId } from './shapes';
import { config, tokenizerJson, V } from './tokenizer/samples';
import { loadTokenizer } from './tokenizer/tokenizer';
import { Turn, type ChatModel } from './turn';

const QUESTION: ChatMessage = { role: 'user', content: 'Why?' };

/** A turn of a model whose template ends like this, and that answers like that. */
async function turnOf(generationPrompt: string, answer: string, messages: readonly ChatMessage[]) {
  const template = `{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}${generationPrompt}{% endif %}`;
  const tokenizer = loadTokenizer({
    tokenizerJson,
    tokenizerConfig: { ...config, chat_template: template },
    V,
  });
  const prompts: string[] = [];
  const session = {
    memory: () => ({}),
    run: (prompt: readonly TokenId[], { onToken }: { onToken: (id: TokenId) => void }) => {
      prompts.push(tokenizer.decode(prompt, { special: true }));
      const tokens = tokenizer.encode(answer, { addSpecialTokens: false });
      for (const id of tokens) onToken(id);
      return { tokens, reusedTokens: 0, stopReason: 'end' };
    },
  };
  const model = { tokenizer, session, info: { kv: {}, sampling: {} }, stopIds: [] } as unknown as ChatModel;
  const shown: string[] = [];
  const batch = new EventBatch((events) => {
    for (const event of events) if (event.type === 'text') shown.push(event.text);
  });
  const request: SendRequest = { messages };
  const { text } = await new Turn(model, request, batch, new AbortController().signal).run();
  batch.flush();
  return { text, shown: shown.join(''), prompt: prompts[0] };
}

it('shows the beginning of a thought that the template wrote', async () => {
  const { text, shown, prompt } = await turnOf('bot: <think>\n', 'So.</think>Yes.', [QUESTION]);
  expect(prompt).toMatch(/bot: <think>\n$/);
  expect(text).toBe('<think>\nSo.</think>Yes.');
  expect(shown).toBe(text);
});

it('shows no thought that the template did not begin, or that it ended', async () => {
  expect((await turnOf('bot: ', 'Yes.', [QUESTION])).text).toBe('Yes.');
  expect((await turnOf('<think></think>', 'Yes.', [QUESTION])).text).toBe('Yes.');
});

it('goes on with a thought without beginning it twice', async () => {
  const begun: ChatMessage = { role: 'assistant', content: '<think>\nSo' };
  const { text, prompt } = await turnOf('bot: <think>\n', ' it is.', [QUESTION, begun]);
  expect(prompt).toMatch(/bot: <think>\nSo$/);
  expect(text).toBe(' it is.');
});
