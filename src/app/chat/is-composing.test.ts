import { expect, it } from 'vitest';
import { isComposing } from './is-composing';

it('knows a key of an input method by its event, and in Safari by the old key code', () => {
  const key = (composing: boolean, keyCode: number) =>
    isComposing({ nativeEvent: { isComposing: composing }, keyCode });
  expect(key(true, 13)).toBe(true);
  expect(key(false, 229)).toBe(true);
  expect(key(false, 13)).toBe(false);
});
