import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIRST_FOLDER } from '../models/fixtures.test-support';
import { headerTokens } from './header';
import { loadTokenizer } from './tokenizer';

const file = (name: string) => readFileSync(`${FIRST_FOLDER}${name}`, 'utf8');
const tokenizer = loadTokenizer({
  tokenizerJson: file('tokenizer.json'),
  tokenizerConfig: {
    chat_template:
      '{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}',
  },
  V: 1536,
});
const user = (content: string) => ({ role: 'user', content }) as const;
const system = { role: 'system', content: 'Answer in one word.' } as const;

describe('the header of a chat', () => {
  it('is what every chat begins with, whatever the user writes', () => {
    const header = headerTokens(tokenizer, [user('Where is the key?')]);
    const text = tokenizer.decode(
      tokenizer.chat([user('Where is the key?')], { addGenerationPrompt: true }).slice(0, header),
    );
    expect(text).toBe('<|user|>\n');
  });

  it('holds the system message whole, and nothing of later messages', () => {
    const messages = [system, user('One.'), { role: 'assistant', content: 'Two.' } as const, user('Three.')];
    const header = headerTokens(tokenizer, messages);
    const text = tokenizer.decode(tokenizer.chat(messages, { addGenerationPrompt: true }).slice(0, header));
    expect(text).toBe('<|system|>\nAnswer in one word.\n<|user|>\n');
  });
});
