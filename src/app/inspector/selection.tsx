import { useMemo } from 'react';
import { ABSENT, formatCount, formatPercent, formatTokens } from '../format';
import type { SelectionReport } from '../../protocol';
import { onlyEndsKept } from '../store/budget';
import type { TurnFigures } from '../store/conversation';
import { useChat, useLoadedModel, useSelection } from '../stores';
import { FigureRow, useLastFigures } from './figures';
import { KeptStrip } from './strip/strip';

/** What the last turn did with the prompt: which tokens went on, and which each layer keeps. */
export function Selection() {
  const { answerId, report } = useSelection((state) => state);
  const belongsHere = useChat(({ order }) => answerId !== undefined && order.includes(answerId));
  const model = useLoadedModel();
  return (
    <section className="panel">
      <h2>Selection</h2>
      <SelectionFigures />
      {report === undefined || model === undefined || !belongsHere ? (
        <p className="panel-hint">
          After an answer: the prompt as a strip, with the tokens that went on past the TSP layer, the ones
          that each layer keeps, and the text they stand for.
        </p>
      ) : (
        <>
          {report.kept === undefined ? <EverythingKept report={report} /> : <OnlyEndsKept report={report} />}
          <KeptStrip key={answerId} report={report} layers={model.layers} kvHeads={model.kvHeads} />
          <Legend report={report} />
          {report.kept && <KeptTable kept={report.kept} />}
        </>
      )}
      <CoverageMeaning />
    </section>
  );
}

function SelectionFigures() {
  const figures = useLastFigures();
  const { propagatedTokens, coverage } = figures.compression ?? {};
  const isFirst = useChat(({ order }) => order.length <= 2);
  const tsp = tspLayerOf(figures);
  return (
    <dl className="figure-rows">
      <FigureRow
        label="TSP layer (T), last to see all"
        text={tsp.text}
        value={tsp.value}
        testId="tsp-layer"
      />
      <FigureRow
        label="Sent on past T"
        text={sentOn(figures)}
        value={propagatedTokens}
        testId="propagated-tokens"
      />
      <FigureRow
        label="Coverage by the last turn"
        text={coverage === undefined ? whyNoCoverage(figures, isFirst) : formatPercent(coverage)}
        value={coverage}
        testId="coverage"
      />
    </dl>
  );
}

/** Before the turn is over, and where it was stopped: T as it was set. */
export function tspLayerOf({ compression, kv }: TurnFigures): { text: string; value: number | undefined } {
  if (compression !== undefined) {
    const { tspLayer } = compression;
    return { text: tspLayer === undefined ? 'none' : formatCount(tspLayer), value: tspLayer };
  }
  const set = kv?.turnMode === 'full' ? undefined : kv?.tspLayer;
  return { text: set === undefined ? ABSENT : `${formatCount(set)}, as set`, value: undefined };
}

/** A share only where a part went on: all of a prompt that was kept whole were not chosen. */
export function sentOn({ compression, promptTokens }: TurnFigures): string {
  if (compression === undefined) return ABSENT;
  const { tspLayer, propagatedTokens } = compression;
  if (tspLayer === undefined) return `all ${formatTokens(propagatedTokens)}, none chosen`;
  const share = promptTokens ? propagatedTokens / promptTokens : undefined;
  return `${formatTokens(propagatedTokens)}, ${formatPercent(share)}`;
}

/** Coverage compares with what the turn before chose. */
export function whyNoCoverage({ compression }: TurnFigures, isFirst: boolean): string {
  if (compression === undefined) return ABSENT;
  if (compression.tspLayer === undefined) return `${ABSENT} all went on`;
  return isFirst ? `${ABSENT} first question` : `${ABSENT} none before`;
}

/** A follow-up's question may need what the first one did not. */
function CoverageMeaning() {
  const coverage = useLastFigures().compression?.coverage;
  if (coverage === undefined) return null;
  return (
    <p className="panel-hint">
      Coverage: {formatPercent(coverage)} of this question’s attention falls on tokens that the previous turn
      sent on. This turn selected afresh.
    </p>
  );
}

/** Two lines of ink at the ends of the strip are easily taken for a selection. */
function OnlyEndsKept({ report }: { readonly report: SelectionReport }) {
  const ends = useMemo(() => onlyEndsKept(report), [report]);
  if (ends === undefined) return null;
  return (
    <p className="budget-line budget-warning" data-testid="only-ends-kept">
      Only what is always kept stayed: the first {ends.first} and the last {ends.last} of{' '}
      {formatTokens(report.promptTokens)}, and nothing of the text between them. Raise the rates for answers
      about the text.
    </p>
  );
}

/** A strip without a gap wants a reason. */
function EverythingKept({ report }: { readonly report: SelectionReport }) {
  const kv = useLastFigures().kv;
  const why =
    kv?.turnMode === 'full'
      ? 'full mode keeps every token in every layer'
      : kv !== undefined && report.promptTokens < kv.floor
        ? `prompts under ${formatTokens(kv.floor)} are kept whole`
        : 'with these settings there was nothing to let go';
  return (
    <p className="panel-hint" data-testid="everything-kept">
      Everything was kept: {why}.
    </p>
  );
}

function Legend({ report }: { readonly report: SelectionReport }) {
  const wentOn = report.tspLayer === undefined ? 'through all layers' : `past layer ${report.tspLayer}`;
  return (
    <p className="strip-legend" aria-hidden="true">
      <span>
        <span className="swatch strip-propagated" />
        {wentOn}
      </span>
      <span>
        <span className="swatch kv-hot" />
        kept, fuller is more
      </span>
      <span>
        <span className="swatch kv-full" />
        let go
      </span>
    </p>
  );
}

/** The strip in numbers, for those who do not see it. */
function KeptTable({ kept }: { readonly kept: NonNullable<SelectionReport['kept']> }) {
  return (
    <div className="visually-hidden">
      <table>
        <caption>Tokens kept after reading, by layer and KV head</caption>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            {kept[0]?.map((_, head) => (
              <th key={head} scope="col">
                KV head {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kept.map((heads, layer) => (
            <tr key={layer}>
              <th scope="row">{layer}</th>
              {heads.map(({ length }, head) => (
                <td key={head}>{formatCount(length)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
