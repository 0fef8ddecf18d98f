/** An answer whose model thought aloud before it: `<think>…</think>`, as DeepSeek-R1, Qwen3 and SmolLM3 write it. */
export interface SplitAnswer {
  /** Undefined where there was none, or nothing in it. */
  readonly reasoning: string | undefined;
  /** Still thinking, or ended while it did. */
  readonly isOpen: boolean;
  readonly answer: string;
}

const OPEN = '<think>';
const CLOSE = '</think>';

/** Only at its beginning: an answer may speak of the tags. A beginning that may yet become the tag is no answer. */
export function splitReasoning(text: string): SplitAnswer {
  const start = text.trimStart();
  if (!start.startsWith(OPEN)) {
    const isBegun = start !== '' && OPEN.startsWith(start);
    return { reasoning: undefined, isOpen: false, answer: isBegun ? '' : text };
  }
  const thought = start.slice(OPEN.length);
  const end = thought.indexOf(CLOSE);
  const reasoning = (end === -1 ? withoutBegun(thought) : thought.slice(0, end)).trim();
  return {
    reasoning: reasoning === '' ? undefined : reasoning,
    isOpen: end === -1,
    answer: end === -1 ? '' : thought.slice(end + CLOSE.length).trimStart(),
  };
}

/** What was said aloud: what is copied, heard, and told the model of its earlier answers. */
export const answerOf = (text: string): string => splitReasoning(text).answer;

/** Without a closing tag of which only a part has come. */
function withoutBegun(thought: string): string {
  const at = thought.lastIndexOf('<');
  return at !== -1 && CLOSE.startsWith(thought.slice(at)) ? thought.slice(0, at) : thought;
}
