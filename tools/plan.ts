/** `npm run --silent plan -- --model DIR --context N`: what a model and a prompt would take on the GPU. See README.md. */
import { formatBytes } from '../src/app/format';
import { assess, sayChange, type Assessment } from '../src/app/store/verdict';
import { describeFolder } from '../src/engine/load-model';
import { planModel, type PlannedFrom } from '../src/engine/plan';
import { formsFor } from '../src/engine/weights/forms';
import type { ModelPlan, PlanRequest, StorageDtype, WeightForm } from '../src/protocol';
import { badArgument, FLAG, parseOptions, readForms, readNumber, TEXT } from './arguments';
import { KV_OPTIONS, KV_USAGE, kvFor, readKv } from './kv-arguments';
import { nodeFolder } from './node-folder';

const USAGE =
  'plan --model DIR --context N [--answer N (64)] [--dtype f32|f16|q8|q4] [--cache f32|f16] [--budget BYTES|2GiB] [--json] ' +
  `${KV_USAGE}. N are the tokens of the prompt. Reads config.json and the headers of the weights; needs no device.`;

const OPTIONS = {
  model: TEXT,
  context: TEXT,
  answer: { ...TEXT, default: '64' },
  dtype: { ...TEXT, default: 'f16' },
  cache: TEXT,
  budget: TEXT,
  json: FLAG,
  ...KV_OPTIONS,
} as const;

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** "2GiB", "1.5 GB", "800000000". Throws `bad-argument`. */
export function readBytes(text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([KMG]?i?B?)\s*$/i.exec(text) ?? [];
  const size = UNITS[unit.toUpperCase()];
  const bytes = Number(number) * (size ?? Number.NaN);
  if (bytes >= 1) return Math.floor(bytes);
  const found = `--budget is ${JSON.stringify(text)}`;
  throw badArgument(`${found}; a number of bytes is needed, or one with KiB, MiB, GiB, KB, MB or GB.`, USAGE);
}

/** Throws `bad-argument`. */
function readArguments(argv: string[]) {
  const args = parseOptions(argv, OPTIONS, USAGE);
  const { model, context, cache } = args;
  if (model === undefined) throw badArgument('--model is missing.', USAGE);
  if (context === undefined) throw badArgument('--context is missing.', USAGE);
  const forms = readForms(args.dtype, cache, USAGE);
  return {
    model,
    promptTokens: readNumber('context', context, USAGE, true),
    answerTokens: readNumber('answer', args.answer, USAGE, true),
    // What reading the forms has checked.
    dtype: args.dtype as WeightForm,
    cache: cache as StorageDtype | undefined,
    forms,
    budgetBytes: args.budget === undefined ? undefined : readBytes(args.budget),
    json: args.json,
    kv: readKv(args, USAGE),
  };
}

type Arguments = ReturnType<typeof readArguments>;

/** Plans of a folder's model, in the forms that options ask for or a change would bring. */
async function planner({ model, cache, forms, kv }: Arguments) {
  const { spec, tspLayer, packed, packedAs, entries } = await describeFolder(nodeFolder(model));
  const storedBytes = [...entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const settings = kvFor(kv, spec.L, tspLayer);
  const from = (own: typeof forms): PlannedFrom => ({
    ...{ spec, packed, packedAs, storedBytes, kv: settings },
    forms: { ...own, packed },
  });
  const ask = async ({ dtype, ...request }: PlanRequest): Promise<ModelPlan> =>
    planModel(from(dtype ? { ...formsFor(dtype), ...(cache && { dtype: cache }) } : forms), request);
  return ask;
}

type Told = Pick<Assessment, 'plan'> & Partial<Assessment>;

/** All that --json tells. */
function report(args: Arguments, told: Told): object {
  const { promptTokens, answerTokens, forms, budgetBytes } = args;
  const { model, kv, ...bytes } = told.plan;
  const { policy, turnMode, tspLayer } = kv;
  const { isPacked: _, ...description } = model;
  const mode = { policy, turnMode, tspLayer, promptTokens, answerTokens };
  const change = told.suggestion && {
    ...told.suggestion.change,
    text: plain(sayChange(told.suggestion.change)),
    peakBytes: told.suggestion.plan.peakBytes,
    verdict: told.suggestion.verdict,
  };
  return {
    ...{ model: args.model, ...description, cache: forms.dtype, ...mode, ...bytes },
    ...(budgetBytes !== undefined && { budgetBytes, verdict: told.verdict, change: change ?? null }),
  };
}

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

const VERDICTS = { fits: 'fits', tight: 'is tight', 'too-big': 'will not fit' } as const;

function table({ budgetBytes }: Arguments, { plan, verdict, suggestion }: Told): string {
  const rows: readonly (readonly [string, number])[] = [
    ['weights', plan.weightsBytes],
    ['hot cache', plan.hotBytes],
    ['trunk', plan.trunkBytes],
    ['scratch', plan.scratchBytes],
    ['peak', plan.peakBytes],
    ['full cache', plan.fullBytes],
  ];
  const lines = rows.map(
    ([name, bytes]) => `${name.padEnd(10)}  ${formatBytes(bytes).padStart(9)}  ${String(bytes).padStart(13)}`,
  );
  if (verdict && budgetBytes !== undefined) {
    lines.push(`It ${VERDICTS[verdict]} in ${formatBytes(budgetBytes)}.`);
    if (suggestion)
      lines.push(
        `With ${sayChange(suggestion.change)} it ${VERDICTS[suggestion.verdict]}: ${formatBytes(suggestion.plan.peakBytes)}.`,
      );
  }
  return plain(lines.join('\n'));
}

export async function main(argv: string[]): Promise<number> {
  const args = readArguments(argv);
  const ask = await planner(args);
  const { promptTokens, answerTokens, dtype, budgetBytes, json } = args;
  const request: PlanRequest = { promptTokens, answerTokens, dtype };
  const told: Told =
    budgetBytes === undefined ? { plan: await ask(request) } : await assess(request, { budgetBytes }, ask);
  process.stdout.write(`${json ? JSON.stringify(report(args, told)) : table(args, told)}\n`);
  return 0;
}
