import { expect, it } from 'vitest';
import { hasMath, mathSource } from './math-source';

it('brings every way to write a formula to one', () => {
  expect(mathSource('where $x_1$ is \\(y\\) and \\[z\\].')).toBe('where $$x_1$$ is $$y$$ and $$z$$.');
  expect(mathSource('- a\n  \\[ x \\]\n- b')).toBe('- a\n  $$\n  x\n  $$\n- b');
  expect(mathSource('  \\[\n  x\n  \\]')).toBe('  $$\n  x\n  $$');
  expect(mathSource('$$x$$ and $$\ny\n$$')).toBe('$$x$$ and $$\ny\n$$');
});

it('takes prices for prices', () => {
  for (const text of ['It costs $5 and then $10.', '$5–$10', 'US$ 3 and US$ 4', '\\$a\\$', '$ a $']) {
    expect(mathSource(text)).toBe(text);
    expect(hasMath(text), text).toBe(false);
  }
});

it('leaves code as it is', () => {
  for (const text of ['`$a$`', '- ```sh\n  echo $HOME and $PATH\n  ```', '``\\(a\\) ` $b$``']) {
    expect(mathSource(text)).toBe(text);
    expect(hasMath(text), text).toBe(false);
  }
  expect(hasMath('`$a$` and $b$')).toBe(true);
});
