import { awaitedLater } from './errors';
import type { TokenReadback } from './gpu/token-readback';
import { packStep, type Step } from './kernels/kernel';
import { encodeHead, encodeToken, type Decoder, type DecoderHead } from './models/decoder';
import type { Scratch } from './models/scratch';
import type { RunOptions } from './run';
import type { TokenId } from './shapes';

export interface Decode {
  readonly device: GPUDevice;
  readonly scratch: Scratch;
  readonly readback: TokenReadback;
  readonly head: DecoderHead;
  /** Of the first token of the answer: in the conversation, and in the cache beside what its heads kept. */
  readonly position: number;
  readonly place: number;
  readonly options: RunOptions;
  /** Resolves when the device is through with the prompt: no later than the first token. */
  readonly prefilled: Promise<void>;
  /** The forward pass over a cache that has room for one more entry after `appended` ones of the answer. */
  forward(appended: number): Promise<Decoder>;
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
  // When the last token came; a step that ran ahead of the end is waited for, but not counted.
  let lastAt = 0;
  const end = (stopReason: Decoded['stopReason']): Decoded => {
    const seconds = (lastAt - (firstTokenAt ?? 0)) / 1000;
    const decodeTokensPerSecond = tokens.length > 1 ? (tokens.length - 1) / seconds : 0;
    return { tokens, stopReason, decodeTokensPerSecond };
  };
  let coming = drawFirst(d).read;
  for (let i = 0; ; i++) {
    const next = pipelined && i + 1 < maxNewTokens ? await feed(d, i) : undefined;
    const id = await coming;
    firstTokenAt ??= performance.now();
    lastAt = performance.now();
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

/** Draws the first token of the answer from the last row that prefill left in scratch. */
function drawFirst(d: Decode): { read: Promise<TokenId> } {
  // The prompt's last row is alone in the step's uniform and in x.
  const { read } = submit(d, 'first token', (pass) =>
    encodeHead(pass, d.head, { rows: 1, position: 0, appended: 0, draw: 0 }),
  );
  // Some drivers tell of the token before they tell that the work before it is done.
  return { read: awaitedLater(Promise.all([read, d.prefilled]).then(([id]) => id)) };
}

/** Submits the step that feeds token i of the answer; `read` is the promise of token i + 1. */
async function feed(d: Decode, i: number): Promise<{ read: Promise<TokenId> }> {
  const decoder = await d.forward(i);
  const step: Step = { rows: 1, position: d.position + i, appended: d.place + i, draw: i + 1 };
  d.device.queue.writeBuffer(d.scratch.step, 0, packStep(step));
  return submit(d, 'token', (pass) => encodeToken(pass, decoder, step));
}

/** One submission of one pass; `read` is the promise of the token that it draws. */
function submit(d: Decode, label: string, encode: (pass: GPUComputePassEncoder) => void) {
  const encoder = d.device.createCommandEncoder({ label });
  const pass = encoder.beginComputePass();
  encode(pass);
  pass.end();
  const read = d.readback.copy(encoder, d.scratch.ids);
  d.device.queue.submit([encoder.finish()]);
  return { read: awaitedLater(read()) };
}
