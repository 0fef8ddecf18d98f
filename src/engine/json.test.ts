import { describe, expect, it } from 'vitest';
import { jsonFlaw, shown } from './json';

describe('jsonFlaw', () => {
  it.each([
    ['{"a":1,"a":2}', 'has the key "a" twice'],
    ['{"a":1,"b":{"c":[{"d":1,"d":2}]}}', 'has the key "d" twice'],
    ['{"a":{"x":1},"b":{"x":1},"a":0}', 'has the key "a" twice'],
    ['{"a"\n\t :1,"\\u0061":2}', 'has the key "a" twice'],
    ['{"":1,"":2}', 'has the key "" twice'],
    ['{"\\"}":1,"\\"}":2}', 'has the key "\\"}" twice'],
    ['{"__proto__":1,"__proto__":2}', 'has the key "__proto__" twice'],
    [`${'['.repeat(129)}${']'.repeat(129)}`, 'nests more than 128 deep'],
    ['{"a":'.repeat(129), 'nests more than 128 deep'],
  ])('finds what JSON.parse does not say of %s', (json, flaw) => {
    expect(jsonFlaw(json)).toBe(flaw);
  });

  it.each([
    '{"a":{"a":{"a":"a"}},"b":["a","a"],"c":"a"}',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"a\\":","b":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a\\\\":1,"a":2}',
    `${'['.repeat(128)}${']'.repeat(128)}`,
    '["a","a"]',
  ])('finds nothing in %s', (json) => {
    JSON.parse(json);
    expect(jsonFlaw(json)).toBeUndefined();
  });

  it.each(['{"a', '{"a\\', '"', '}}]]', '{"a":1,"\\x":1', '{"a" ', ''])(
    'leaves the rest to the parser: %s',
    (text) => {
      expect(jsonFlaw(text)).toBeUndefined();
    },
  );
});

describe('shown', () => {
  it('shows any value in a few words, also one that JSON.stringify has no stack for', () => {
    expect([undefined, NaN, '"', { a: [1] }].map(shown)).toEqual(['undefined', 'NaN', '"\\""', '{"a":[1]}']);
    expect(shown('x'.repeat(1000))).toHaveLength(80);
    const deep: unknown = JSON.parse('['.repeat(1e6) + ']'.repeat(1e6));
    expect(shown(deep)).toBe('something nested too deeply to show');
  });
});
