import { expect, it } from 'vitest';
import { plainText } from './plain-text';

it('leaves the words of Markdown without its marks', () => {
  expect(plainText('**It is** *silver*, and ***very*** ~~new~~ __old__.')).toBe(
    'It is silver, and very new old.',
  );
  expect(plainText('(**So**) “*it*” is: `a_b` and **`c`**.')).toBe('(So) “it” is: a_b and c.');
  expect(plainText('## A heading\n\n> quoted\n\n- one\n* two\n1. three')).toBe(
    'A heading\nquoted\none\ntwo\n1. three',
  );
  expect(plainText('See [the lease](https://example.org/a_b) and ![a map](map.png).')).toBe(
    'See the lease and a map.',
  );
  expect(plainText('```ts\nlet a = 1;\n```')).toBe('let a = 1;');
  expect(plainText('| Row | Value |\n|---|:-:|\n| 1 | **7** |')).toBe('Row, Value\n1, 7');
  expect(plainText('above\n\n---\n\n***\nbelow')).toBe('above\nbelow');
  expect(plainText('\\*not\\* marked')).toBe('*not* marked');
});

it('leaves what only looks like a mark', () => {
  for (const text of ['2 * 3 = 6', 'snake_case_name', 'a - b', '5 > 3', '#1 of 3', 'f(x)*g(x)', 'a || b'])
    expect(plainText(text)).toBe(text);
});

it('takes no long time over what was made to take long', () => {
  for (const piece of ['[', '*', '`', '|', '-', '\\', '_ ', ' ', '![a](']) {
    const began = performance.now();
    plainText(piece.repeat(100_000));
    expect(performance.now() - began, piece).toBeLessThan(1000);
  }
});
