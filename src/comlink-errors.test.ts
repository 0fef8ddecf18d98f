import { expose, transferHandlers, wrap } from 'comlink';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { carryErrorCodes } from './comlink-errors';

class CodedError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

const open: MessagePort[] = [];

/** A function of this side as the other side of a real channel sees it. */
function acrossAChannel<T extends (...parameters: never[]) => unknown>(service: T) {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  expose(service, port1);
  return wrap<T>(port2);
}

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('should have rejected'),
    (reason: unknown) => reason,
  );
}

beforeAll(carryErrorCodes);
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

it('brings code and data of an error across a channel', async () => {
  const remote = acrossAChannel(() => {
    throw new CodedError('file-missing', 'config.json was not found.', { status: 404 });
  });
  const error = await rejection(remote());
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    message: 'config.json was not found.',
    code: 'file-missing',
    data: { status: 404 },
  });
});

it('keeps the code when the data cannot be cloned', async () => {
  const remote = acrossAChannel(() => {
    throw new CodedError('internal', 'broken', { callback: () => 0 });
  });
  expect(await rejection(remote())).toMatchObject({ code: 'internal', message: 'broken' });
});

it('leaves errors without a code, and thrown values that are no errors, as they were', async () => {
  const plain = await rejection(
    acrossAChannel(() => {
      throw new RangeError('too long');
    })(),
  );
  expect(plain).toMatchObject({ name: 'RangeError', message: 'too long' });
  expect(plain).not.toHaveProperty('code');

  const thrownText = acrossAChannel(() => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what the test is about
    throw 'just text';
  });
  expect(await rejection(thrownText())).toBe('just text');
});

it('wraps once, however often it is called: page and worker must wrap equally often', () => {
  const wrapped = transferHandlers.get('throw');
  carryErrorCodes();
  expect(transferHandlers.get('throw')).toBe(wrapped);
});
