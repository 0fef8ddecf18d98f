import { expect, it } from 'vitest';
import { completed } from './growing';
import { openMarks } from './paragraph';
import { ANSWERS } from './samples.test-support';

it('emphasises from the first letter on', () => {
  expect(completed('a **bo')).toBe('a **bo**');
  expect(completed('a **bo _it')).toBe('a **bo _it_**');
  expect(completed('a **bo *it*')).toBe('a **bo *it***');
  expect(completed('a **bo *it***')).toBe('a **bo *it***');
  expect(completed('a `co')).toBe('a `co`');
  expect(completed('snake_case_')).toBe('snake_case');
  expect(completed('2 * 3')).toBe('2 * 3');
});

it('shows nothing of a mark before what it marks', () => {
  expect(completed('a **')).toBe('a');
  expect(completed('a **bold** `')).toBe('a **bold**');
  expect(completed('a **bold *')).toBe('a **bold**');
});

it('shows the text of a link before its address', () => {
  expect(completed('see [the pa')).toBe('see the pa');
  expect(completed('see [the page](https://exa')).toBe('see the page');
  expect(completed('see **[the page](https://exa')).toBe('see **the page**');
  expect(completed('see [the page](https://a.org)')).toBe('see [the page](https://a.org)');
  expect(completed('an array[0] and [x] too')).toBe('an array[0] and [x] too');
});

it('waits with a last line that may become anything', () => {
  for (const last of ['-', '---', '1', '1.', '#', '``', '>', '=', '|', '*', '- ']) {
    expect(completed(`text\n${last}`), last).toBe('text');
  }
  expect(completed('text\n- item')).toBe('text\n- item');
});

it('makes a table of its titles', () => {
  expect(completed('| a | b |')).toBe('| a | b |\n|-|-|');
  expect(completed('| a | b |\n|--')).toBe('| a | b |\n|-|-|');
  expect(completed('| a |\n|---|\n| 1')).toBe('| a |\n|---|\n| 1');
});

it('leaves a formula open until it is closed', () => {
  expect(completed('so $$a_1 + ')).toBe('so $$a_1 +');
});

it('leaves code as it is', () => {
  const code = '- run:\n  ```sh\n  ls *';
  expect(completed(code)).toBe(code);
  expect(completed(`${code}\n  \`\`\`\n- **then`)).toBe(`${code}\n  \`\`\`\n- **then**`);
});

it('leaves nothing open at the end of any beginning of an answer', () => {
  for (const name of ['plain', 'headings', 'emphasis', 'list', 'table', 'quote', 'links', 'late'] as const) {
    const text = ANSWERS[name] ?? '';
    for (let end = 1; end <= text.length; end += 1) {
      const last = completed(text.slice(0, end)).split(/\n\n+/).at(-1) ?? '';
      const open = openMarks(last).filter(({ mark }) => mark !== '[' && mark !== '$$');
      expect(open, JSON.stringify(text.slice(0, end))).toEqual([]);
    }
  }
});
