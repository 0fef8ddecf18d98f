import { awaitedLater } from './errors';
import type { TokenReadback } from './gpu/token-readback';
import { packStep, type Step } from './kernels/kernel';
import { encodeToken, type Decoder } from './models/decoder';
import type { Scratch } from './models/layers';
import type { RunOptions } from './run';
import type { TokenId } from './shapes';

export interface Decode {
  readonly device: GPUDevice;
  readonly scratch: Scratch;
  readonly readback: TokenReadback;
  /** Of the first token of the answer. */
  readonly position: number;
  readonly options: RunOptions;
  /** The forward pass over a cache that has room for one more entry after `entries`. */
  forward(entries: number): Promise<Decoder>;
  readLogits(): Promise<Float32Array<ArrayBuffer>>;
}

export interface Decoded {
  readonly tokens: readonly TokenId[];
  readonly stopReason: 'end' | 'length' | 'stopped';
  readonly decodeTokensPerSecond: number;
}

/**
 * The decode loop after a prefill that drew the answer's first token. A token is one submission of one pass; its id
 * goes from sampler to embedding on the GPU, and the step that it feeds is submitted before it is read back.
 */
export async function decode(d: Decode): Promise<Decoded> {
  const { maxNewTokens, stopIds, signal, forced, onToken, onLogits } = d.options;
  // Looking at each row, or choosing each token, means waiting for it.
  const pipelined = !forced && !onLogits;
  const tokens: TokenId[] = [];
  let firstTokenAt: number | undefined;
  const end = (stopReason: Decoded['stopReason']): Decoded => {
    const seconds = (performance.now() - (firstTokenAt ?? 0)) / 1000;
    const decodeTokensPerSecond = tokens.length > 1 ? (tokens.length - 1) / seconds : 0;
    return { tokens, stopReason, decodeTokensPerSecond };
  };
  let coming = readDrawn(d);
  for (let i = 0; ; i++) {
    const next = pipelined && i + 1 < maxNewTokens ? await feed(d, i) : undefined;
    const id = await coming;
    firstTokenAt ??= performance.now();
    if (signal.aborted) {
      await next?.read;
      return end('stopped');
    }
    onLogits?.(await d.readLogits());
    tokens.push(id);
    onToken?.(id, i);
    if (stopIds.has(id)) {
      await next?.read;
      return end('end');
    }
    if (tokens.length >= maxNewTokens) return end('length');
    if (forced) d.device.queue.writeBuffer(d.scratch.ids, 0, Uint32Array.of(forced[i]!));
    coming = (next ?? (await feed(d, i))).read;
  }
}

/** The id that prefill drew. */
function readDrawn({ device, readback, scratch }: Decode): Promise<TokenId> {
  const encoder = device.createCommandEncoder({ label: 'first token' });
  const read = readback.copy(encoder, scratch.ids);
  device.queue.submit([encoder.finish()]);
  return awaitedLater(read());
}

/** Submits the step that feeds token i of the answer; `read` is the promise of token i + 1. */
async function feed(d: Decode, i: number): Promise<{ read: Promise<TokenId> }> {
  const entries = d.position + i;
  const decoder = await d.forward(entries);
  const step: Step = { rows: 1, position: entries, appended: entries, draw: i + 1 };
  d.device.queue.writeBuffer(d.scratch.step, 0, packStep(step));
  const encoder = d.device.createCommandEncoder({ label: 'token' });
  const pass = encoder.beginComputePass();
  encodeToken(pass, decoder, step);
  pass.end();
  const read = d.readback.copy(encoder, d.scratch.ids);
  d.device.queue.submit([encoder.finish()]);
  return { read: awaitedLater(read()) };
}
