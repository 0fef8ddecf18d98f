/** What `generate` reads from files: a prompt, or a dialogue's user messages. */
import { readFile } from 'node:fs/promises';
import { EngineError } from '../src/engine/errors';
import type { LoadedModel } from '../src/engine/load-model';
import type { TokenId } from '../src/engine/shapes';
import { headerTokens } from '../src/engine/tokenizer/header';
import type { Tokenizer } from '../src/engine/tokenizer/tokenizer';
import type { ChatMessage } from '../src/protocol';
import type { Arguments } from './generate-arguments';

export interface Prompt {
  readonly tokens: readonly TokenId[];
  /** Tokens of the chat template's system part. */
  readonly header: number;
}

export function tokenizerOf({ tokenizer, info }: LoadedModel): Tokenizer {
  if (tokenizer) return tokenizer;
  throw new EngineError(
    'file-missing',
    `There is no tokenizer.json in ${info.name}. Add it, or give --tokens.`,
  );
}

/** The conversation so far, with the model's turn next. */
export const chatPrompt = (tokenizer: Tokenizer, messages: readonly ChatMessage[]): Prompt => ({
  tokens: tokenizer.chat(messages, { addGenerationPrompt: true }),
  header: headerTokens(tokenizer, messages),
});

/** The single prompt that the arguments name. */
export async function readPrompt(args: Arguments, model: LoadedModel): Promise<Prompt> {
  if (args.tokens) return { tokens: args.tokens, header: 0 };
  const tokenizer = tokenizerOf(model);
  const text = args.prompt ?? (await readText(args.promptFile!, 'The prompt file'));
  if (args.chat) return chatPrompt(tokenizer, [{ role: 'user', content: text }]);
  return { tokens: tokenizer.encode(text, { addSpecialTokens: true }), header: 0 };
}

/** A JSON array of one or more texts. Rejects with `file-unreadable` or, for any other content, `bad-argument`. */
export async function readTexts(file: string, option: string): Promise<readonly string[]> {
  const text = await readText(file, `The file of ${option}`);
  const needed = `${option} needs a JSON array of one or more strings, and ${file}`;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (thrown) {
    throw new EngineError('bad-argument', `${needed} is not JSON: ${(thrown as Error).message}.`);
  }
  if (!Array.isArray(found)) throw new EngineError('bad-argument', `${needed} holds no array.`);
  const odd = found.findIndex((item) => typeof item !== 'string' || item === '');
  if (odd >= 0) {
    throw new EngineError('bad-argument', `${needed} has ${JSON.stringify(found[odd])} at place ${odd}.`);
  }
  if (found.length === 0) throw new EngineError('bad-argument', `${needed} is empty.`);
  return found as string[];
}

/** `what` begins the refusal: `file-unreadable`. */
export async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new EngineError('file-unreadable', `${what} cannot be read: ${(thrown as Error).message}.`);
  }
}
