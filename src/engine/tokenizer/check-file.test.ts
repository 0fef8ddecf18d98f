import { describe, expect, it } from 'vitest';
import {
  BOS_PROCESSOR,
  SENTENCE_PIECE,
  byteLevel,
  json,
  load,
  plain,
  tokenizerJson,
  withConfig,
  withParts,
} from './samples';

const model = (parts: object): object => ({ model: { ...json.model, ...parts } });
/** A part that cannot be used. */
const alone = (part: string, value: object): [string, object] => [
  `a ${part} ${JSON.stringify(value)}`,
  { [part]: value },
];

const refusal = (words: string) =>
  expect.objectContaining({
    name: 'EngineError',
    code: 'tokenizer-invalid',
    message: expect.stringContaining(words),
  });

const BROKEN: readonly (readonly [what: string, parts: object, words: string])[] = [
  ['no model', { model: undefined }, 'its model is undefined'],
  ['a model that is a name', { model: 'BPE' }, 'its model is "BPE"'],
  ['a type that every object has', model({ type: 'toString' }), 'of the type "toString"'],
  ['no vocabulary', model({ vocab: undefined }), 'vocab is undefined where tokens with ids'],
  ['an empty vocabulary', model({ vocab: {} }), 'vocab is {}'],
  ['a list for the vocabulary of BPE', model({ vocab: [['a', 0]] }), 'vocab is [["a",0]]'],
  ['no merges', model({ merges: undefined }), 'merges are undefined'],
  ['merges that are no list', model({ merges: { a: 'b' } }), 'merges are {"a":"b"}'],
  ['a merge of one token', model({ merges: ['a b', 'ab'] }), 'merge 1 is "ab"'],
  ['a merge of three tokens', model({ merges: ['a b c'] }), 'merge 0 is "a b c"'],
  ['a merge of a pair and a half', model({ merges: [['a', 'b', 'c']] }), 'merge 0 is ["a","b","c"]'],
  ['a merge that is nothing', model({ merges: [null] }), 'merge 0 is null'],
  ['a vocabulary of Unigram without scores', { model: { type: 'Unigram', vocab: ['a'] } }, 'token 0 is "a"'],
  [
    'a dictionary for the vocabulary of Unigram',
    { model: { type: 'Unigram', vocab: { a: 0 } } },
    'tokens with scores',
  ],
  [
    'an unknown token beyond the vocabulary',
    { model: { type: 'Unigram', vocab: [['a', 0]], unk_id: 1 } },
    'unk_id is 1',
  ],
  [
    'WordPiece without unknown token',
    { model: { type: 'WordPiece', vocab: { a: 0 } } },
    'unk_token is undefined',
  ],
  [
    'WordPiece with another unknown token',
    { model: { type: 'WordPiece', vocab: { a: 0 }, unk_token: 'b' } },
    'unk_token is "b"',
  ],
  ['added tokens that are null', { added_tokens: null }, 'added_tokens are null'],
  [
    'an added token without content',
    { added_tokens: [{ id: 0, special: true }] },
    'added token {"id":0,"special":true} has no',
  ],
  ['an added token without id', { added_tokens: [{ content: 'a' }] }, 'the token "a" has the id undefined'],
  ['a normalizer that is a name', { normalizer: 'NFC' }, 'its normalizer is "NFC", which has no type'],
  [
    ...alone('normalizer', { type: 'Replace', content: 'x' }),
    'normalizer Replace has undefined for its pattern',
  ],
  [...alone('normalizer', { type: 'Replace', pattern: { String: 'x' } }), 'undefined for its content'],
  [...alone('normalizer', { type: 'Prepend' }), 'undefined for its prepend'],
  [...alone('normalizer', { type: 'Sequence' }), 'undefined for its normalizers'],
  [...alone('normalizer', { type: 'Sequence', normalizers: [null] }), 'normalizer is "nothing"'],
  [...alone('pre_tokenizer', {}), 'its pre_tokenizer is {}, which has no type'],
  [...alone('pre_tokenizer', { type: 'Split', behavior: 'Isolated' }), 'undefined for its pattern'],
  [...alone('pre_tokenizer', { type: 'Split', pattern: {}, behavior: 'Isolated' }), '{} for its pattern'],
  [...alone('pre_tokenizer', { type: 'Split', pattern: { String: 'a' } }), 'undefined for its behavior'],
  [...alone('pre_tokenizer', { type: 'Metaspace' }), 'undefined for its replacement'],
  [
    ...alone('pre_tokenizer', { type: 'Sequence', pretokenizers: [{ type: 'Split' }] }),
    'Split has undefined',
  ],
  [...alone('post_processor', { type: 'TemplateProcessing' }), 'undefined for its single'],
  [
    ...alone('post_processor', { type: 'TemplateProcessing', single: [{ Sequence: { id: 'B' } }] }),
    'for its single',
  ],
  [...alone('post_processor', { type: 'BertProcessing', cls: ['a', 0] }), 'undefined for its sep'],
  [...alone('post_processor', { type: 'RobertaProcessing', sep: ['a', 0], cls: ['b'] }), '["b"] for its cls'],
  [...alone('decoder', { type: 'Replace', content: ' ' }), 'undefined for its pattern'],
  [...alone('decoder', { type: 'Strip', content: ' ', start: 1 }), 'undefined for its stop'],
  [
    ...alone('decoder', { type: 'Sequence', decoders: [{ type: 'Fuse' }, { type: 'WordPiece' }] }),
    'for its prefix',
  ],
];

describe('a tokenizer.json', () => {
  it.each(BROKEN)('with %s is refused, saying what was found', (_, parts, words) => {
    expect(() => load({ tokenizerJson: withParts(parts) })).toThrow(refusal(words));
    expect(() => load({ tokenizerJson: withParts(parts) })).toThrow(/^tokenizer\.json cannot be used: .*\.$/);
  });

  it('is refused, not fatal, however deep its parts nest', () => {
    const nested = '{"type":"Sequence","normalizers":['.repeat(1e5) + ']}'.repeat(1e5);
    const deep = tokenizerJson.replace(/"normalizer":\s*null/, () => `"normalizer":${nested}`);
    expect(deep.length).toBeGreaterThan(nested.length);
    expect(() => load({ tokenizerJson: deep })).toThrow(refusal('tokenizer.json'));
  });

  it('may name its parts and leave the rest to their defaults', () => {
    const files = [
      SENTENCE_PIECE,
      { tokenizerJson: withParts({ post_processor: BOS_PROCESSOR }) },
      { tokenizerJson: withParts({ normalizer: { type: 'NFC' }, added_tokens: undefined }) },
      { tokenizerJson: withParts({ normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }] } }) },
    ];
    for (const file of files) expect(load(file).encode('Hello', plain)).not.toEqual([]);
  });

  it('without a type of model is BPE where it has merges, and pairs of tokens are merges too', () => {
    const { vocab, merges } = json.model as { vocab: object; merges: (string | string[])[] };
    const pairs = merges.map((merge) => (typeof merge === 'string' ? merge.split(' ') : merge));
    for (const of of [merges, pairs]) {
      const tokenizer = load({ tokenizerJson: withParts({ model: { vocab, merges: of } }) });
      expect(tokenizer.encode('The lazy dog', plain)).toEqual(byteLevel.encode('The lazy dog', plain));
    }
  });

  it('with no token for what it does not know says so at the first such text', () => {
    const unigram = {
      type: 'Unigram',
      vocab: [
        ['a', -1],
        ['b', -2],
      ],
    };
    const tokenizer = load({
      tokenizerJson: withParts({ model: unigram, added_tokens: [], pre_tokenizer: null }),
    });
    expect(tokenizer.encode('abba', plain)).toEqual([0, 1, 1, 0]);
    expect(() => tokenizer.encode('abc', plain)).toThrow(refusal('nothing for "c"'));
  });
});

describe('a tokenizer_config.json', () => {
  it('with additional_special_tokens that are no list is refused by its name', () => {
    const tokenizerConfigJson = withConfig({ additional_special_tokens: { a: 'b' } });
    expect(() => load({ tokenizerConfigJson })).toThrow(
      refusal('tokenizer_config.json cannot be used: its additional'),
    );
  });
});
