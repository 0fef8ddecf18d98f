import { useEffect, useState } from 'react';
import { useModel } from '../../stores';
import type { TokenRange } from './strip-data';

/** Some tokens of the last prompt as text, with what stands around them. */
export interface PromptText {
  readonly before: string;
  readonly inside: string;
  readonly after: string;
}

const AROUND = 12;
/** Longer stretches are shown by their beginning. */
const MOST = 64;
/** Long enough that sweeping over the strip asks for little, short enough to seem immediate. */
const DEBOUNCE_MS = 60;

/** Undefined until the engine has said it. What was said of other tokens is never shown for these. */
export function usePromptText(range: TokenRange | undefined, promptTokens: number): PromptText | undefined {
  const api = useModel(({ status }) => (status.state === 'ready' ? status.api : undefined));
  const [said, setSaid] = useState<TokenRange & { text: PromptText }>();
  const from = range?.from;
  const to = range?.to;

  useEffect(() => {
    if (api === undefined || from === undefined || to === undefined) return;
    let current = true;
    const ask = async () => {
      const end = Math.min(to, from + MOST);
      const [before, inside, after] = await Promise.all([
        api.promptText(Math.max(0, from - AROUND), from),
        api.promptText(from, end),
        api.promptText(end, Math.min(promptTokens, end + AROUND)),
      ]);
      if (current) setSaid({ from, to, text: { before, inside, after } });
    };
    // An engine that cannot say it leaves the place empty: the figures beside it stand by themselves.
    const timer = setTimeout(() => void ask().catch(() => undefined), DEBOUNCE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [api, from, to, promptTokens]);

  return said !== undefined && said.from === from && said.to === to ? said.text : undefined;
}
