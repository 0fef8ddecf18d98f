import { expect, it } from 'vitest';
import { newRecord } from './manifest';
import { ProgressReport, Speed } from './progress';
import type { TransferProgress } from '../library-protocol';

it('a steady stream has its speed, in whatever pieces it comes', () => {
  for (const ms of [10, 100, 700]) {
    const speed = new Speed();
    for (let at = 0; at < 20_000; at += ms) {
      speed.add(5 * ms);
      speed.tick(ms);
    }
    expect(speed.bytesPerSecond).toBeCloseTo(5000, 6);
  }
});

it('a pause lowers the speed step by step, and half of it is forgotten in three seconds', () => {
  const speed = new Speed();
  for (let i = 0; i < 600; i++) {
    speed.add(1000);
    speed.tick(100);
  }
  expect(speed.bytesPerSecond).toBeCloseTo(10_000, 0);
  for (let i = 0; i < 30; i++) speed.tick(100);
  expect(speed.bytesPerSecond).toBeGreaterThan(4800);
  expect(speed.bytesPerSecond).toBeLessThan(5200);
});

it('reports at most ten times a second, each new step at once, and knows no time left before anything moves', () => {
  let now = 0;
  const told: TransferProgress[] = [];
  const report = new ProgressReport(
    (progress) => told.push(progress),
    () => now,
  );
  report.begin('listing');
  const record = newRecord('a', 1000, { algorithm: 'none' });
  report.begin('transferring', [record]);
  expect(told.map(({ secondsLeft }) => secondsLeft)).toEqual([Infinity, Infinity]);
  for (; now < 500; now += 10) {
    record.storedBytes += 2;
    report.moved(2);
  }
  expect(told.length).toBeLessThanOrEqual(7);
  const { doneBytes, bytesPerSecond, secondsLeft } = told.at(-1)!;
  expect(bytesPerSecond).toBeCloseTo(200, -1);
  expect(secondsLeft).toBeCloseTo((1000 - doneBytes) / bytesPerSecond, 6);
});
