/** The parts of the benchmarks that need no device: documents, bars, tables. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeDocument } from '../bench/eval-documents';
import { KINDS } from '../bench/eval-words';
import { formatTable, median } from '../bench/table';
import { checkBars, type LengthResult } from '../bench/ttft-bars';
import { readConfig } from '../src/engine/models/config';
import { DEMO_FOLDER } from '../src/engine/models/fixtures.test-support';
import { loadTokenizer } from '../src/engine/tokenizer/tokenizer';

describe('documents of the evaluation', () => {
  const read = (file: string) => readFileSync(`${DEMO_FOLDER}${file}`, 'utf8');
  const { V } = readConfig(JSON.parse(read('config.json')));
  const tokenizer = loadTokenizer({ tokenizerJson: read('tokenizer.json'), V });
  const count = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  const make = (seed: number, tokens = 1000) => makeDocument({ tokens, questions: 12, seed }, count);

  it('are of the length asked for, in tokens', () => {
    for (const tokens of [500, 1000, 2000]) {
      for (let seed = 1; seed <= 5; seed++) {
        const found = count(make(seed, tokens).text);
        expect(found).toBeGreaterThan(0.98 * tokens);
        expect(found).toBeLessThan(1.03 * tokens + 60); // ends of paragraphs; the last pair of sentences
      }
    }
  });

  it('are the same for the same seed, and others for another', () => {
    expect(make(1)).toEqual(make(1));
    expect(make(1).text).not.toBe(make(2).text);
  });

  const forms = KINDS.flatMap(({ attributes }) =>
    attributes.map(
      ({ answer }) => new RegExp(`^${answer.replace('.', '\\.').replace('{value}', '([^{}]+)')}$`),
    ),
  );

  it('hold the answer to every question, and every question once', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { text, questions } = make(seed);
      expect(questions).toHaveLength(12);
      expect(new Set(questions.map(({ question }) => question)).size).toBe(12);
      for (const { question, answer } of questions) {
        expect(question).toMatch(/^[A-Z][^{}]*\?$/);
        const values = forms.flatMap((form) => form.exec(answer)?.[1] ?? []);
        expect(
          values.some((value) => text.includes(` ${value}`)),
          answer,
        ).toBe(true);
      }
    }
  });

  it('have enough facts for the questions, however short', () => {
    expect(make(1, 10).questions).toHaveLength(12);
  });
});

describe('the bars of the benchmark', () => {
  const result = (tokens: number, changes: Partial<Record<string, number>> = {}): LengthResult => {
    const value = { ratio: 1 + tokens / 4096, hot: 0.1, followUp: 0.2, reRead: 1.5, share: 0.01, ...changes };
    const side = { decodeTokensPerSecond: 1, trunkBytes: 0, scratchPeakBytes: 0, fullBytes: 1, peakBytes: 1 };
    return {
      ...{ tokens, rounds: 1 },
      full: { ...side, ttftMs: value.ratio, hotBytes: 1, reReadMs: value.reRead },
      fastkv: {
        ...{ ...side, ttftMs: 1, hotBytes: value.hot },
        ...{ followUpMs: value.followUp, followUpTokens: 1, selectShare: value.share },
      },
    };
  };
  const failed = (...results: LengthResult[]) =>
    checkBars(results, 0.1).flatMap(({ name, passed }) => (passed ? [] : [name]));

  it('hold for what is asked of FastKV', () => {
    const results = [1024, 2048, 4096].map((tokens) => result(tokens));
    expect(checkBars(results, 0.1)).toHaveLength(6);
    expect(failed(...results)).toEqual([]);
  });

  it.each([
    ['TTFT full / fastkv at 4096', { ratio: 1.69 }],
    ['hot cache / full cache', { hot: 0.12 }],
    ['first turn / follow-up at 4096', { followUp: 0.3, reRead: 3 }],
    ['full re-read / follow-up at 4096', { reRead: 1.1 }],
    ['scoring and selecting of prefill at 4096', { share: 0.03 }],
  ])('fail one by one: %s', (name, changes) => {
    expect(failed(result(1024), result(4096, changes))).toEqual([name]);
  });

  it('fail when longer prompts gain less', () => {
    expect(failed(result(2048, { ratio: 2.5 }), result(4096))).toEqual(['TTFT full / fastkv by length']);
  });

  it('are left out for what was not measured', () => {
    expect(checkBars([result(1024)], 0.2)).toEqual([]);
  });
});

describe('a table', () => {
  it('holds its columns', () => {
    expect(
      formatTable(
        ['', 'ms'],
        [
          ['full', '10'],
          ['fastkv', '5'],
        ],
      ),
    ).toBe('        ms\nfull    10\nfastkv   5');
  });

  it('has medians of even counts too', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });
});
