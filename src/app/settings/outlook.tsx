/** What the sliders come to in tokens of the text at hand, said beside them before it is read. */
import { formatCount, formatPercent, formatTokens } from '../format';
import type { KvSettings } from '../../protocol';
import { alwaysKept, keptStart, outlookFor, type Outlook } from '../store/budget';
import { useLastFigures } from '../inspector/figures';
import { tokensOf } from '../store/conversation';
import { useChat, useLoadedModel, useSelection } from '../stores';

interface Text {
  readonly tokens: number;
  /** How a sentence speaks of it. */
  readonly name: string;
}

/** What the next message will mostly consist of: the conversation so far, or the document attached. */
function useTextAtHand(): Text | undefined {
  const asked = useChat(({ order }) => order.length > 0);
  const several = useChat(({ documents }) => documents.length > 1);
  const attached = useChat(({ documents }) => tokensOf(documents));
  const { promptTokens } = useLastFigures();
  if (promptTokens !== undefined) return { tokens: promptTokens, name: 'the last prompt' };
  if (attached === undefined || asked) return undefined;
  return { tokens: attached, name: several ? 'the attached documents' : 'the attached document' };
}

/** The outlook for that text; undefined without one. */
export function useOutlook(settings: KvSettings): (Outlook & Text) | undefined {
  const text = useTextAtHand();
  const layers = useLoadedModel()?.layers;
  return text && layers !== undefined ? { ...outlookFor(settings, layers, text.tokens), ...text } : undefined;
}

/** A slider's value in tokens; undefined for one that sets something else, or where everything stays. */
export function effectOf(
  key: keyof KvSettings,
  settings: KvSettings,
  outlook: Outlook | undefined,
): string | undefined {
  if (outlook === undefined || outlook.whole !== undefined) return undefined;
  const { tokens, propagated, kept } = outlook;
  const of = `of ${formatTokens(tokens)}`;
  if (propagated === tokens && (key === 'tspRate' || key === 'tspLength'))
    return `All ${formatTokens(tokens)} go on.`;
  const effects: Partial<Record<typeof key, string>> = {
    retain: `${formatPercent(settings.retain)} is about ${formatCount(kept)} ${of}.`,
    tspRate: `${formatPercent(settings.tspRate)} is about ${formatCount(propagated)} ${of}.`,
    capacity: `That is ${formatCount(kept)} ${of}, ${formatPercent(kept / tokens)}.`,
    tspLength: `That is ${formatCount(propagated)} ${of}, ${formatPercent(propagated / tokens)}.`,
  };
  return effects[key];
}

/** Fewer entries than this hold no passage: a token is a word or less. */
const FEW = 16;

/** What no setting gives up, and whether that leaves anything of the text. */
export function BudgetNote({ settings }: { readonly settings: KvSettings }) {
  const outlook = useOutlook(settings);
  const start = useSelection(({ report }) => (report === undefined ? 0 : keptStart(report)));
  const always = alwaysKept(settings, start);
  const room = outlook === undefined ? undefined : outlook.kept - always;
  const warns = outlook !== undefined && outlook.whole === undefined && room !== undefined && room < FEW;
  return (
    <div className="budget-note">
      <p className="setting-help" data-testid="always-kept">
        Always kept: {alwaysKeptNames(settings).join(', ')}. Prompts under {formatTokens(settings.floor)} are
        kept whole. Scores are pooled over {settings.kernel} neighbours.
      </p>
      <p className={warns ? 'budget-line budget-warning' : 'budget-line'} data-testid="budget-note">
        {outlook === undefined
          ? 'Attach a document to see what this comes to in tokens.'
          : sayOutlook(outlook, settings, always)}
      </p>
    </div>
  );
}

function alwaysKeptNames({ window, protectFirst, protectHeader }: KvSettings): readonly string[] {
  return [
    `the last ${window} tokens, which score the others`,
    ...(protectFirst > 0 ? [`the first ${protectFirst}`] : []),
    ...(protectHeader ? ['the system part of the template'] : []),
  ];
}

export function sayOutlook(
  { tokens, name, whole, kept }: Outlook & Text,
  settings: KvSettings,
  always: number,
): string {
  const text = `${name.charAt(0).toUpperCase()}${name.slice(1)} (${formatTokens(tokens)})`;
  const room = kept - always;
  switch (whole) {
    case 'policy':
      return `${text} stays whole in full mode.`;
    case 'floor':
      return `${text} is under ${formatTokens(settings.floor)}, so it stays whole whatever the rates.`;
    case 'window':
      return `${text} stays whole: this budget is less than the last ${settings.window}, which score the others.`;
    case undefined:
      break;
  }
  const held = `Each layer and KV head keeps about ${formatCount(kept)} of the ${formatTokens(tokens)} of ${name}`;
  if (room <= 0)
    return `Nothing but what is always kept would stay. ${held}, and those always kept fill that. Answers may miss the text: raise the rates.`;
  if (room < FEW)
    return `Almost nothing of the text would stay. ${held}; all but at most ${room} are those always kept. Raise the rates for answers about the text.`;
  return `${held}, of which at least ${formatCount(alwaysKept(settings, 0))} always.`;
}
