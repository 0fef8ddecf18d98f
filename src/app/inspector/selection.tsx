import { formatCount, formatPercent, formatTokens } from '../format';
import type { SelectionReport } from '../../protocol';
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
          {report.kept === undefined && <EverythingKept report={report} />}
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
  const { compression, promptTokens } = useLastFigures();
  const { tspLayer, propagatedTokens, coverage } = compression ?? {};
  const share = propagatedTokens === undefined || !promptTokens ? undefined : propagatedTokens / promptTokens;
  return (
    <dl className="figure-rows">
      <FigureRow
        label="TSP layer (T)"
        text={compression !== undefined && tspLayer === undefined ? 'none' : formatCount(tspLayer)}
        value={tspLayer}
        testId="tsp-layer"
      />
      <FigureRow
        label="Went on past T"
        text={
          propagatedTokens === undefined
            ? formatCount(undefined)
            : `${formatTokens(propagatedTokens)}, ${formatPercent(share)}`
        }
        value={propagatedTokens}
        testId="propagated-tokens"
      />
      <FigureRow label="Coverage" text={formatPercent(coverage)} value={coverage} testId="coverage" />
    </dl>
  );
}

/** A follow-up's question may need what the first one did not. */
function CoverageMeaning() {
  const coverage = useLastFigures().compression?.coverage;
  if (coverage === undefined) return null;
  return (
    <p className="panel-hint">
      Coverage: {formatPercent(coverage)} of this question’s attention falls on tokens that the turn before
      sent on. This turn selected afresh.
    </p>
  );
}

/** A strip without a gap wants a reason. */
function EverythingKept({ report }: { readonly report: SelectionReport }) {
  const kv = useLastFigures().kv;
  const why =
    kv?.turnMode === 'full'
      ? 'mode full keeps every token in every layer'
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
