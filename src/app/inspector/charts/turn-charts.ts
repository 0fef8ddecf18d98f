/** How the two waits went from turn to turn. */
import type { TurnFigures } from '../../store/conversation';
import type { TimeToFirstToken } from '../../../protocol';
import type { Chart, Paint } from './chart';

const PARTS = [
  ['tokenizeMs', 'Text to tokens', 'time-tokenise'],
  ['lowerMs', 'Layers up to T, or all', 'time-lower'],
  ['selectMs', 'Scoring and selecting', 'time-select'],
  ['upperMs', 'Layers above T', 'time-upper'],
  ['firstTokenMs', 'First token', 'time-first'],
] as const satisfies readonly (readonly [keyof TimeToFirstToken, string, Paint])[];

const turnsOf = (turns: readonly TurnFigures[]): Chart['x'] => ({
  key: 'turn',
  label: 'Turn',
  values: turns.map((_, index) => index + 1),
  say: (turn) => `Turn ${turn}`,
});

/** `turns`: those that are over, in their order. */
export function firstTokenChart(turns: readonly TurnFigures[]): Chart {
  return {
    name: 'first-token',
    title: 'Time to first token',
    unit: 'ms',
    form: 'bars',
    x: turnsOf(turns),
    series: PARTS.map(([key, label, paint]) => ({
      key,
      label,
      paint,
      place: 'stacked',
      values: turns.map(({ ttft }) => ttft?.[key]),
    })),
  };
}

/** `turns`: those that are over, in their order. */
export function writingChart(turns: readonly TurnFigures[]): Chart {
  return {
    name: 'writing',
    title: 'Writing speed',
    unit: 'tok/s',
    form: 'bars',
    x: turnsOf(turns),
    series: [
      {
        key: 'decodeTokensPerSecond',
        label: 'Writing',
        paint: 'time-lower',
        place: 'stacked',
        values: turns.map(writingSpeed),
      },
    ],
  };
}

/** The first token is the end of reading: one token alone has no speed. */
function writingSpeed({ newTokens = 0, decodeTokensPerSecond }: TurnFigures): number | undefined {
  return newTokens > 1 ? decodeTokensPerSecond : undefined;
}
