import { formatNumber, formatPercent } from '../format';
import type { Calibration, KvSettings, ModelInfo } from '../../protocol';
import { calibrate, lastEligible, obstacleTo, stopCalibration, textsAtHand } from '../store/calibration';
import { changeKv } from '../store/settings';
import { useChat, useIsFree, useKv, useSamples, useStores } from '../stores';

interface CalibrationPanelProps {
  readonly settings: KvSettings;
  readonly model: ModelInfo;
}

/** Measures which TSP layer suits the model, on the texts at hand. */
export function CalibrationPanel({ settings, model }: CalibrationPanelProps) {
  const progress = useKv((state) => state.calibration);
  const obstacle = useObstacle(settings, model);
  return (
    <div className="calibration">
      <StartOrStop obstacle={obstacle} />
      {progress.state === 'running' && (
        <div className="calibration-progress" ref={bringIntoView}>
          <p>{progress.total === 0 ? 'Reading…' : `Read ${progress.done} of ${progress.total} times`}</p>
          <progress
            aria-label="Calibrating"
            data-testid="calibration-progress"
            {...(progress.total > 0 && { value: progress.done, max: progress.total })}
          />
        </div>
      )}
      {progress.state !== 'running' && obstacle !== undefined && (
        <p className="setting-help" id="calibrate-obstacle" data-testid="calibrate-obstacle">
          {obstacle}
        </p>
      )}
      {progress.state === 'done' && (
        <Result result={progress.result} stopped={progress.stopped} inUse={settings.tspLayer} model={model} />
      )}
      {progress.state === 'failed' && (
        <p className="problem" ref={bringIntoView}>
          {progress.error.message}
        </p>
      )}
      <Rule model={model} />
    </div>
  );
}

/** In the sheet of a phone what comes next would be below the edge. */
function bringIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

function useObstacle(settings: KvSettings, model: ModelInfo): string | undefined {
  const documents = useChat((state) => state.documents);
  const samples = useSamples((state) => state);
  const texts = textsAtHand({ documents }, samples.state === 'ready' ? samples.samples : []);
  return obstacleTo(texts, settings, model);
}

/** The paper's rule in plain words: before, to know what the button does; afterwards, to know what was done. */
function Rule({ model }: { readonly model: ModelInfo }) {
  return (
    <p className="setting-help" data-testid="calibration-rule">
      Calibrating reads the chat’s documents in full, and samples where those are short, then once with each
      layer as the TSP layer, and compares the results. Of layers 0 to {lastEligible(model)}, up to the middle
      of the model, the one with the least distance is chosen. Layers past the middle save too little work,
      however close they come. The next message then reads the chat again.
    </p>
  );
}

/** One element for both, so that the focus is not lost when one turns into the other. */
function StartOrStop({ obstacle }: { readonly obstacle: string | undefined }) {
  const stores = useStores();
  const free = useIsFree();
  const running = useKv(({ calibration }) => calibration.state === 'running');
  const stopping = useKv(({ calibration }) => calibration.state === 'running' && calibration.stopping);
  const stopLabel = stopping ? 'Stopping' : 'Stop calibrating';
  const blocked = obstacle !== undefined;
  return (
    <button
      type="button"
      className="button setting-button"
      data-testid={running ? 'calibrate-stop' : 'calibrate'}
      aria-disabled={(running ? stopping : !free || blocked) || undefined}
      aria-describedby={!running && blocked ? 'calibrate-obstacle' : undefined}
      onClick={() => (running ? stopCalibration(stores) : void calibrate(stores))}
    >
      {running ? stopLabel : 'Calibrate the TSP layer'}
    </button>
  );
}

interface ResultProps {
  readonly result: Calibration;
  readonly stopped: boolean;
  readonly inUse: number | undefined;
  readonly model: ModelInfo;
}

function Result({ result: { steps, suggested }, stopped, inUse, model }: ResultProps) {
  const remembers = useKv((state) => state.remembers);
  const stores = useStores();
  if (steps.length === 0)
    return <p className="setting-help">Stopped before there was anything to compare.</p>;
  const kept = remembers
    ? 'Kept for this model.'
    : 'In use until the page is closed: this browser does not let it store anything.';
  return (
    <div className="calibration-result" ref={bringIntoView}>
      {/* Focusable, so that it can be scrolled with the keyboard. */}
      <div className="calibration-frame" role="region" aria-label="TSP layers compared" tabIndex={0}>
        <Comparison steps={steps} suggested={suggested} inUse={inUse} last={lastEligible(model)} />
      </div>
      <p className="setting-help" data-testid="calibration-outcome">
        Layer {suggested} is suggested: the least distance among layers 0 to {lastEligible(model)}.{' '}
        {stopped ? 'Stopped early, so nothing was changed.' : kept}
      </p>
      <p className="setting-help">
        Distance: how far the last hidden state moves from the full cache’s. 0 means not at all; compare the
        numbers within this table only. Work: multiply-adds of reading, as a share of the full cache’s.
      </p>
      {suggested !== inUse && (
        <button
          type="button"
          className="button setting-button"
          data-testid="use-suggested"
          onClick={() => changeKv(stores, { tspLayer: suggested })}
        >
          Use layer {suggested}
        </button>
      )}
    </div>
  );
}

interface ComparisonProps extends Pick<Calibration, 'steps' | 'suggested'> {
  readonly inUse: number | undefined;
  /** The last layer that can be suggested. */
  readonly last: number;
}

function Comparison({ steps, suggested, inUse, last }: ComparisonProps) {
  return (
    <table className="calibration-table" data-testid="calibration-table" data-suggested={suggested}>
      <caption className="visually-hidden">TSP layers compared</caption>
      <thead>
        <tr>
          <th scope="col">Layer</th>
          <th scope="col">Distance</th>
          <th scope="col">Work</th>
          <th scope="col">
            <span className="visually-hidden">Verdict</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {steps.map(({ tspLayer, distance, work }) => (
          <tr
            key={tspLayer}
            data-in-use={tspLayer === inUse}
            data-eligible={tspLayer <= last}
            data-testid="calibration-row"
          >
            <th scope="row">{tspLayer}</th>
            <td>{formatNumber(distance)}</td>
            <td>{formatPercent(work)}</td>
            <td>
              {[
                tspLayer === suggested && 'suggested',
                tspLayer === inUse && 'in use',
                tspLayer > last && 'past the middle',
              ]
                .filter(Boolean)
                .join(', ')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
