/** Stands in for the engine's worker behind the same protocol: it writes what it was told to, as fast as it was told to. */
import { expose } from 'comlink';
import {
  memoryOf as memoryOfOne,
  MODEL,
  planOf,
  POLICIES,
  resultOf,
  TTFT,
} from '../../src/app/store/scripted-engine.test-support';
import { carryErrorCodes } from '../../src/comlink-errors';
import type { EngineApi, EngineEvent, MemoryReport, ModelPlan, PlanRequest } from '../../src/protocol';
import { UNIT_BYTES, type Script } from './script';

declare const SCRIPT: Script;

const CHARACTERS = 4;
const FRAME_MS = 16;
/** Of a whole model: the inspector draws a bar for each of its layers. */
function memoryOf(tokens: number): MemoryReport {
  const report = memoryOfOne(tokens);
  const layers = Array.from({ length: MODEL.layers }, () => ({ lengths: [tokens, tokens], bytes: tokens }));
  return { ...report, kv: { ...report.kv, layers } };
}

/** Of weights that come packed, so that what helps is the KV cache's to give. */
function inUnits(request: PlanRequest): ModelPlan {
  const plan = planOf(request);
  const peakBytes = plan.peakBytes * UNIT_BYTES;
  return { ...plan, peakBytes, model: { ...plan.model, isPacked: true } };
}

/** Of the turn that runs, or of the last one. */
let stop = new AbortController();
let turns = 0;

type OnEvents = (events: readonly EngineEvent[]) => void;

async function write(answer: string, onEvents: OnEvents) {
  const { signal } = stop;
  const isAtOnce = turns <= (SCRIPT.atOnce ?? 0);
  const tokensPerSecond = isAtOnce ? 1e7 : SCRIPT.tokensPerSecond;
  const headStart = isAtOnce ? 0 : (SCRIPT.headStart ?? 0);
  const began = performance.now();
  let written = 0;
  while (written < answer.length && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
    const due = headStart + ((performance.now() - began) / 1000) * tokensPerSecond * CHARACTERS;
    const end = Math.min(answer.length, Math.floor(due / CHARACTERS) * CHARACTERS);
    if (end === written) continue;
    const text = answer.slice(written, end);
    written = end;
    const newTokens = Math.ceil(written / CHARACTERS);
    onEvents([{ type: 'text', text, newTokens, decodeTokensPerSecond: tokensPerSecond }]);
  }
  return answer.slice(0, written);
}

const api: EngineApi = {
  load: async ({ name }) => ({ ...MODEL, name, contextLength: SCRIPT.contextLength ?? MODEL.contextLength }),
  send: async ({ messages }, onEvents) => {
    stop = new AbortController();
    const promptTokens = Math.ceil(
      messages.reduce((sum, { content }) => sum + content.length, 0) / CHARACTERS,
    );
    const answer = SCRIPT.answers[turns] ?? SCRIPT.answers.at(-1) ?? '';
    turns += 1;
    onEvents([
      { type: 'memory', memory: memoryOf(promptTokens) },
      { type: 'first-token', ttft: TTFT },
    ]);
    const text = await write(answer, onEvents);
    return resultOf({
      text,
      promptTokens,
      newTokens: Math.ceil(text.length / CHARACTERS),
      stopReason: stop.signal.aborted ? 'stopped' : 'end',
      ttft: TTFT,
      decodeTokensPerSecond: SCRIPT.tokensPerSecond,
      memory: memoryOf(promptTokens),
    });
  },
  stop: async () => stop.abort(),
  listPolicies: async () => POLICIES,
  selection: async () => undefined,
  promptText: async () => '',
  calibrate: async () => ({ steps: [], suggested: 0 }),
  countTokens: async (text) => Math.ceil(text.length / CHARACTERS),
  plan: async (request) => inUnits(request),
  limits: async () => ({ adapter: MODEL.adapter, maxBufferBytes: 2 ** 31 }),
  lost: () => new Promise(() => undefined),
};

carryErrorCodes();
expose(api);
