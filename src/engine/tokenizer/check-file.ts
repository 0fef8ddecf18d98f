/**
 * What tokenizer.json must hold before the library sees it: where a field is missing, the library says which of its own
 * lines failed, or says nothing and tokenises otherwise than the model was trained with.
 * Fields as in https://github.com/huggingface/tokenizers
 */
import { EngineError } from '../errors';
import { cut, isObject, shown, type JsonObject } from '../json';

/** The file with its model's type filled in. Throws `tokenizer-invalid`. `V` is the rows of the embedding. */
export function checkTokenizerFile(json: JsonObject, V: number): JsonObject {
  if (!isObject(json.model))
    throw tokenizerInvalid(`its model is ${shown(json.model)} where an object is needed`);
  const model = { ...json.model, type: typeOf(json.model) };
  CHECKS[model.type](model);
  const { added_tokens: added = [] } = json;
  if (!Array.isArray(added)) {
    throw tokenizerInvalid(`its added_tokens are ${shown(added)} where a list is needed`);
  }
  checkIds([...vocabularyOf(model), ...added.map(addedToken)], V);
  for (const part of Object.keys(PARTS)) checkPart(part, json[part]);
  return { ...json, model };
}

export function tokenizerInvalid(reason: string, file = 'tokenizer.json'): EngineError {
  return new EngineError(
    'tokenizer-invalid',
    `${file} cannot be used: ${reason}. Take the file that belongs to this checkpoint, unchanged.`,
  );
}

type ModelType = 'BPE' | 'Unigram' | 'WordPiece';

/** Files from before 2020 have no type; the library would take many of them for a dictionary of whole words. */
function typeOf(model: JsonObject): ModelType {
  const { type } = model;
  if (typeof type === 'string' && Object.hasOwn(CHECKS, type)) return type as ModelType;
  if (type != null) {
    throw tokenizerInvalid(
      `its model is of the type ${shown(type)}, and ${Object.keys(CHECKS).join(', ')} are supported`,
    );
  }
  if (Array.isArray(model.vocab)) return 'Unigram';
  return Array.isArray(model.merges) ? 'BPE' : 'WordPiece';
}

const isText = (value: unknown): value is string => typeof value === 'string';

const CHECKS: Readonly<Record<ModelType, (model: JsonObject) => void>> = {
  BPE: ({ vocab, merges }) => {
    checkDictionary(vocab);
    if (!Array.isArray(merges)) {
      throw tokenizerInvalid(`its model's merges are ${shown(merges)} where a list is needed`);
    }
    const odd = merges.findIndex((merge) => !isMerge(merge));
    if (odd >= 0) throw tokenizerInvalid(`its merge ${odd} is ${shown(merges[odd])}, no pair of tokens`);
  },
  Unigram: ({ vocab, unk_id }) => {
    if (!Array.isArray(vocab) || vocab.length === 0) {
      throw tokenizerInvalid(`its model's vocab is ${shown(vocab)} where tokens with scores are needed`);
    }
    const odd = vocab.findIndex((entry) => !isScored(entry));
    if (odd >= 0) throw tokenizerInvalid(`its token ${odd} is ${shown(vocab[odd])}, no text with a score`);
    if (unk_id != null && !isScored((vocab as unknown[])[unk_id as number])) {
      throw tokenizerInvalid(`its unk_id is ${shown(unk_id)}, and its vocabulary has no such token`);
    }
  },
  WordPiece: ({ vocab, unk_token }) => {
    checkDictionary(vocab);
    if (!isText(unk_token) || !Object.hasOwn(vocab, unk_token)) {
      throw tokenizerInvalid(`its unk_token is ${shown(unk_token)}, and its vocabulary has no such token`);
    }
  },
};

function checkDictionary(vocab: unknown): asserts vocab is JsonObject {
  if (isObject(vocab) && Object.keys(vocab).length > 0) return;
  throw tokenizerInvalid(`its model's vocab is ${shown(vocab)} where tokens with ids are needed`);
}

/** "a b", or since 2024 ["a", "b"]. */
const isMerge = (merge: unknown): boolean =>
  Array.isArray(merge)
    ? merge.length === 2 && merge.every(isText)
    : isText(merge) && merge.split(' ').length === 2;

const isScored = (entry: unknown): boolean =>
  Array.isArray(entry) && isText(entry[0]) && typeof entry[1] === 'number';

type Entry = readonly [token: unknown, id: unknown];

/** Unigram: ids by place. */
const vocabularyOf = ({ vocab }: JsonObject): readonly Entry[] =>
  Array.isArray(vocab) ? vocab.map((entry, id) => [entry, id]) : Object.entries(vocab as JsonObject);

function addedToken(token: unknown): Entry {
  if (isObject(token) && isText(token.content) && token.content !== '') return [token.content, token.id];
  throw tokenizerInvalid(`its added token ${shown(token)} has no content`);
}

/** Every id has a row in the embedding. */
function checkIds(entries: readonly Entry[], V: number): void {
  for (const [token, id] of entries) {
    if (!Number.isSafeInteger(id) || (id as number) < 0) {
      throw tokenizerInvalid(`the token ${shown(token)} has the id ${shown(id)}`);
    }
    if ((id as number) >= V) {
      throw tokenizerInvalid(
        `the token ${shown(token)} has the id ${shown(id)}, but the model's vocabulary ends at ${V}`,
      );
    }
  }
}

const isList = (value: unknown) => Array.isArray(value);
const isPattern = (value: unknown) => isObject(value) && (isText(value.String) || isText(value.Regex));
const isTokenWithId = (value: unknown) =>
  Array.isArray(value) && isText(value[0]) && Number.isSafeInteger(value[1]);
/** Without a place for the text, a template would throw the text away. */
const isTemplate = (value: unknown) =>
  Array.isArray(value) &&
  value.every(isObject) &&
  value.some((item) => isObject(item.Sequence) && item.Sequence.id === 'A');

type Fields = Readonly<Record<string, (value: unknown) => boolean>>;

const REPLACE: Fields = { pattern: isPattern, content: isText };
const ENDS: Fields = { sep: isTokenWithId, cls: isTokenWithId };

/** By part and type, the fields that have no default. Types that are not named have none. */
const PARTS: Readonly<Record<string, Readonly<Record<string, Fields>>>> = {
  normalizer: { Sequence: { normalizers: isList }, Replace: REPLACE, Prepend: { prepend: isText } },
  pre_tokenizer: {
    Sequence: { pretokenizers: isList },
    Split: { pattern: isPattern, behavior: isText },
    Metaspace: { replacement: isText },
  },
  post_processor: {
    Sequence: { processors: isList },
    TemplateProcessing: { single: isTemplate },
    BertProcessing: ENDS,
    RobertaProcessing: ENDS,
  },
  decoder: {
    Sequence: { decoders: isList },
    Replace: REPLACE,
    Strip: { content: isText, start: Number.isSafeInteger, stop: Number.isSafeInteger },
    WordPiece: { prefix: isText },
    Metaspace: { replacement: isText },
  },
};

/** A part may be left out; one that is there says what it is. Those that the library does not know, it names itself. */
function checkPart(part: string, value: unknown): void {
  if (value == null) return;
  if (!isObject(value) || !isText(value.type)) {
    throw tokenizerInvalid(`its ${part} is ${shown(value)}, which has no type`);
  }
  for (const [field, isRight] of Object.entries(PARTS[part]?.[value.type] ?? {})) {
    if (isRight(value[field])) continue;
    throw tokenizerInvalid(`its ${part} ${cut(value.type)} has ${shown(value[field])} for its ${field}`);
  }
  if (value.type !== 'Sequence') return;
  for (const list of Object.values(value)) {
    if (Array.isArray(list)) for (const one of list) checkPart(part, one ?? 'nothing');
  }
}
