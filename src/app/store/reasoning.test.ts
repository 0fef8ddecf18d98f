import { Template } from '@huggingface/jinja';
import { describe, expect, it } from 'vitest';
import { answerOf, splitReasoning } from './reasoning';

it('tells thought and answer apart', () => {
  expect(splitReasoning('<think>\nSo.\n</think>\n\nYes.')).toEqual({
    reasoning: 'So.',
    isOpen: false,
    answer: 'Yes.',
  });
  expect(splitReasoning('Yes.')).toEqual({ reasoning: undefined, isOpen: false, answer: 'Yes.' });
});

it('shows nothing of a tag that is being written, and no thought as an answer', () => {
  const text = '<think>\nFirst <b.\n</think>\nYes.';
  for (let end = 1; end < text.indexOf('</think>') + 8; end += 1) {
    const { reasoning = '', answer } = splitReasoning(text.slice(0, end));
    expect(answer, text.slice(0, end)).toBe('');
    expect('First <b.'.startsWith(reasoning), reasoning).toBe(true);
  }
});

it('leaves a thought open that was never ended', () => {
  expect(splitReasoning('<think>\nSo')).toEqual({ reasoning: 'So', isOpen: true, answer: '' });
});

it('finds no thought in an empty one, and none in an answer that speaks of the tags', () => {
  expect(splitReasoning('<think>\n\n</think>\n\nYes.')).toMatchObject({
    reasoning: undefined,
    answer: 'Yes.',
  });
  const text = 'Models write `<think>` and </think>.';
  expect(splitReasoning(text)).toEqual({ reasoning: undefined, isOpen: false, answer: text });
});

describe('a history without thoughts is what a template makes of one with them', () => {
  // The parts of their chat templates that write answers of the past.
  const templates = {
    qwen3: `{%- for message in messages %}{%- if message.role == "user" %}{{- '<|im_start|>user\\n' + message.content + '<|im_end|>\\n' }}
{%- else %}{%- set content = message.content %}{%- if '</think>' in content %}{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}
{{- '<|im_start|>assistant\\n' + content + '<|im_end|>\\n' }}{%- endif %}{%- endfor %}{{- '<|im_start|>assistant\\n' }}`,
    r1: `{%- for message in messages %}{%- if message.role == 'user' %}{{- '<|User|>' + message.content }}{%- else %}
{%- set content = message.content %}{%- if '</think>' in content %}{%- set content = content.split('</think>')[-1] %}{%- endif %}
{{- '<|Assistant|>' + (content | trim) + '<|end|>' }}{%- endif %}{%- endfor %}{{- '<|Assistant|><think>\\n' }}`,
  };
  for (const [name, source] of Object.entries(templates)) {
    it(name, () => {
      const history = (answer: string) =>
        new Template(source).render({
          messages: [
            { role: 'user', content: 'Why?' },
            { role: 'assistant', content: answer },
            { role: 'user', content: 'And?' },
          ],
        });
      const thought = '<think>\nThey ask why.\n</think>\n\nBecause.';
      expect(history(answerOf(thought))).toBe(history(thought));
      expect(history(thought)).not.toContain('They ask why.');
    });
  }
});
