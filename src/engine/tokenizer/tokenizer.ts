/** Text <-> token ids and the chat template: @huggingface/tokenizers and @huggingface/jinja behind one checked door. */
import { Tokenizer as Library } from '@huggingface/tokenizers';
import type { ChatMessage } from '../../protocol';
import { EngineError, reasonOf } from '../errors';
import { isObject, parseJsonObject, shown, type JsonObject } from '../json';
import type { TokenId } from '../shapes';
import { BoundedTemplate } from './bounded-template';
import { checkTokenizerFile, tokenizerInvalid } from './check-file';

export interface TokenizerFiles {
  /** tokenizer.json */
  readonly tokenizerJson: string;
  /** tokenizer_config.json, by `readTokenizerConfig`. */
  readonly tokenizerConfig?: JsonObject;
  /** special_tokens_map.json; read where `readsTokensMap`. */
  readonly specialTokensMapJson?: string | undefined;
  /** chat_template.jinja; goes before the template in tokenizer_config.json, as in transformers. */
  readonly chatTemplateJinja?: string | undefined;
  /** Rows of the embedding. */
  readonly V: number;
}

export interface Tokenizer {
  readonly hasTemplate: boolean;
  /** The template can be told whether the model is to think before it answers. */
  readonly knowsThinking: boolean;
  /** The id of the tokenizer's eos_token, for a checkpoint whose other files name no end token. */
  readonly eosId: TokenId | undefined;
  /** Throws `tokenizer-invalid` for characters that a vocabulary without an unknown token lacks. */
  encode(text: string, options: { readonly addSpecialTokens: boolean }): TokenId[];
  /** Special tokens are left out, unless they are asked for. */
  decode(ids: readonly TokenId[], options?: { readonly special: boolean }): string;
  /** The conversation as the model was trained to read it. Throws `template-invalid`. */
  chat(messages: readonly ChatMessage[], options: ChatOptions): TokenId[];
  /** `after`: the tokens that the answer goes on from, where it does not begin anew. */
  streamDecoder(after?: readonly TokenId[]): StreamDecoder;
}

export interface ChatOptions {
  /** The model is to answer: the prompt ends where the template has an answer begin. */
  readonly addGenerationPrompt: boolean;
  /**
   * A last message of the assistant is one that the model is to go on with. It then follows the generation prompt as it
   * is, as the model itself wrote it: templates change answers of the past (they trim them, or leave out the thoughts).
   */
  readonly continueFinalMessage?: boolean;
  /** Left out: as the template has it. Without effect on a template that does not know it. */
  readonly thinking?: boolean | undefined;
}

/** Decodes an answer while it is written: the pieces joined are `decode` of all ids, and none splits a character. */
export interface StreamDecoder {
  /** The text that has become complete; often empty. */
  push(id: TokenId): string;
  /** What was held back, as it stands. The decoder then begins anew. */
  end(): string;
}

/** Throws `tokenizer-invalid`, or `template-invalid` for a template that does not parse. */
export function loadTokenizer({
  tokenizerJson,
  tokenizerConfig = {},
  specialTokensMapJson,
  chatTemplateJinja,
  V,
}: TokenizerFiles): Tokenizer {
  const json = parseJsonObject(tokenizerJson, 'tokenizer.json', 'tokenizer-invalid');
  const config = withTokensMap(tokenizerConfig, specialTokensMapJson);
  const library = openLibrary(json, config, V);
  const source = chatTemplateJinja ?? templateText(config.chat_template);
  const template = source === undefined ? undefined : parseTemplate(source);
  const special = new Set(
    [...library.get_added_tokens_decoder().values()]
      .filter((token) => token.special)
      .map((token) => token.id),
  );

  const encode: Tokenizer['encode'] = (text, { addSpecialTokens }) => {
    const { ids, tokens } = library.encode(text, { add_special_tokens: addSpecialTokens });
    const unknown = (ids as readonly unknown[]).indexOf(undefined);
    if (unknown === -1) return ids as TokenId[];
    throw tokenizerInvalid(
      `its vocabulary has nothing for ${shown(tokens[unknown])}, nor a token for what it does not know`,
    );
  };

  // V may be padded beyond the vocabulary; such ids have no text.
  const decode: Tokenizer['decode'] = (ids, wanted) => {
    const isShown = (id: TokenId) => wanted?.special === true || !special.has(id);
    const visible = ids.filter((id) => isShown(id) && library.id_to_token(id) !== undefined);
    if (visible.length === 0) return '';
    // The clean-up is made for WordPiece and eats spaces before punctuation; transformers skips it for BPE as well.
    return library.decode(visible, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  };

  return {
    hasTemplate: template !== undefined,
    knowsThinking: source !== undefined && THINKING.test(source),
    eosId: eosIdOf(library, config),
    encode,
    decode,
    chat: (messages, { addGenerationPrompt, continueFinalMessage = false, thinking }) => {
      if (!template) {
        throw templateInvalid('has none', 'neither chat_template.jinja nor tokenizer_config.json holds one');
      }
      const last = messages.at(-1);
      const begun = continueFinalMessage && last?.role === 'assistant' ? last.content : '';
      const rendered = render(template, {
        messages: begun === '' ? messages : messages.slice(0, -1),
        add_generation_prompt: addGenerationPrompt,
        tools: null,
        documents: null,
        // Two names are in use: Qwen3's and SmolLM3's, and Granite's.
        ...(thinking !== undefined && { enable_thinking: thinking, thinking }),
        ...specialTokenTexts(config),
      });
      // The template writes its special tokens itself. What looks like one in a message becomes one too: after rendering
      // nobody can tell them apart, in transformers neither.
      const ids = encode(rendered + begunAfter(rendered, begun), { addSpecialTokens: false });
      if (ids.length === 0 && messages.length > 0)
        throw templateInvalid('writes nothing', 'its text for these messages is empty');
      return ids;
    },
    streamDecoder: (after) => streamDecoder(decode, after),
  };
}

/** In a statement of the template, not in a text that it writes. */
const THINKING = /\{%[^%]*\b(?:enable_)?thinking\b/;

const OPEN_THOUGHT = /<think>\s*$/;

/** What a prompt ends with where its template begins the answer with a thought: `<think>`, and the space behind it; else nothing. */
export const openThought = (prompt: string): string => OPEN_THOUGHT.exec(prompt)?.[0] ?? '';

/** An answer that began with the template's own `<think>` does not bring it again. */
function begunAfter(rendered: string, begun: string): string {
  const opened = openThought(rendered);
  return begun.startsWith(opened) ? begun.slice(opened.length) : begun;
}

/** Tokens of an earlier text that are enough for the next one not to count as the first. */
const CONTEXT = 8;

/**
 * Decodes only a tail: the tokens since the last place where the text was complete, behind some earlier ones as context,
 * because decoders treat the first token of a text differently (they drop its space).
 */
function streamDecoder(decode: Tokenizer['decode'], after: readonly TokenId[] = []): StreamDecoder {
  let tail = after.slice(-CONTEXT);
  let context = tail.length; // tokens at the front of `tail` whose text was given out
  let contextText = decode(tail);
  const newText = (): string => decode(tail).slice(contextText.length);
  return {
    push: (id) => {
      tail.push(id);
      const text = newText();
      // Bytes that do not yet make a character decode to U+FFFD. A real one waits for the token behind it.
      if (text.endsWith('\uFFFD')) return '';
      // A special token, a space or a byte order mark alone decodes to nothing, and the next token would count as the
      // first: keep more then.
      const ownText = decode(tail.slice(context));
      if (ownText === '') contextText += text;
      else {
        tail = tail.slice(context);
        contextText = ownText;
      }
      context = tail.length;
      return text;
    },
    end: () => {
      const text = newText();
      tail = [];
      context = 0;
      contextText = '';
      return text;
    },
  };
}

/** Of the text of tokenizer_config.json, which may be absent. Throws `tokenizer-invalid`. */
export const readTokenizerConfig = (text = '{}'): JsonObject =>
  parseJsonObject(text, TOKENIZER_CONFIG, 'tokenizer-invalid');

/**
 * Whether special_tokens_map.json has a say: not beside a tokenizer_config.json that lists its tokens, as transformers has
 * written it since 4.34.
 */
export const readsTokensMap = (config: JsonObject): boolean => !('added_tokens_decoder' in config);

/**
 * As in transformers (tokenization_utils_base.py, _from_pretrained), what the map says goes before the config, and its
 * additional tokens join those of the config.
 */
function withTokensMap(config: JsonObject, mapJson: string | undefined): JsonObject {
  if (mapJson === undefined || !readsTokensMap(config)) return config;
  const map = parseJsonObject(mapJson, TOKENS_MAP, 'tokenizer-invalid');
  const known = Object.entries(map).filter(([name]) => SPECIAL_TOKENS.includes(name));
  const additional = [...additionalTokens(config, TOKENIZER_CONFIG), ...additionalTokens(map, TOKENS_MAP)];
  return { ...config, ...Object.fromEntries(known), additional_special_tokens: additional };
}

function additionalTokens({ additional_special_tokens: more }: JsonObject, file: string): readonly unknown[] {
  if (more == null) return [];
  if (Array.isArray(more)) return more;
  const found = `its additional_special_tokens are ${shown(more)} where a list is needed`;
  throw tokenizerInvalid(found, file);
}

function openLibrary(json: JsonObject, config: JsonObject, V: number): Library {
  const additional = additionalTokens(config, TOKENIZER_CONFIG);
  const parts = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
  };
  let ids: readonly (number | undefined)[];
  let library: Library;
  try {
    const file = { ...parts, ...checkTokenizerFile(json, V) };
    library = new Library(file, config);
    const special = notYetAdded(additional, library);
    if (special.length > 0) {
      library = new Library({ ...file, added_tokens: [...file.added_tokens, ...special] }, config);
    }
    // What the post-processor adds is looked up only now.
    ids = library.encode('', { add_special_tokens: true }).ids;
  } catch (thrown) {
    throw thrown instanceof EngineError ? thrown : tokenizerInvalid(reasonOf(thrown));
  }
  if (ids.includes(undefined))
    throw tokenizerInvalid('its post_processor adds a token that the vocabulary does not have');
  return library;
}

/**
 * Transformers makes special what is listed and no added token yet, one's own flags kept. What the vocabulary lacks would get
 * an id behind it there, for which no checkpoint has a row.
 */
function notYetAdded(listed: readonly unknown[], library: Library): readonly object[] {
  const added = new Set([...library.get_added_tokens_decoder().values()].map(({ content }) => content));
  return listed.flatMap((token) => {
    const content = specialText(token);
    const id = content === undefined || added.has(content) ? undefined : library.token_to_id(content);
    if (id === undefined) return [];
    added.add(content!);
    return [{ ...(isObject(token) && token), id, content, special: true }];
  });
}

/** A special token of tokenizer_config.json: its text, or an object with the text as `content`. */
function specialText(value: unknown): string | undefined {
  const text = isObject(value) ? value.content : value;
  return typeof text === 'string' ? text : undefined;
}

const TOKENIZER_CONFIG = 'tokenizer_config.json';
const TOKENS_MAP = 'special_tokens_map.json';
const SPECIAL_TOKENS = 'bos_token eos_token unk_token sep_token pad_token cls_token mask_token'.split(' ');

/** Absent ones stay undefined in the template and print as nothing. */
function specialTokenTexts(config: JsonObject): Record<string, string> {
  const texts = SPECIAL_TOKENS.map((name) => [name, specialText(config[name])] as const);
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function eosIdOf(library: Library, config: JsonObject): TokenId | undefined {
  const text = specialText(config.eos_token);
  return text === undefined ? undefined : (library.token_to_id(text) as TokenId | undefined);
}

function parseTemplate(source: string): BoundedTemplate {
  try {
    return new BoundedTemplate(source);
  } catch (thrown) {
    throw templateInvalid('does not parse', reasonOf(thrown));
  }
}

/** One template, or a list of named ones of which "default" is the chat. */
function templateText(value: unknown): string | undefined {
  if (value == null || typeof value === 'string') return value ?? undefined;
  const found: unknown = Array.isArray(value)
    ? value.find((entry) => isObject(entry) && entry.name === 'default')
    : undefined;
  if (isObject(found) && typeof found.template === 'string') return found.template;
  throw templateInvalid('cannot be read', `tokenizer_config.json has the chat_template ${shown(value)}`);
}

function render(template: BoundedTemplate, variables: Record<string, unknown>): string {
  try {
    return template.render(variables);
  } catch (thrown) {
    throw templateInvalid('does not take these messages', reasonOf(thrown));
  }
}

function templateInvalid(found: string, reason: string): EngineError {
  return new EngineError(
    'template-invalid',
    `The model's chat template ${found}: ${reason}. Choose a chat model, or one with another template.`,
  );
}
