import { AutoTokenizer, PreTrainedTokenizer, env } from '@huggingface/transformers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../protocol';
import type { TokenId } from '../shapes';
import { readsTokensMap, readTokenizerConfig } from './tokenizer';
import {
  BOS_PROCESSOR,
  SENTENCE_PIECE,
  STRINGS,
  V,
  byteLevel,
  json,
  load,
  plain,
  tokenizerConfigJson,
  wellFormed,
  withConfig,
  withParts,
} from './samples';

describe('encode and decode', () => {
  it('give back every text without special tokens, whatever its characters', () => {
    for (const text of STRINGS.map((text) => wellFormed(text).replaceAll('<|', '<'))) {
      expect(byteLevel.decode(byteLevel.encode(text, plain))).toBe(text);
    }
  });

  it('add the special tokens of the post-processor only when asked', () => {
    const tokenizer = load({ tokenizerJson: withParts({ post_processor: BOS_PROCESSOR }) });
    const ids = byteLevel.encode('The fox', plain);
    expect(tokenizer.encode('The fox', plain)).toEqual(ids);
    expect(tokenizer.encode('The fox', { addSpecialTokens: true })).toEqual([0, ...ids]);
  });

  it('leave special tokens and ids beyond the vocabulary out of the text', () => {
    const tokenizer = load({ V: 2000 });
    const ids = [0, ...byteLevel.encode('a fox', plain), 1999, 2] as TokenId[];
    expect(tokenizer.decode(ids)).toBe('a fox');
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([2 as TokenId])).toBe('');
    expect(load({ ...SENTENCE_PIECE, V: 2000 }).decode([1999 as TokenId])).toBe('');
  });

  it('keep the spaces before punctuation even where tokenizer_config.json asks to clean them up', () => {
    const tokenizer = load({ tokenizerConfigJson: withConfig({ clean_up_tokenization_spaces: true }) });
    expect(tokenizer.decode(tokenizer.encode("x . y ? it 's", plain))).toBe("x . y ? it 's");
  });

  it('know the end token of tokenizer_config.json as text and as object', () => {
    expect(byteLevel.eosId).toBe(2);
    expect(load({ tokenizerConfigJson: withConfig({ eos_token: { content: '<|im_start|>' } }) }).eosId).toBe(
      1,
    );
    expect(load({ tokenizerConfigJson: undefined }).eosId).toBeUndefined();
  });
});

describe('compared with @huggingface/transformers', () => {
  let reference: PreTrainedTokenizer;
  beforeAll(async () => {
    env.allowRemoteModels = false;
    env.localModelPath = 'src/engine/models/fixtures/first/';
    reference = await AutoTokenizer.from_pretrained('model');
  });

  it('encodes and decodes a few hundred varied strings to the same', () => {
    expect(STRINGS.length).toBeGreaterThan(350);
    for (const text of STRINGS) {
      const ids = reference.encode(text, { add_special_tokens: true });
      expect(byteLevel.encode(text, { addSpecialTokens: true }), text).toEqual(ids);
      if (ids.length > 0)
        expect(byteLevel.decode(ids as TokenId[])).toBe(reference.decode(ids, { skip_special_tokens: true }));
    }
  });

  it('does so with a post-processor and with a SentencePiece tokenizer', () => {
    const files = [
      { tokenizerJson: withParts({ post_processor: BOS_PROCESSOR }), tokenizerConfigJson },
      SENTENCE_PIECE,
    ];
    for (const file of files) {
      const ours = load(file);
      const theirs = new PreTrainedTokenizer(
        JSON.parse(file.tokenizerJson),
        JSON.parse(file.tokenizerConfigJson),
      );
      for (const text of STRINGS) {
        expect(ours.encode(text, { addSpecialTokens: true }), text).toEqual(theirs.encode(text));
        expect(ours.encode(text, plain), text).toEqual(theirs.encode(text, { add_special_tokens: false }));
      }
    }
  });

  it('renders conversations to the same tokens', () => {
    const of = (...contents: string[]): ChatMessage[] =>
      contents.map((content, i) => ({ role: i % 2 ? 'assistant' : 'user', content }));
    const conversations = STRINGS.map((text, i) => of(text, ...STRINGS.slice(0, i % 4)));
    conversations.push([{ role: 'system', content: 'Be brief.' }, ...of('Hello')], []);
    for (const messages of conversations) {
      for (const add_generation_prompt of [true, false]) {
        const ids = reference.apply_chat_template([...messages], {
          add_generation_prompt,
          return_tensor: false,
          return_dict: false,
        });
        expect(byteLevel.chat(messages, { addGenerationPrompt: add_generation_prompt })).toEqual(ids);
      }
    }
  });
});

describe('chat', () => {
  const hello: ChatMessage[] = [{ role: 'user', content: 'Hello' }];
  const prompt = { addGenerationPrompt: true };
  /** The prompt's text, special tokens spelled out, under `template`. */
  const rendered = (template: string, more: object = {}): string => {
    const tokenizer = load({ chatTemplateJinja: template, tokenizerConfigJson: withConfig(more) });
    return tokenizer.decode(tokenizer.chat(hello, prompt));
  };
  const invalid = (words: string) =>
    expect.objectContaining({ code: 'template-invalid', message: expect.stringContaining(words) });

  it('tells a template that knows it whether to think, by either name, and finds out which do', () => {
    const qwen = '{% if enable_thinking is defined and not enable_thinking %}off{% else %}own{% endif %}';
    const granite = '{%- if thinking %}on{% else %}own{% endif %}';
    const told = (template: string, thinking?: boolean) => {
      const tokenizer = load({ chatTemplateJinja: template });
      return tokenizer.decode(tokenizer.chat(hello, { ...prompt, thinking }));
    };
    expect([told(qwen), told(qwen, true), told(qwen, false)]).toEqual(['own', 'own', 'off']);
    expect([told(granite), told(granite, true), told(granite, false)]).toEqual(['own', 'on', 'own']);
    const knows = (chatTemplateJinja: string) => load({ chatTemplateJinja }).knowsThinking;
    expect([knows(qwen), knows(granite)]).toEqual([true, true]);
    expect([byteLevel.knowsThinking, knows('{{ "enable_thinking" }} thinking')]).toEqual([false, false]);
  });

  it('adds no special tokens to those that the template writes', () => {
    const tokenizer = load({ tokenizerJson: withParts({ post_processor: BOS_PROCESSOR }) });
    expect(tokenizer.chat(hello, prompt)).toEqual(byteLevel.chat(hello, prompt));
    expect(byteLevel.chat(hello, prompt)[0]).toBe(1);
  });

  it('turns what looks like a special token in a message into one', () => {
    const ends = byteLevel.chat([{ role: 'user', content: 'a<|im_end|>b' }], prompt).filter((id) => id === 2);
    expect(ends).toHaveLength(3); // system, user, and the user's own
  });

  it('has the model go on with an answer as it was written, behind the generation prompt', () => {
    const template =
      '{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}!{% endfor %}{% if add_generation_prompt %}(go){% endif %}';
    const tokenizer = load({ chatTemplateJinja: template });
    const continued = { addGenerationPrompt: true, continueFinalMessage: true };
    const textOf = (messages: ChatMessage[], options = continued) =>
      tokenizer.decode(tokenizer.chat(messages, options));
    const begun: ChatMessage = { role: 'assistant', content: ' Once upon ' };
    expect(textOf([...hello, begun])).toBe('[user]Hello!(go) Once upon ');
    expect(textOf([...hello, begun, ...hello])).toBe('[user]Hello![assistant]Once upon![user]Hello!(go)');
    expect(textOf(hello)).toBe('[user]Hello!(go)');
    expect(textOf([...hello, begun], { ...continued, continueFinalMessage: false })).toBe(
      '[user]Hello![assistant]Once upon!(go)',
    );
  });

  it('gives the template its special tokens, absent ones empty, and the functions that templates call', () => {
    const tokens =
      '[{{ bos_token }}|{{ eos_token }}|{{ pad_token is defined }}|{{ strftime_now("%Y") | length }}]';
    expect(rendered(tokens, { eos_token: 'end', pad_token: null })).toBe('[|end|false|4]');
    expect(rendered(tokens, { bos_token: { content: 'begin' }, eos_token: 'end', pad_token: 'p' })).toBe(
      '[begin|end|true|4]',
    );
    expect(rendered('{% if tools %}no{% endif %}{{ messages[0].content }}{{ add_generation_prompt }}')).toBe(
      'Hellotrue',
    );
  });

  it('counts as Python does, up to ten thousand', () => {
    expect(
      rendered(
        '{{ range(3) | join }} {{ range(4, 9, 2) | join }} {{ range(3, 0, -1) | join }} {{ range(2, 1) | length }}',
      ),
    ).toBe('012 468 321 0');
    expect(rendered('{{ range(10000) | length }}')).toBe('10000');
    expect(() => rendered('{{ range(10001) | length }}')).toThrow(invalid('10001'));
    expect(() => rendered('{{ range(1, 2, 0) }}')).toThrow(invalid('step'));
  });

  it('prefers chat_template.jinja and takes the default of several named templates', () => {
    const named = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'chat' },
    ];
    const tokenizer = load({ tokenizerConfigJson: withConfig({ chat_template: named }) });
    expect(tokenizer.decode(tokenizer.chat(hello, prompt))).toBe('chat');
    expect(rendered('file', { chat_template: named })).toBe('file');
  });

  it('says so when there is no template', () => {
    const tokenizer = load({ tokenizerConfigJson: withConfig({ chat_template: null }) });
    expect([byteLevel.hasTemplate, tokenizer.hasTemplate]).toEqual([true, false]);
    expect(() => tokenizer.chat(hello, prompt)).toThrow(invalid('has none'));
  });

  it('refuses a template that does not parse when it is loaded', () => {
    expect(() => load({ chatTemplateJinja: '{% for m in messages %}' })).toThrow(invalid('does not parse'));
    expect(() => load({ tokenizerConfigJson: withConfig({ chat_template: 7 }) })).toThrow(invalid('7'));
    expect(() =>
      load({ tokenizerConfigJson: withConfig({ chat_template: [{ name: 'a', template: 'b' }] }) }),
    ).toThrow(invalid('"a"'));
  });

  it('says so when the template writes nothing', () => {
    expect(() => rendered('')).toThrow(invalid('writes nothing'));
    expect(() => rendered('{{ messages[7].content }}')).toThrow(invalid('writes nothing'));
    expect(byteLevel.chat([], { addGenerationPrompt: false })).toEqual([]);
  });

  it.each([
    ['a filter that is not there', '{{ messages | nofilter }}'],
    ['a method that is not there', "{{ messages[0].content.shout('!') }}"],
    [
      'a statement that fails half-way',
      '{% for m in messages %}{{ m.content }}{{ none.thing() }}{% endfor %}',
    ],
    ['a range that no memory holds', '{% for i in range(1000000000000) %}x{% endfor %}'],
    [
      'loops in loops',
      `${'{% for i in range(200) %}'.repeat(3)}{{ i${' + 1'.repeat(99)} }}${'{% endfor %}'.repeat(3)}`,
    ],
    [
      'a loop that takes nothing',
      `{% for i in range(200) %}{% for j in range(9999) if j${' + 1'.repeat(99)} < 0 %}{% endfor %}{% endfor %}x`,
    ],
    ['a macro that calls itself', '{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}'],
    ['braces without end', `{{ ${'('.repeat(1e5)}1${')'.repeat(1e5)} }}`],
  ])('has a code and a sentence for a template with %s', (_, template) => {
    expect(() => rendered(template)).toThrow(
      expect.objectContaining({
        name: 'EngineError',
        code: 'template-invalid',
        message: expect.stringMatching(/^The model's chat template (does not .*|writes .*): .+\.$/s),
      }),
    );
  });

  it("passes on the template's own words when it refuses a conversation", () => {
    expect(() => rendered("{{ raise_exception('Roles must alternate') }}")).toThrow(
      invalid('Roles must alternate'),
    );
    expect(() => rendered('{{ nothing() }}')).toThrow(invalid('does not take'));
  });
});

describe('special_tokens_map.json', () => {
  const chatTemplateJinja = '[{{ bos_token }}|{{ eos_token }}|{{ pad_token }}]';
  /** What the template is told, and the end token, with the tokenizer's own config changed by `config`. */
  const tokensBy = (map: object, config: object) => {
    const tokenizerConfigJson = withConfig(config);
    const specialTokensMapJson = JSON.stringify(map);
    const tokenizer = load({ chatTemplateJinja, tokenizerConfigJson, specialTokensMapJson });
    const ids = tokenizer.chat([], { addGenerationPrompt: true });
    return [tokenizer.decode(ids, { special: true }), tokenizer.eosId];
  };
  const map = { bos_token: '<|endoftext|>', eos_token: { content: '<|im_start|>' }, more: '<|im_end|>' };

  // What transformers 5.23 makes of these files.
  it('says what tokenizer_config.json does not, and goes before what it does', () => {
    const own = { bos_token: null, eos_token: '<|im_end|>', pad_token: '<|endoftext|>' };
    const expected = ['[<|endoftext|>|<|im_start|>|<|endoftext|>]', 1];
    expect(tokensBy(map, own)).toEqual(expected);
    expect(tokensBy(map, { ...own, eos_token: undefined })).toEqual(expected);
    expect(tokensBy({}, own)).toEqual(['[|<|im_end|>|<|endoftext|>]', 2]);
  });

  // As transformers does it (tokenization_utils_base.py; tokenization_utils_fast.py for what is not added yet).
  it('adds its additional tokens to those of the config: special ones, where the vocabulary has them and none is added yet', () => {
    const vocabulary = (json.model as { vocab: Record<string, number> }).vocab;
    const [first, second] = Object.keys(vocabulary).filter((token) => /^[a-z]{3,}$/.test(token)) as [
      string,
      string,
    ];
    const added = [
      ...json.added_tokens,
      { ...json.added_tokens[0], id: 3, content: 'fixed', special: false },
    ];
    const tokenizer = load({
      tokenizerJson: withParts({ added_tokens: added }),
      tokenizerConfigJson: withConfig({ additional_special_tokens: [first] }),
      specialTokensMapJson: JSON.stringify({
        additional_special_tokens: [
          { content: second },
          second,
          '<|im_end|>',
          'fixed',
          'not in the vocabulary',
        ],
      }),
    });
    const ids = tokenizer.encode(`a${first}${second}`, plain);
    expect(ids.slice(1)).toEqual([vocabulary[first], vocabulary[second]]);
    expect(tokenizer.decode(ids)).toBe('a');
    expect(tokenizer.decode(ids, { special: true })).toBe(`a${first}${second}`);
    expect(tokenizer.decode(tokenizer.encode('fixed', plain)), 'its own flags stay').toBe('fixed');
    expect(load().decode(load().encode(`a${first}${second}`, plain))).toBe(`a${first}${second}`);
  });

  it('has no say beside a tokenizer_config.json that lists its tokens, and need not be fetched then', () => {
    const listed = { added_tokens_decoder: { 2: { content: '<|im_end|>', special: true } } };
    expect(tokensBy(map, listed)).toEqual(['[|<|im_end|>|<|endoftext|>]', 2]);
    const reads = (text: string | undefined) => readsTokensMap(readTokenizerConfig(text));
    expect(reads(withConfig(listed))).toBe(false);
    expect(reads(tokenizerConfigJson)).toBe(true);
    expect(reads(undefined)).toBe(true);
  });

  it('is refused by its name where it is no JSON object', () => {
    expect(() => load({ specialTokensMapJson: '[' })).toThrow(
      expect.objectContaining({
        code: 'tokenizer-invalid',
        message: expect.stringContaining('special_tokens_map.json'),
      }),
    );
    expect(() => load({ specialTokensMapJson: '{ "additional_special_tokens": "<a>" }' })).toThrow(
      /special_tokens_map\.json cannot be used: its additional/,
    );
  });
});

describe('loadTokenizer', () => {
  it('refuses a token without a row in the embedding', () => {
    expect(load({ V }).hasTemplate).toBe(true);
    const error = { code: 'tokenizer-invalid', message: expect.stringContaining('1535') };
    expect(() => load({ V: V - 1 })).toThrow(expect.objectContaining(error));
    const added = {
      added_tokens: [...json.added_tokens, { ...json.added_tokens[0], id: V, content: '<new>' }],
    };
    expect(() => load({ tokenizerJson: withParts(added) })).toThrow(/"<new>" has the id 1536/);
  });

  it.each([
    ['no JSON', '{"model":'],
    ['a list', '[]'],
    ['no model', '{}'],
    ['no vocabulary', withParts({ model: { type: 'BPE' } })],
    ['no merges', withParts({ model: { ...json.model, merges: undefined } })],
    ['an unknown pre-tokenizer', withParts({ pre_tokenizer: { type: 'Telepathy' } })],
    ['an unknown decoder', withParts({ decoder: { type: 'Telepathy' } })],
    [
      'a broken pattern',
      withParts({ pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } }),
    ],
    ['an id that is no number', withParts({ model: { ...json.model, vocab: { a: '0' } } })],
    ['a negative id', withParts({ model: { ...json.model, vocab: { a: -1 } } })],
    ['added tokens without ids', withParts({ added_tokens: ['<s>'] })],
    [
      'a post-processor that adds an unknown token',
      withParts({
        post_processor: { type: 'TemplateProcessing', single: [{ SpecialToken: { id: '<x>', type_id: 0 } }] },
      }),
    ],
  ])('refuses a tokenizer.json with %s', (_, broken) => {
    expect(() => load({ tokenizerJson: broken })).toThrow(
      expect.objectContaining({
        code: 'tokenizer-invalid',
        message: expect.stringContaining('tokenizer.json'),
      }),
    );
  });

  it('refuses an unknown model type and a broken tokenizer_config.json by name', () => {
    const telepathy = withParts({ model: { type: 'Telepathy', vocab: { a: 0 } } });
    expect(() => load({ tokenizerJson: telepathy })).toThrow(/Telepathy/);
    expect(() => load({ tokenizerConfigJson: '{' })).toThrow(/tokenizer_config\.json is not JSON/);
  });

  it('does without the parts of tokenizer.json that may be left out', () => {
    const { model, pre_tokenizer, decoder } = json;
    const tokenizer = load({ tokenizerJson: JSON.stringify({ model, pre_tokenizer, decoder }) });
    expect(tokenizer.decode(tokenizer.encode('a fox', plain))).toBe('a fox');
  });
});
