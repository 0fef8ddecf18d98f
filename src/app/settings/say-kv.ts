import { formatPercent, formatTokens } from '../format';
import type { KvSettings } from '../../protocol';

/** How a turn compresses, in one line. */
export function sayKv({
  turnMode,
  budget,
  retain,
  capacity,
  tspRate,
  tspLength,
  tspLayer,
}: KvSettings): string {
  if (turnMode === 'full') return 'full mode';
  const kept =
    budget === 'proportional'
      ? [`KV retention ${formatPercent(retain)}`, `TSP rate ${formatPercent(tspRate)}`]
      : [`${formatTokens(capacity)} a head`, `TSP length ${formatTokens(tspLength)}`];
  return [`${turnMode} mode`, ...kept, ...(tspLayer === undefined ? [] : [`TSP layer ${tspLayer}`])].join(
    ', ',
  );
}
