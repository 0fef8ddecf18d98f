import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Pacer } from './pacer';

const TARGET_MS = 50;
const COMMANDS = {} as GPUCommandBuffer;

/** A queue that does `rate` multiply-adds a millisecond, one submission after another, on a clock of its own. */
class FakeDevice {
  now = 0;
  inFlight = 0;
  mostInFlight = 0;
  submitted = 0;
  /** Work of the submission that comes next. */
  work = 0;
  #doneAt = 0;

  constructor(public rate: number) {}

  readonly queue = {
    submit: () => {
      this.submitted++;
      this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
      this.#doneAt = Math.max(this.#doneAt, this.now) + this.work / this.rate;
    },
    onSubmittedWorkDone: async () => {
      const doneAt = this.#doneAt;
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.now = Math.max(this.now, doneAt);
      this.inFlight--;
    },
  };
}

let device: FakeDevice;
const pacerOf = (firstRate: number) => new Pacer(device as unknown as GPUDevice, firstRate);
const submit = (pacer: Pacer, work: number, onDone = () => {}) => {
  device.work = work;
  return pacer.submit(COMMANDS, work, onDone);
};

beforeEach(() => {
  device = new FakeDevice(1000);
  vi.spyOn(performance, 'now').mockImplementation(() => device.now);
  return () => vi.restoreAllMocks();
});

describe('Pacer', () => {
  it('has two submissions in flight, and never more', async () => {
    const pacer = pacerOf(1000);
    for (let i = 0; i < 10; i++) await submit(pacer, 50_000);
    expect(device.submitted).toBe(10);
    expect(device.mostInFlight).toBe(2);
  });

  it('tells of a submission when the device is through with it, and not before', async () => {
    const pacer = pacerOf(1000);
    const done: number[] = [];
    for (let i = 0; i < 3; i++) await submit(pacer, 50_000, () => done.push(i));
    expect(done).toEqual([0, 1]);
    await pacer.idle();
    expect(done).toEqual([0, 1, 2]);
  });

  it('is idle once everything that it submitted is done', async () => {
    const pacer = pacerOf(1000);
    await submit(pacer, 50_000);
    await submit(pacer, 50_000);
    expect(device.inFlight).toBe(1);
    await pacer.idle();
    expect(device.inFlight).toBe(0);
    expect(device.now).toBe(100);
  });

  it('begins with the budget of the first guess', () => {
    expect(pacerOf(123).budget).toBe(123 * TARGET_MS);
  });

  it.each([
    ['faster', 1],
    ['slower', 1e6],
  ])('comes to submissions of the target time on a device that is %s than guessed', async (_, guess) => {
    const pacer = pacerOf(guess);
    // A factor of a thousand either way takes ten halvings or doublings.
    for (let i = 0; i < 30; i++) await submit(pacer, pacer.budget);
    expect(pacer.budget / device.rate).toBeCloseTo(TARGET_MS, 0);
  });

  it('follows a device that slows down, but not one slow submission', async () => {
    const pacer = pacerOf(1000);
    for (let i = 0; i < 10; i++) await submit(pacer, 50_000);
    const before = pacer.budget;
    await pacer.idle();
    device.rate = 10;
    await submit(pacer, 50_000);
    await pacer.idle();
    expect(pacer.budget).toBeGreaterThan(before / 3);
    device.rate = 100;
    for (let i = 0; i < 12; i++) await submit(pacer, 50_000);
    expect(pacer.budget / device.rate).toBeCloseTo(TARGET_MS, 0);
  });

  it('learns nothing from work that is not typical', async () => {
    const pacer = pacerOf(1000);
    device.work = 1e6;
    await pacer.submit(COMMANDS, 1, () => {}, false);
    await pacer.idle();
    expect(pacer.budget).toBe(1000 * TARGET_MS);
  });

  it('does not take the time between turns for the time of a submission', async () => {
    const pacer = pacerOf(1000);
    await submit(pacer, 50_000);
    await pacer.idle();
    device.now += 60_000;
    await submit(pacer, 50_000);
    await pacer.idle();
    expect(pacer.budget).toBe(1000 * TARGET_MS);
  });
});
