import { formatNumber, formatPercent } from '../format';
import type { Calibration } from '../../protocol';
import { calibrate, stopCalibration } from '../store/calibration';
import { useIsFree, useKv, useKvSettings, useLoadedModel, useStores } from '../stores';

/** Measures which TSP layer suits the model, on the texts at hand. */
export function CalibrationPanel() {
  const progress = useKv((state) => state.calibration);
  return (
    <div className="calibration">
      <StartOrStop />
      {progress.state === 'running' && (
        <div className="calibration-progress">
          <p>{progress.total === 0 ? 'Reading…' : `Read ${progress.done} of ${progress.total} times`}</p>
          <progress
            aria-label="Calibrating"
            data-testid="calibration-progress"
            {...(progress.total > 0 && { value: progress.done, max: progress.total })}
          />
        </div>
      )}
      {progress.state === 'none' && (
        <p className="setting-help">
          Reads the texts at hand with one layer after the other, and takes the one that changes the outcome
          least. The next message then reads its prompt from the start.
        </p>
      )}
      {progress.state === 'done' && <Result result={progress.result} stopped={progress.stopped} />}
      {progress.state === 'failed' && <p className="problem">{progress.error.message}</p>}
    </div>
  );
}

/** One element for both, so that the focus is not lost when one turns into the other. */
function StartOrStop() {
  const stores = useStores();
  const free = useIsFree();
  const running = useKv(({ calibration }) => calibration.state === 'running');
  const stopping = useKv(({ calibration }) => calibration.state === 'running' && calibration.stopping);
  const stopLabel = stopping ? 'Stopping' : 'Stop calibrating';
  return (
    <button
      type="button"
      className="button setting-button"
      data-testid={running ? 'calibrate-stop' : 'calibrate'}
      aria-disabled={(running ? stopping : !free) || undefined}
      onClick={() => (running ? stopCalibration(stores) : void calibrate(stores))}
    >
      {running ? stopLabel : 'Calibrate the TSP layer'}
    </button>
  );
}

interface ResultProps {
  readonly result: Calibration;
  readonly stopped: boolean;
}

function Result({ result: { steps, suggested }, stopped }: ResultProps) {
  const inUse = useKvSettings()?.tspLayer;
  const model = useLoadedModel();
  const change = useKv((state) => state.change);
  if (steps.length === 0)
    return <p className="setting-help">Stopped before there was anything to compare.</p>;
  return (
    <>
      {/* Focusable, so that it can be scrolled with the keyboard. */}
      <div className="calibration-frame" role="region" aria-label="TSP layers compared" tabIndex={0}>
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
              <tr key={tspLayer} data-in-use={tspLayer === inUse} data-testid="calibration-row">
                <th scope="row">{tspLayer}</th>
                <td>{formatNumber(distance)}</td>
                <td>{formatPercent(work)}</td>
                <td>{verdict(tspLayer === suggested, tspLayer === inUse)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="setting-help">
        Layer {suggested} is suggested. Distance: how far the last hidden state moves from full context’s.
        Work: multiply-adds of reading, as a share of full context’s.{' '}
        {stopped ? 'Stopped early, so nothing was changed.' : 'Kept for this model.'}
      </p>
      {suggested !== inUse && model && (
        <button
          type="button"
          className="button setting-button"
          data-testid="use-suggested"
          onClick={() => change({ tspLayer: suggested }, model)}
        >
          Use layer {suggested}
        </button>
      )}
    </>
  );
}

function verdict(isSuggested: boolean, isInUse: boolean): string {
  if (isSuggested) return isInUse ? 'suggested, in use' : 'suggested';
  return isInUse ? 'in use' : '';
}
