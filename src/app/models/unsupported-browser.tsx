import type { EngineFailure } from '../../protocol';
import { useModel } from '../stores';

const BROWSERS = [
  ['Chrome or Edge 113 and later', 'Windows, macOS, ChromeOS; Android 12 and later from version 121'],
  ['Chrome 144 and later', 'Linux with Intel graphics; 147 with NVIDIA'],
  ['Safari 26', 'macOS, iOS, iPadOS and visionOS'],
  ['Firefox 141 and later', 'Windows; from 147 on Macs with Apple silicon'],
] as const;

/** In place of the chat where there is no WebGPU: why, and what to use. */
export function UnsupportedBrowser({ error }: { readonly error: EngineFailure }) {
  const reload = useModel((state) => state.reload);
  // Where the browser has none at all, only another browser helps; an adapter may come back.
  const mayComeBack = (navigator as Partial<Navigator>).gpu !== undefined;
  return (
    <main className="unsupported" data-testid="unsupported">
      <h2>No model can run in this browser yet</h2>
      <p className="unsupported-why" data-testid="error" data-code={error.code}>
        {error.message} <code className="problem-code">{error.code}</code>
      </p>
      <p>
        FastKV Chat sends nothing to a server. It computes here, through WebGPU, so it needs a browser that
        supports it:
      </p>
      <table className="unsupported-browsers">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Browser</th>
            <th scope="col">Where</th>
          </tr>
        </thead>
        <tbody>
          {BROWSERS.map(([browser, where]) => (
            <tr key={browser}>
              <th scope="row">{browser}</th>
              <td>{where}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        In one of these already? Check that hardware acceleration is on in the browser’s settings, that the
        graphics driver is up to date, and that the address begins with <code>https://</code>.
      </p>
      {mayComeBack && (
        <button type="button" className="button" onClick={() => void reload()}>
          Try again
        </button>
      )}
    </main>
  );
}
