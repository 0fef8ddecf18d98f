import type { ChatMessage } from '../../protocol';
import type { Tokenizer } from './tokenizer';

/**
 * Tokens at the start of a chat that do not depend on what the user writes: the template's system part with the system
 * message, up to the first user message's content.
 */
export function headerTokens(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  thinking?: boolean,
): number {
  const system = messages.filter(({ role }, i) => i === 0 && role === 'system');
  const chat = (content: string) =>
    tokenizer.chat([...system, { role: 'user', content }], { addGenerationPrompt: false, thinking });
  const [one, other] = [chat('a'), chat('1')];
  const differs = one.findIndex((id, i) => id !== other[i]);
  return differs === -1 ? one.length : differs;
}
