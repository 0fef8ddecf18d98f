/**
 * `npm run bench:kernels [-- --profile P --dtype D --kernel NAME]`: how fast every kernel is on this adapter, as a table
 * and, last, one JSON line. Shares are of what `copy` and `fma_rate` reach in the same run.
 */
import { parseArgs } from 'node:util';
import { chooseProfile, openDevice } from '../src/engine/gpu/device';
import { Pipelines } from '../src/engine/gpu/pipelines';
import type { Kernel } from '../src/engine/kernels/kernel';
import type { KernelCase, KernelCases } from '../src/engine/kernels/cases';
import { copyCases } from '../src/engine/kernels/copy';
import { fmaRateCases } from '../src/engine/kernels/fma_rate';
import { KERNELS } from '../src/engine/kernels/index';
import { dispatchOnce, prepareCase } from '../src/engine/kernels/run-case';
import type { Profile, StorageDtype } from '../src/protocol';
import { openNodeAdapter } from '../tools/node-gpu';

/** A measurement lasts at least this long, so that submitting does not count. */
const LEAST_MS = 20;
const SAMPLES = 7;

interface Row {
  readonly kernel: string;
  readonly case: string;
  readonly ms: number;
  readonly gbPerSecond: number | undefined;
  readonly gflopPerSecond: number | undefined;
  /** Of the higher of the two: bytes against copy, flops against fma_rate. */
  share?: number;
}

interface Setting {
  readonly pipelines: Pipelines;
  readonly profile: Profile;
  readonly dtype: StorageDtype;
}

/** Milliseconds of one dispatch: the slope between n and 2n in one submission each, median of some. */
async function measure(
  { pipelines, profile, dtype }: Setting,
  kernel: Kernel,
  kernelCase: KernelCase,
): Promise<number> {
  const { device } = pipelines;
  const prepared = await prepareCase(
    pipelines,
    kernel,
    { profile, dtype, D: kernelCase.D ?? 64 },
    kernelCase,
  );
  const time = async (n: number) => {
    const began = performance.now();
    dispatchOnce(pipelines, prepared, n);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - began;
  };
  for (let warm = 0; warm < 3; warm++) await time(1);
  let n = 1;
  while ((await time(n)) < LEAST_MS) n *= 2;
  const slopes: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const single = await time(n);
    slopes.push(((await time(2 * n)) - single) / n);
  }
  prepared.destroy();
  return slopes.sort((a, b) => a - b)[SAMPLES >> 1]!;
}

async function row(setting: Setting, kernel: Kernel, kernelCase: KernelCase): Promise<Row> {
  const ms = await measure(setting, kernel, kernelCase);
  const rate = (count: number | undefined) => (count === undefined ? undefined : count / ms / 1e6);
  return {
    kernel: kernel.name,
    case: kernelCase.name,
    ms,
    gbPerSecond: rate(kernelCase.bytes),
    gflopPerSecond: rate(kernelCase.flops),
  };
}

const cell = (value: number | undefined, digits = 3) =>
  value === undefined ? '' : value.toPrecision(digits);

function printTable(rows: readonly Row[]): void {
  const lines = rows.map((r) => [
    r.kernel,
    r.case,
    cell(r.ms),
    cell(r.gbPerSecond),
    cell(r.gflopPerSecond),
    r.share === undefined ? '' : `${(100 * r.share).toFixed(0)} %`,
  ]);
  const table = [['kernel', 'case', 'ms', 'GB/s', 'GFLOP/s', 'of device'], ...lines];
  const widths = table[0]!.map((_, c) => Math.max(...table.map((line) => line[c]!.length)));
  for (const line of table) {
    console.log(
      line.map((text, c) => (c < 2 ? text.padEnd(widths[c]!) : text.padStart(widths[c]!))).join('  '),
    );
  }
}

export async function main(argv: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: argv, options: { profile: text, dtype: text, kernel: text } });
  const { adapter, description } = await openNodeAdapter();
  const device = await openDevice(adapter);
  const profile = (values.profile as Profile | undefined) ?? chooseProfile(adapter);
  const dtype = (values.dtype as StorageDtype | undefined) ?? 'f16';
  const setting = { pipelines: new Pipelines(device), profile, dtype };
  // The best of a few: a ceiling that another process lowered would flatter every share.
  const best = async ({ kernel, benchCases }: KernelCases, rate: 'gbPerSecond' | 'gflopPerSecond') => {
    const rates: number[] = [];
    for (let i = 0; i < 3; i++) rates.push((await row(setting, kernel, benchCases!(dtype)[0]!))[rate]!);
    return Math.max(...rates);
  };
  const bytesRate = await best(copyCases, 'gbPerSecond');
  const flopsRate = await best(fmaRateCases, 'gflopPerSecond');

  const rows: Row[] = [];
  for (const { kernel, cases, benchCases } of KERNELS) {
    if (!kernel.profiles.includes(profile) || (values.kernel !== undefined && values.kernel !== kernel.name))
      continue;
    for (const kernelCase of benchCases?.(dtype) ?? cases(dtype, profile).slice(-1)) {
      const measured = await row(setting, kernel, kernelCase);
      const shares = [(measured.gbPerSecond ?? 0) / bytesRate, (measured.gflopPerSecond ?? 0) / flopsRate];
      rows.push({ ...measured, share: Math.max(...shares) });
    }
  }
  console.log(`${description}, profile ${profile}, storage ${dtype}`);
  console.log(`copy ${cell(bytesRate)} GB/s, multiply-add ${cell(flopsRate)} GFLOP/s\n`);
  printTable(rows);
  console.log(
    JSON.stringify({
      adapter: description,
      profile,
      dtype,
      copyGbPerSecond: bytesRate,
      fmaGflopPerSecond: flopsRate,
      rows,
    }),
  );
  return 0;
}
