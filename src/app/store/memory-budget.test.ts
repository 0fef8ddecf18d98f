import { describe, expect, it } from 'vitest';
import { createBudgetStore, deviceClassOf, standardBudget, type Told } from './memory-budget';

const GIB = 2 ** 30;
const MAC =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Mobile/15E148 Safari/604.1';
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36';

const DESKTOP = { isMobile: false, memoryGiB: 8 };

function memory(stored: Record<string, string> = {}) {
  return {
    stored,
    getItem: (key: string) => stored[key] ?? null,
    setItem: (key: string, value: string) => void (stored[key] = value),
  };
}

describe('the budget that a device begins with', () => {
  it.each<[string, Told, number]>([
    ['an iPhone', { userAgent: IPHONE }, 1],
    ['an iPad, which calls itself a Macintosh', { userAgent: MAC, maxTouchPoints: 5 }, 1],
    ['a large Android phone', { userAgentData: { mobile: true }, deviceMemory: 8 }, 2],
    ['a Mac in Safari, which tells no memory', { userAgent: MAC, maxTouchPoints: 0 }, 4],
    ['a laptop of 8 GiB', { userAgent: CHROME, userAgentData: { mobile: false }, deviceMemory: 8 }, 4],
    ['a laptop of 4 GiB', { userAgentData: { mobile: false }, deviceMemory: 4 }, 2],
    ['a workstation', { userAgentData: { mobile: false }, deviceMemory: 32 }, 8],
    ['a browser that tells nothing', {}, 4],
  ])('on %s', (_what, told, gib) => {
    expect(standardBudget(deviceClassOf(told))).toBe(gib * GIB);
  });
});

describe('the budget', () => {
  it('is the visitor’s own on the next visit, until they go back to the standard', () => {
    const storage = memory();
    createBudgetStore(storage, DESKTOP)
      .getState()
      .setBudget(6 * GIB);
    const next = createBudgetStore(storage, DESKTOP);
    expect(next.getState()).toMatchObject({ budgetBytes: 6 * GIB, standardBytes: 4 * GIB });
    next.getState().setBudget(undefined);
    expect(next.getState().budgetBytes).toBe(4 * GIB);
    expect(createBudgetStore(storage, DESKTOP).getState().budgetBytes).toBe(4 * GIB);
  });

  it('is never so small or large that no device has it, whatever was stored or typed', () => {
    for (const left of ['NaN', '-5', '12', '1e99', 'a lot']) {
      expect(createBudgetStore(memory({ 'fastkv.budget': left }), DESKTOP).getState().budgetBytes).toBe(
        4 * GIB,
      );
    }
    const store = createBudgetStore(memory(), DESKTOP);
    store.getState().setBudget(1);
    expect(store.getState().budgetBytes).toBe(2 ** 24);
    store.getState().setBudget(Infinity);
    expect(store.getState().budgetBytes).toBe(512 * GIB);
  });

  it('lasts as long as the page where nothing can be stored, and says so', () => {
    const refuse = (): never => {
      throw new Error('blocked');
    };
    expect(createBudgetStore({ ...memory(), getItem: refuse }, DESKTOP).getState().remembers).toBe(false);
    const store = createBudgetStore({ ...memory(), setItem: refuse }, DESKTOP);
    expect(store.getState().remembers).toBe(true);
    store.getState().setBudget(2 * GIB);
    expect(store.getState()).toMatchObject({ budgetBytes: 2 * GIB, remembers: false });
  });
});
