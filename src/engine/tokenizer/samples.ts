/** What the tokenizer's tests share: the first checkpoint’s tokenizer, variants of it, and texts that are hard to tokenise. Tests only. */
import { readFileSync } from 'node:fs';
import { loadTokenizer, readTokenizerConfig, type Tokenizer, type TokenizerFiles } from './tokenizer';

const FOLDER = 'src/engine/models/fixtures/first/model';
export const V = 1536;
export const tokenizerJson = readFileSync(`${FOLDER}/tokenizer.json`, 'utf8');
export const tokenizerConfigJson = readFileSync(`${FOLDER}/tokenizer_config.json`, 'utf8');
/** What the tests touch of tokenizer.json. */
interface TokenizerJson {
  readonly added_tokens: readonly object[];
  readonly model: object;
  readonly pre_tokenizer: object;
  readonly decoder: object;
}
export const json = JSON.parse(tokenizerJson) as TokenizerJson;
export const config = JSON.parse(tokenizerConfigJson) as object;
const PIECES = [
  ...'The quick brown fox|jumps over| the lazy dog. |What is the code of Duxer Rea?|LM-383.| 47527'.split(
    '|',
  ),
  ...' |  |\n|\r\n|\t|\n\n\n|   \n  |\u00a0|\u3000|\u2028|\ufeff|\0|\u0007|\u007f'.split('|'),
  ..."größe|naïve café|e\u0301|Ångström|ﬁ|ß|İ|I’ll we've DON'T|don‘t".split('|'),
  ...'你好，世界。|日本語のテキスト|한국어|עברית|العربية ١٢٣|ไทย|हिन्दी|ქართული|𝒳𝓎𝓏|𠮷'.split('|'),
  ...'😀|👩🏽‍🚀|👨‍👩‍👧‍👦|🇩🇪🇯🇵|❤️|1️⃣|\ud83d|\ude00|\ufffd|\ufffd\ufffd'.split('|'),
  ...'<|im_start|>§<|im_end|>§<|endoftext|>§<|im_start§<|unknown|>§ <|im_end|> '.split('§'),
  ...'const f = (x) => { return x ** 2; };|https://example.org/?q=1&r=%20|{{ messages }}|\\n|"quoted"|a\'s'.split(
    '|',
  ),
  ...'0|007|3.14159|-1e-9|12345678901234567890|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|!!!???...'.split('|'),
];

/** The pieces alone, and seeded mixtures of them. */
function strings(): string[] {
  let state = 1;
  const below = (n: number): number => (state = (state * 48271) % 2147483647) % n;
  const mixed = Array.from({ length: 300 }, () =>
    Array.from({ length: 1 + below(12) }, () => PIECES[below(PIECES.length)]).join(below(3) ? ' ' : ''),
  );
  return [...PIECES, ...mixed];
}
export const STRINGS = strings();
/** An unpaired surrogate has no UTF-8 form and becomes U+FFFD. */
export const wellFormed = (text: string): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));

type Texts = Omit<TokenizerFiles, 'tokenizerConfig'> & { readonly tokenizerConfigJson: string | undefined };

export function load(more: Partial<Texts> = {}): Tokenizer {
  const { tokenizerConfigJson: text, ...files } = { tokenizerJson, tokenizerConfigJson, V, ...more };
  return loadTokenizer({ ...files, tokenizerConfig: readTokenizerConfig(text) });
}
/** That tokenizer with parts of its JSON replaced. */
export const withParts = (parts: object): string => JSON.stringify({ ...json, ...parts });
export const withConfig = (parts: object): string => JSON.stringify({ ...config, ...parts });
export const byteLevel = load();
export const plain = { addSpecialTokens: false };

export const BOS_PROCESSOR = {
  type: 'Sequence',
  processors: [
    { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<|endoftext|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: {},
    },
  ],
};

/** As of Llama 2: words begin with ▁, characters beyond the vocabulary are spelled in bytes. */
function sentencePieceJson(): string {
  const hex = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
  const tokens = ['<unk>', '<s>', '</s>', ...Array.from({ length: 256 }, (_, byte) => hex(byte))];
  tokens.push('▁', ...Array.from('Heloabctw.,éß'), 'He', 'll', '▁He', '▁a', '▁b');
  return withParts({
    added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({ ...json.added_tokens[0], id, content })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      ...json.model,
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: ['H e', 'l l', '▁ He', '▁ a', '▁ b'],
    },
  });
}
export const SENTENCE_PIECE = { tokenizerJson: sentencePieceJson(), tokenizerConfigJson: '{}' };
