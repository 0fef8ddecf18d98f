/** `npm run calibrate -- --model DIR --prompts FILE`: which layer should be the last to see every token? See README.md. */
import { calibrate } from '../src/engine/kv/calibrate';
import { loadModel } from '../src/engine/load-model';
import { formsFor } from '../src/engine/weights/forms';
import type { Calibration, WeightForm } from '../src/protocol';
import { badArgument, FLAG, parseOptions, readChoice, readProfile, TEXT } from './arguments';
import { readTexts, tokenizerOf } from './generate-prompt';
import { KV_OPTIONS, KV_USAGE, kvFor, readKv } from './kv-arguments';
import { nodeFolder } from './node-folder';
import { openNodeAdapter } from './node-gpu';

const USAGE =
  'calibrate --model DIR --prompts FILE [--json] [--dtype f32|f16|q8|q4] [--profile auto|portable|fast|software] ' +
  `${KV_USAGE}. FILE is a JSON array of prompts as long as those that the model is to read, each wrapped in the model's ` +
  'chat template where it has one. Policy, turn mode and TSP layer do not matter here.';

const OPTIONS = {
  model: TEXT,
  prompts: TEXT,
  json: FLAG,
  dtype: { ...TEXT, default: 'f32' },
  profile: { ...TEXT, default: 'auto' },
  ...KV_OPTIONS,
} as const;

export function calibrationTable({ steps, suggested }: Calibration): string {
  const row = (T: string, distance: string, work: string, note: string) =>
    `${T.padStart(5)}  ${distance.padStart(10)}  ${work.padStart(6)}  ${note}`.trimEnd();
  return [
    row('layer', 'distance', 'work', ''),
    ...steps.map(({ tspLayer, distance, work }) =>
      row(
        `${tspLayer}`,
        distance.toPrecision(4),
        `${(100 * work).toFixed(0)} %`,
        tspLayer === suggested ? '<- suggested' : '',
      ),
    ),
  ].join('\n');
}

export async function main(argv: string[]): Promise<number> {
  const args = parseOptions(argv, OPTIONS, USAGE);
  const { model: folder, prompts: file } = args;
  if (folder === undefined) throw badArgument('--model is missing.', USAGE);
  if (file === undefined) throw badArgument('--prompts is missing.', USAGE);
  const asked = readKv(args, USAGE, 'fastkv');
  const forms = formsFor(readChoice<WeightForm>('dtype', args.dtype, ['f32', 'f16', 'q8', 'q4'], USAGE));
  const profile = readProfile(args.profile, USAGE);
  const texts = await readTexts(file, '--prompts');
  const { adapter } = await openNodeAdapter();
  const model = await loadModel(adapter, nodeFolder(folder), {
    ...forms,
    profile,
    needs: 'text',
  });
  const tokenizer = tokenizerOf(model);
  const prompts = texts.map((content) =>
    tokenizer.hasTemplate
      ? tokenizer.chat([{ role: 'user', content }], { addGenerationPrompt: true })
      : tokenizer.encode(content, { addSpecialTokens: true }),
  );
  const calibration = await calibrate(
    model.session,
    prompts,
    kvFor(asked, model.info.layers, model.info.kv.tspLayer),
  );
  const lengths = prompts.map(({ length }) => length);
  const result = { ...calibration, promptTokens: lengths, adapter: model.info.adapter };
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const text = [
    `${lengths.length} ${lengths.length === 1 ? 'prompt' : 'prompts'} of ${least === most ? least : `${least} to ${most}`} tokens`,
    calibrationTable(calibration),
    `To make it the model's own, write {"tsp_layer": ${calibration.suggested}} into fastkv.json in its folder.`,
  ];
  process.stdout.write(`${args.json ? JSON.stringify(result) : text.join('\n')}\n`);
  return 0;
}
