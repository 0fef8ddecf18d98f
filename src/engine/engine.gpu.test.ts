/** What the worker exposes, with the first checkpoint on the adapter that Node finds. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nodeFolder } from '../../tools/node-folder';
import { openNodeAdapter } from '../../tools/node-gpu';
import type { ChatMessage, EngineEvent, EngineStatus, LoadRequest, TurnResult } from '../protocol';
import { Engine } from './engine';
import { DEMO_FOLDER, DEMO_SAMPLES, FIRST_FOLDER, SAMPLES } from './models/fixtures.test-support';

const REQUEST: LoadRequest = {
  source: { kind: 'site', baseUrl: FIRST_FOLDER },
  name: 'first',
  dtype: 'f32',
};
const [SHORT, , LONG] = SAMPLES;
/** Tokens of a document that a software adapter has read within seconds. */
const SOON_READ = 1200;
/** Questions on a sample that the page shows. */
const OFFERED = 3;
const [FIRST, SECOND] = SHORT.questions as [(typeof SHORT.questions)[0], (typeof SHORT.questions)[0]];

let gpu: GPU;
/** The device of the last load. */
let device: GPUDevice;

beforeAll(async () => {
  ({ gpu } = await openNodeAdapter());
});

/** The engine keeps its device to itself; the adapter that it asks is seen to make it. */
async function requestAdapter(): Promise<GPUAdapter> {
  const adapter = (await gpu.requestAdapter({ powerPreference: 'high-performance' }))!;
  return new Proxy(adapter, {
    get: (target, key) => {
      if (key === 'requestDevice')
        return async (wanted: GPUDeviceDescriptor) => (device = await target.requestDevice(wanted));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Every submission takes longer than a frame, so that events are seen one by one on a fast adapter too. */
function slowDown({ queue }: GPUDevice): void {
  const done = queue.onSubmittedWorkDone.bind(queue);
  queue.onSubmittedWorkDone = async () => {
    await done();
    await new Promise((resolve) => setTimeout(resolve, 25));
  };
}

function openFolder({ source }: Pick<LoadRequest, 'source'>) {
  if (source.kind !== 'site') throw new Error(`no folder for ${source.kind}`);
  return nodeFolder(source.baseUrl);
}

const newEngine = () => new Engine({ requestAdapter, openFolder });
const nothing = () => undefined;
const user = (content: string): ChatMessage => ({ role: 'user', content });
const ask = (question: string, text = SHORT.text) => ({ messages: [user(`${text}\n\n${question}`)] });

interface Watched {
  readonly result: TurnResult;
  readonly events: readonly EngineEvent[];
}

/** A turn with all its events; `onEvent` may act on them. */
async function watch(
  engine: Engine,
  request: Parameters<Engine['send']>[0],
  onEvent: (event: EngineEvent) => void = nothing,
): Promise<Watched> {
  const events: EngineEvent[] = [];
  const result = await engine.send(request, (batch) => {
    events.push(...batch);
    batch.forEach(onEvent);
  });
  return { result, events };
}

const textOf = (events: readonly EngineEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');

describe('a turn', () => {
  let engine: Engine;
  let turn: Watched;
  beforeAll(async () => {
    engine = newEngine();
    await engine.load(REQUEST, nothing);
    slowDown(device);
    turn = await watch(engine, ask(LONG.questions[0]!.question, LONG.text));
  });

  it('gives the answer that PyTorch gives', () => {
    expect(turn.result).toMatchObject({ text: LONG.questions[0]!.model_full_cache, stopReason: 'end' });
  });

  it('tells of reading, then of the first token, then of text', () => {
    const types = turn.events.map(({ type }) => type).filter((type) => type !== 'memory');
    const kinds = types.filter((type, i) => type !== types[i - 1]);
    expect(kinds).toEqual(['reading', 'first-token', 'text']);
  });

  it('sends texts that joined are the text of the result', () => {
    expect(textOf(turn.events)).toBe(turn.result.text);
    const last = turn.events.findLast(({ type }) => type === 'text');
    expect(last).toMatchObject({ newTokens: turn.result.newTokens });
  });

  it('tells how far it has read: always further, and all of the new tokens in the end', () => {
    const readings = turn.events.filter((event) => event.type === 'reading');
    const done = readings.map(({ doneTokens }) => doneTokens);
    const { promptTokens, reusedTokens } = turn.result;
    expect(readings.length).toBeGreaterThan(3);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done[0]).toBeGreaterThan(0);
    expect(done.at(-1)).toBe(promptTokens - reusedTokens);
    for (const { totalTokens, tokensPerSecond, secondsLeft } of readings) {
      expect(totalTokens).toBe(promptTokens - reusedTokens);
      expect(tokensPerSecond).toBeGreaterThan(0);
      expect(secondsLeft).toBeGreaterThanOrEqual(0);
    }
  });

  it('shows trunk and hot cache grow while it reads, before the first token', () => {
    const first = turn.events.findIndex(({ type }) => type === 'first-token');
    const kv = turn.events
      .slice(0, first)
      .flatMap((event) => (event.type === 'memory' ? [event.memory.kv] : []));
    for (const part of ['hotBytes', 'trunkBytes'] as const) {
      const bytes = kv.map((report) => report[part]);
      expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
      expect(new Set(bytes).size).toBeGreaterThan(3);
    }
    const { memory, promptTokens, compression } = turn.result;
    expect(memory.kv.hotBytes).toBeGreaterThanOrEqual(kv.at(-1)!.hotBytes);
    expect(memory.kv.hotBytes).toBeLessThan(0.15 * memory.kv.fullBytes);
    expect(compression).toEqual({
      tspLayer: 3,
      propagatedTokens: Math.trunc(0.2 * promptTokens),
      coverage: undefined,
    });
  });

  it('splits the time to first token into parts that add up', () => {
    const told = turn.events.find((event) => event.type === 'first-token')!.ttft;
    expect(turn.result.ttft).toEqual(told);
    const { totalMs, tokenizeMs, lowerMs, selectMs, upperMs, firstTokenMs } = told;
    expect(tokenizeMs + lowerMs + selectMs + upperMs + firstTokenMs).toBeCloseTo(totalMs, 6);
    for (const part of [tokenizeMs, lowerMs, selectMs, upperMs]) expect(part).toBeGreaterThan(0);
    expect(firstTokenMs).toBeGreaterThanOrEqual(0);
  });

  it('computes again only what is new in a conversation that goes on', async () => {
    const { result: first } = await watch(engine, ask(FIRST.question));
    const messages = [...ask(FIRST.question).messages, { role: 'assistant' as const, content: first.text }];
    const next = await watch(engine, { messages: [...messages, user(SECOND.question)] });
    expect(first.text).toBe(FIRST.model_full_cache);
    expect(next.result.reusedTokens).toBeGreaterThanOrEqual(first.promptTokens);
    expect(next.result.promptTokens).toBeGreaterThan(next.result.reusedTokens);
    const fresh = newEngine();
    await fresh.load(REQUEST, nothing);
    const whole = await watch(fresh, { messages: [...messages, user(SECOND.question)] });
    expect(whole.result.reusedTokens).toBe(0);
    expect(next.result.text).toBe(whole.result.text);
    device.destroy();
  });

  it('goes on with an answer that was cut off anywhere as if it had not been', async () => {
    const { messages } = ask(FIRST.question);
    const whole = (await engine.send({ messages }, nothing)).text;
    const ends: string[] = [];
    for (let length = 1; ends.at(-1) !== whole; length++) {
      const cut = (await engine.send({ messages, maxNewTokens: length }, nothing)).text;
      const begun: ChatMessage = { role: 'assistant', content: cut };
      const { result, events } = await watch(engine, { messages: [...messages, begun] });
      expect(cut + result.text, `cut after ${length} tokens`).toBe(whole);
      expect(textOf(events)).toBe(result.text);
      ends.push(cut);
    }
    expect(ends.length).toBeGreaterThan(2);
  });

  it('writes the same for the same seed, and something else for another', async () => {
    const write = async (seed: number) => {
      const sampling = { temperature: 3, topK: 200, seed };
      return (await watch(engine, { ...ask(FIRST.question), sampling, maxNewTokens: 12 })).result.text;
    };
    const [one, again, two] = [await write(1), await write(1), await write(2)];
    expect(again).toBe(one);
    expect(two).not.toBe(one);
  });

  it('ends when stopped while reading, without text, and the next turn is right', async () => {
    const { result, events } = await watch(
      engine,
      ask(LONG.questions[1]!.question, LONG.text),
      ({ type }) => {
        if (type === 'reading') void engine.stop();
      },
    );
    expect(result).toMatchObject({ stopReason: 'stopped', text: '', newTokens: 0, ttft: undefined });
    expect(events.some(({ type }) => type === 'first-token' || type === 'text')).toBe(false);
    expect((await watch(engine, ask(FIRST.question))).result.text).toBe(FIRST.model_full_cache);
  });

  it('ends when stopped while writing, with the text so far, and the next turn is right', async () => {
    // Hot enough never to come to its end.
    const sampling = { temperature: 100, seed: 3 };
    const request = { ...ask(FIRST.question), sampling, maxNewTokens: 1000 };
    const { result, events } = await watch(engine, request, ({ type }) => {
      if (type === 'text') void engine.stop();
    });
    expect(result.stopReason).toBe('stopped');
    expect(result.newTokens).toBeGreaterThan(0);
    expect(result.newTokens).toBeLessThan(1000);
    expect(result.ttft).toBeDefined();
    expect(textOf(events)).toBe(result.text);
    expect((await watch(engine, ask(FIRST.question))).result.text).toBe(FIRST.model_full_cache);
  });

  it('is refused as busy while another runs, which goes on; so is a load', async () => {
    const running = engine.send(ask(FIRST.question), nothing);
    await expect(engine.send(ask(SECOND.question), nothing)).rejects.toMatchObject({ code: 'busy' });
    await expect(engine.load(REQUEST, nothing)).rejects.toMatchObject({ code: 'busy' });
    expect((await running).text).toBe(FIRST.model_full_cache);
  });

  it('is refused with a code when it cannot be, and the next one works', async () => {
    const long = ask(FIRST.question, LONG.text.repeat(20));
    await expect(engine.send(long, nothing)).rejects.toMatchObject({ code: 'context-exceeded' });
    expect((await engine.send(ask(FIRST.question), nothing)).text).toBe(FIRST.model_full_cache);
  });

  it('counts the tokens of a text, without the chat around it', async () => {
    expect(await engine.countTokens('')).toBe(0);
    const [one, two] = [await engine.countTokens(SHORT.text), await engine.countTokens(LONG.text)];
    expect(one).toBeGreaterThan(100);
    expect(two).toBeGreaterThan(one);
    expect((await engine.send(ask(FIRST.question), nothing)).promptTokens).toBeGreaterThan(one);
  });
});

it('a turn tells the chat template whether to think, and says whether it can be told', async () => {
  const template = `{% if enable_thinking is defined and not enable_thinking %}Short. {% endif %}{% for message in messages %}{{ message.content }}{% endfor %}`;
  const engine = new Engine({
    requestAdapter,
    openFolder: (request) => {
      const folder = openFolder(request);
      const whole = (file: string, limit: number) =>
        file === 'chat_template.jinja'
          ? Promise.resolve(new TextEncoder().encode(template))
          : folder.whole(file, limit);
      return { ...folder, whole };
    },
  });
  expect(await engine.load(REQUEST, nothing)).toMatchObject({ knowsThinking: true });
  const turn = { messages: [user('Hello.')], maxNewTokens: 1 };
  const [own, off, on] = [{}, { thinking: false }, { thinking: true }].map((said) => ({ ...turn, ...said }));
  const { promptTokens } = await engine.send(own!, nothing);
  expect((await engine.send(off!, nothing)).promptTokens).toBeGreaterThan(promptTokens);
  expect((await engine.send(on!, nothing)).promptTokens).toBe(promptTokens);
  device.destroy();
});

it('an old checkpoint has its special tokens read from special_tokens_map.json, a newer one not', async () => {
  const own: Record<string, string> = {
    'chat_template.jinja': '{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}',
    'special_tokens_map.json': '{ "bos_token": "<|endoftext|>" }',
  };
  const asked: string[] = [];
  const engine = new Engine({
    requestAdapter,
    openFolder: (request) => {
      const folder = openFolder(request);
      const whole = (file: string, limit: number) => {
        asked.push(file);
        return file in own ? Promise.resolve(new TextEncoder().encode(own[file])) : folder.whole(file, limit);
      };
      return { ...folder, whole };
    },
  });
  const promptTokens = async () => {
    asked.length = 0;
    await engine.load(REQUEST, nothing);
    return (await engine.send({ messages: [user('Hello.')], maxNewTokens: 1 }, nothing)).promptTokens;
  };
  const old = await promptTokens();
  expect(asked).toContain('special_tokens_map.json');
  own['tokenizer_config.json'] = '{ "added_tokens_decoder": {} }';
  expect(await promptTokens()).toBe(old - 1);
  expect(asked).not.toContain('special_tokens_map.json');
  device.destroy();
});

describe('what a turn selected', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = newEngine();
    await engine.load(REQUEST, nothing);
  });

  it('is not told before there is a turn', async () => {
    expect(await newEngine().selection()).toBeUndefined();
    expect(await engine.selection()).toBeUndefined();
  });

  it('is told by original positions, with the text that they stand for', async () => {
    const { text, questions } = LONG;
    const { promptTokens } = await engine.send(ask(questions[0]!.question, text), nothing);
    const selection = (await engine.selection())!;
    expect(selection).toMatchObject({ promptTokens, tspLayer: 3 });
    expect(selection.propagated!.length).toBe(Math.trunc(0.2 * promptTokens));
    expect(selection.kept!.map((heads) => heads.map(({ length }) => length))).toEqual([
      ...new Array(4).fill([Math.trunc(0.1 * promptTokens), Math.trunc(0.1 * promptTokens)]),
      ...new Array(2).fill(new Array(2).fill(Math.trunc(Math.trunc(0.2 * promptTokens) * 0.5))),
    ]);
    // The template's system part and the first four tokens stay, and so does the window.
    for (const positions of selection.kept!.flat()) {
      expect([...positions.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
      expect(positions.at(-1)).toBe(promptTokens - 1);
    }
    const prompt = await engine.promptText(0, promptTokens);
    expect(prompt).toContain(text.slice(0, 200));
    expect(prompt, 'special tokens are shown').toMatch(/^<\|/);
    expect(text).toContain((await engine.promptText(100, 110)).trim());
  });

  it('holds to settings of the turn, and a prompt below the floor is kept whole', async () => {
    const request = ask(LONG.questions[0]!.question, LONG.text);
    const { compression } = await engine.send({ ...request, kv: { tspRate: 0.5, tspLayer: 2 } }, nothing);
    expect(compression.tspLayer).toBe(2);
    const { compression: short, memory } = await engine.send(ask(FIRST.question), nothing);
    expect(short.tspLayer).toBeUndefined();
    expect(memory.kv.hotBytes).toBe(memory.kv.fullBytes);
    expect((await engine.selection())!.kept).toBeUndefined();
    await expect(engine.send({ ...request, kv: { retain: 2 } }, nothing)).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining('retain is 2'),
    });
  });

  it.each([
    ['first checkpoint', FIRST_FOLDER, SAMPLES],
    ['page’s own model', DEMO_FOLDER, DEMO_SAMPLES.filter(({ tokens }) => tokens < SOON_READ)],
  ])('has the %s answer right, as the page begins, what its samples say', async (_, baseUrl, samples) => {
    const page = newEngine();
    await page.load({ source: { kind: 'site', baseUrl }, name: 'any' }, nothing);
    let asked = 0;
    for (const { text, questions } of samples) {
      const offered = questions.filter((one) => one.right && one.right_fastkv).slice(0, OFFERED);
      for (const { question, answer } of offered) {
        // One question after the other as the first: the document is read once.
        expect((await page.send(ask(question, text), nothing)).text, question).toBe(answer);
        asked++;
      }
    }
    expect(asked).toBeGreaterThanOrEqual(3);
    device.destroy();
  });

  it('follows a policy that says what it is, as plain data', async () => {
    const policies = await engine.listPolicies();
    expect(policies.map(({ name }) => name)).toEqual(['full', 'fastkv']);
    expect(structuredClone(policies)).toEqual(policies);
    const settings = policies[1]!.parameters.map(({ key }) => key);
    expect(settings).toEqual(expect.arrayContaining(['retain', 'tspRate', 'pooling', 'budget']));
  });

  it('can be calibrated: T = 3 suits the first checkpoint, and a stop ends it early', async () => {
    const prompts = LONG.questions.slice(0, 2).map(({ question }) => `${LONG.text}\n\n${question}`);
    const done: number[] = [];
    const { steps, suggested } = await engine.calibrate(prompts, {}, (n) => done.push(n));
    expect(steps.map(({ tspLayer }) => tspLayer)).toEqual([0, 1, 2, 3, 4]);
    expect(suggested).toBe(3);
    expect(done.at(-1)).toBe(12);
    const stopped = await engine.calibrate(prompts, {}, () => void engine.stop());
    expect(stopped.steps).toEqual([]);
  });
});

describe('loading', () => {
  let engine: Engine;
  beforeEach(() => {
    engine = newEngine();
  });

  it('tells its steps, the bytes up to all of them, and ends ready', async () => {
    const statuses: EngineStatus[] = [];
    const info = await engine.load(REQUEST, (status) => statuses.push(status));
    const steps = statuses.map((status) => (status.state === 'loading' ? status.step : status.state));
    expect(steps[0]).toBe('adapter');
    expect(steps.indexOf('weights')).toBeGreaterThan(steps.indexOf('config'));
    expect(steps.indexOf('compiling')).toBeGreaterThan(steps.lastIndexOf('weights'));
    expect(statuses.at(-1)).toEqual({ state: 'ready', model: info });
    const weights = statuses.filter((status) => status.state === 'loading' && status.step === 'weights');
    expect(weights.at(-1)).toMatchObject({ loadedBytes: expect.any(Number), totalBytes: expect.any(Number) });
    const { loadedBytes, totalBytes } = weights.at(-1) as { loadedBytes: number; totalBytes: number };
    expect(loadedBytes).toBe(totalBytes);
    expect(info).toMatchObject({ name: 'first', family: 'llama', layers: 6, dtype: 'f32', vocabulary: 1536 });
    device.destroy();
  });

  it('comes before anything else', async () => {
    await expect(engine.send(ask(FIRST.question), nothing)).rejects.toMatchObject({ code: 'not-loaded' });
    await expect(engine.countTokens('x')).rejects.toMatchObject({ code: 'not-loaded' });
    await engine.stop();
  });

  it('keeps the engine busy', async () => {
    const loading = engine.load(REQUEST, nothing);
    await expect(engine.load(REQUEST, nothing)).rejects.toMatchObject({ code: 'busy' });
    await expect(engine.send(ask(FIRST.question), nothing)).rejects.toMatchObject({ code: 'busy' });
    await loading;
    expect((await engine.send(ask(FIRST.question), nothing)).text).toBe(FIRST.model_full_cache);
    device.destroy();
  });

  it('that fails says so twice, by status and by rejection, and may be tried again', async () => {
    const statuses: EngineStatus[] = [];
    const request = {
      ...REQUEST,
      source: { kind: 'site', baseUrl: `${FIRST_FOLDER}no-such-folder/` },
    } as const;
    const failure = { code: 'file-missing', message: expect.stringContaining('config.json') };
    await expect(engine.load(request, (status) => statuses.push(status))).rejects.toMatchObject(failure);
    expect(statuses.at(-1)).toEqual({ state: 'failed', error: failure });
    await expect(engine.load(REQUEST, nothing)).resolves.toMatchObject({ name: 'first' });
    device.destroy();
  });

  it('replaces the model and gives its device back, which is no loss', async () => {
    await engine.load(REQUEST, nothing);
    let lost = false;
    void engine.lost().then(() => (lost = true));
    const before = device;
    await engine.load(REQUEST, nothing);
    expect((await before.lost).reason).toBe('destroyed');
    expect((await engine.send(ask(FIRST.question), nothing)).text).toBe(FIRST.model_full_cache);
    expect(lost).toBe(false);
    device.destroy();
  });
});

describe('the loss of the device', () => {
  it.each(['reading', 'text'] as const)(
    'during %s ends the turn and is told; a later load answers again, and may be lost again',
    async (when) => {
      const engine = newEngine();
      for (let life = 0; life < 2; life++) {
        await engine.load(REQUEST, nothing);
        slowDown(device);
        let told = 0;
        const lost = engine.lost().finally(() => told++);
        let toldBefore: number | undefined;
        const request = { ...ask(FIRST.question), sampling: { temperature: 100 }, maxNewTokens: 1000 };
        const turn = watch(engine, request, ({ type }) => {
          if (type !== when) return;
          toldBefore ??= told;
          device.destroy();
        });
        const failure = { code: 'device-lost', message: expect.stringContaining('has to be loaded again') };
        await expect(turn).rejects.toMatchObject(failure);
        expect(await lost).toEqual(failure);
        expect(toldBefore).toBe(0);
        await expect(engine.send(ask(FIRST.question), nothing)).rejects.toMatchObject({ code: 'not-loaded' });
      }
      await engine.load(REQUEST, nothing);
      expect((await engine.send(ask(FIRST.question), nothing)).text).toBe(FIRST.model_full_cache);
      device.destroy();
    },
  );

  it('between turns is told, and while loading ends the load with its code', async () => {
    const engine = newEngine();
    await engine.load(REQUEST, nothing);
    device.destroy();
    expect(await engine.lost()).toMatchObject({ code: 'device-lost' });
    const load = engine.load(REQUEST, (status) => {
      if (status.state === 'loading' && status.step === 'weights') device.destroy();
    });
    await expect(load).rejects.toMatchObject({ code: 'device-lost' });
    await engine.load(REQUEST, nothing);
    expect((await engine.send(ask(FIRST.question), nothing)).text).toBe(FIRST.model_full_cache);
    device.destroy();
  });
});
