import { expect, it } from 'vitest';
import { pastedDocument } from './files';

it('makes a document of a paste, with the line ends of this century', () => {
  expect(pastedDocument('a\r\nb')).toEqual({
    name: 'Pasted text',
    text: 'a\nb',
    tokens: undefined,
    questions: [],
  });
});
