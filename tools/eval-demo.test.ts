/** The parts of the evaluation that need no device: what it is asked for, files of questions, counts and tables. */
import { describe, expect, it } from 'vitest';
import { parseEvalFile, partOf } from '../bench/eval-file';
import { readOptions } from '../bench/eval-options';
import {
  kindsTable,
  lengthTable,
  rowOf,
  SETTINGS,
  settingsTable,
  type LengthResult,
  type Turn,
} from '../bench/eval-tally';

const question = (n: number, kind = 'single') => ({ kind, question: `What is ${n}?`, answer: `${n}.` });
const line = (length: number, ...questions: unknown[]) =>
  JSON.stringify({ length, text: `About ${length}.`, questions });

describe('a file of questions', () => {
  const parse = (...lines: string[]) => parseEvalFile(lines.join('\n'), 'q.jsonl');

  it('is documents by length, the shortest first, and in the file’s order within one', () => {
    const groups = parse(
      line(4000, question(1)),
      line(1000, question(2, 'two-step')),
      line(4000, question(3)),
      '',
    );
    expect(groups).toEqual([
      { tokens: 1000, documents: [{ text: 'About 1000.', questions: [question(2, 'two-step')] }] },
      {
        tokens: 4000,
        documents: [
          { text: 'About 4000.', questions: [question(1)] },
          { text: 'About 4000.', questions: [question(3)] },
        ],
      },
    ]);
  });

  it('may hold every line break and character that JSON lines can', () => {
    const text = 'Two\nlines, and \u2028 one “more”.';
    const [group] = parse(`${JSON.stringify({ length: 1, text, questions: [question(1)] })}\r`, '');
    expect(group!.documents[0]!.text).toBe(text);
  });

  const { answer: _, ...unanswered } = question(2);
  it.each([
    ['no JSON', '{"length": 1000, "text"', 'it is not JSON'],
    ['no object', '7', 'it is 7'],
    ['no length', '{"text": "A."}', 'length is missing'],
    ['a length in words', line(1000, question(1)).replace('1000', '"4k"'), 'length is "4k"'],
    ['half a token', line(1000.5, question(1)), 'length is 1000.5'],
    ['no text', '{"length": 1000, "text": "", "questions": []}', 'text is ""'],
    ['no questions', line(1000), 'questions is []'],
    ['a question without an answer', line(1000, question(1), unanswered), 'questions.1.answer is missing'],
    ['a kind that is none', line(1000, question(1, 'sngle')), 'questions.0.kind is "sngle"'],
  ])('is refused with %s, by line and place', (_, bad, what) => {
    expect(() => parse(line(1000, question(1)), '', bad)).toThrow(
      expect.objectContaining({
        code: 'bad-argument',
        message: expect.stringContaining(`q.jsonl, line 3: ${what}. A line is {`),
      }),
    );
  });

  it('is refused when it is empty', () => {
    expect(() => parse('', '')).toThrow('q.jsonl has no line. A line is {');
  });
});

describe('a part of a file', () => {
  const groups = parseEvalFile(
    [
      line(1000, question(1), question(2)),
      line(1000, question(3), question(4)),
      line(1000, question(5)),
      line(4000, question(6)),
    ].join('\n'),
    'q.jsonl',
  );
  const asked = (lengths: readonly number[] | undefined, questions: number) =>
    partOf(groups, { lengths, questions }).map(({ tokens, documents }) => [
      tokens,
      ...documents.map((document) => document.questions.length),
    ]);

  it('is all of it where nothing is said', () => {
    expect(partOf(groups, { lengths: undefined, questions: Infinity })).toEqual(groups);
  });

  it('is the first questions of each length, on as few documents as hold them', () => {
    expect(asked(undefined, 3)).toEqual([
      [1000, 2, 1],
      [4000, 1],
    ]);
    expect(asked(undefined, 4)).toEqual([
      [1000, 2, 2],
      [4000, 1],
    ]);
  });

  it('has the lengths that are asked for, and no others', () => {
    expect(asked([4000], 9)).toEqual([[4000, 1]]);
    expect(() => asked([4000, 8000], 9)).toThrow(
      '--lengths asks for 8000; the file has documents of 1000, 4000 tokens.',
    );
  });
});

describe('the options of the evaluation', () => {
  const names = (...argv: string[]) => readOptions(argv).settings.map(({ name }) => name);

  it('are 72 generated questions a length, timed and compared, where nothing is said', () => {
    expect(readOptions([])).toMatchObject({
      ...{ from: undefined, lengths: undefined, questions: 72, settings: SETTINGS, tspLayer: undefined },
      ...{ timed: 3, reference: 1, seed: 1, dtype: 'f32', profile: undefined },
    });
  });

  it('are all questions of a file, none read twice or on the CPU, unless that is said', () => {
    expect(readOptions(['--from', 'q.jsonl'])).toMatchObject({
      ...{ from: 'q.jsonl', lengths: undefined, questions: Infinity, timed: 0, reference: 0 },
    });
    const said = [
      '--lengths',
      '1000,4000',
      '--questions',
      '20',
      '--timed',
      '1',
      '--reference',
      '2',
      '--tsp-layer',
      '0',
    ];
    expect(readOptions(['--from', 'q.jsonl', ...said])).toMatchObject({
      ...{ lengths: [1000, 4000], questions: 20, timed: 1, reference: 2, tspLayer: 0 },
    });
  });

  it('choose settings by name, in the table’s order', () => {
    expect(names()).toEqual([
      'full',
      ...['fastkv-0.05', 'fastkv-0.1', 'fastkv-0.2', 'fastkv-0.5'],
      ...['tsp-off-0.05', 'tsp-off-0.1', 'tsp-off-0.2', 'tsp-off-0.5'],
    ]);
    expect(names('--settings', 'tsp-off-0.5,fastkv-0.1,full')).toEqual(['full', 'fastkv-0.1', 'tsp-off-0.5']);
    expect(() => names('--settings', 'full,fastkv-0.3')).toThrow(
      '--settings is "fastkv-0.3"; it can be full, fastkv-0.05, fastkv-0.1,',
    );
  });

  it('have no seed beside a file', () => {
    expect(() => readOptions(['--from', 'q.jsonl', '--seed', '2'])).toThrow('--seed is for documents');
  });
});

describe('the settings', () => {
  it('are those of training/evaluate.py: full, FastKV with t = 0.2, and TSP off, with the same r', () => {
    const rates = SETTINGS.map(({ kv }) => [kv.policy, kv.retain, kv.tspRate]);
    expect(rates.slice(1)).toEqual([
      ...[0.05, 0.1, 0.2, 0.5].map((r) => ['fastkv', r, 0.2]),
      ...[0.05, 0.1, 0.2, 0.5].map((r) => ['fastkv', r, 1]),
    ]);
    expect(rates[0]![0]).toBe('full');
  });
});

describe('the tally', () => {
  const turn = (kind: Turn['kind'], right: boolean, ttftMs?: number): Turn => ({
    ...{ kind, right, hotBytes: 1000, fullBytes: 8000, ttftMs },
  });
  const setting = (name: string) => SETTINGS.find((one) => one.name === name)!;
  const turns = [
    turn('single', true, 30),
    turn('count', false),
    turn('single', false, 10),
    turn('count', true),
  ];

  it('counts right answers in all and by kind, and times only what was read afresh', () => {
    expect(rowOf(setting('fastkv-0.1'), turns)).toEqual({
      ...{ config: 'fastkv-0.1', retain: 0.1, tspRate: 0.2, asked: 4, right: 2, exact: 0.5 },
      ...{ hotBytes: 1000, fullBytes: 8000, ttftMs: 20 },
      kinds: { single: { asked: 2, right: 1 }, count: { asked: 2, right: 1 } },
    });
    expect(rowOf(setting('full'), turns.slice(1, 2))).toMatchObject({ retain: 1, tspRate: 1, ttftMs: null });
  });

  const result = (tokens: number, ...ofFull: Turn[]): LengthResult => ({
    ...{ tokens, promptTokens: tokens + 0.4 },
    rows: [
      rowOf(setting('full'), ofFull),
      rowOf(
        setting('fastkv-0.1'),
        ofFull.map((one) => ({ ...one, right: false })),
      ),
      rowOf(setting('tsp-off-0.1'), ofFull),
    ],
  });
  const cells = (table: string | undefined) => table?.split('\n').map((text) => text.trim().split(/ {2,}/));

  it('has a row a setting and a column a length', () => {
    const results = [result(1000, turn('single', true)), result(4000, ...turns)];
    expect(cells(settingsTable(results))).toEqual([
      ['tokens a prompt', '1000', '4000'],
      ['full', '1.000', '0.500'],
      ['fastkv-0.1', '0.000', '0.000'],
      ['tsp-off-0.1', '1.000', '0.500'],
    ]);
  });

  it('tells kinds apart for the full cache and for FastKV, and says how many were asked', () => {
    const results = [result(1000, turn('single', true)), result(4000, ...turns)];
    expect(cells(kindsTable(results))).toEqual([
      ['full / fastkv-0.1', '1000', '4000'],
      ['single', '1.000 / 0.000 (1)', '0.500 / 0.000 (2)'],
      ['count', '-', '0.500 / 0.000 (2)'],
    ]);
  });

  it('has no table of kinds where there is one, or neither of those settings', () => {
    expect(kindsTable([result(1000, turn('single', true))])).toBeUndefined();
    const other = { ...result(4000, ...turns), rows: [rowOf(setting('tsp-off-0.1'), turns)] };
    expect(kindsTable([other])).toBeUndefined();
  });

  it('leaves out times that nobody took, and compares none without the full cache', () => {
    const { rows, ...length } = result(4000, ...turns);
    const untimed = { ...rows[2]!, ttftMs: null };
    expect(cells(lengthTable({ ...length, rows: [rows[0]!, { ...rows[1]!, ttftMs: 5 }, untimed] }))).toEqual([
      ['exact match', 'hot cache', 'of full', 'TTFT', 'full / this'],
      ['full', '0.500', '1.00 kB', '12.5 %', '20 ms', '1.00'],
      ['fastkv-0.1', '0.000', '1.00 kB', '12.5 %', '5 ms', '4.00'],
      ['tsp-off-0.1', '0.500', '1.00 kB', '12.5 %', '-', '-'],
    ]);
    expect(cells(lengthTable({ ...length, rows: [rows[1]!] }))![1]!.at(-1)).toBe('-');
  });
});
