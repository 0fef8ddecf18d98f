/**
 * How much graphics memory the page may plan with. WebGPU does not tell how much there is, so a class of device has a
 * careful default, and the visitor may know better.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { keep, recall, type Memory } from './storage';

const GIB = 2 ** 30;
/** Less runs not even the demo model, more is no single device's. */
export const LEAST_BUDGET = 2 ** 24;
export const MOST_BUDGET = 512 * GIB;

export interface DeviceClass {
  readonly isMobile: boolean;
  /** Of main memory, as browsers tell it: rounded, and some not beyond 8. Undefined where they do not. */
  readonly memoryGiB: number | undefined;
}

export interface BudgetState {
  readonly budgetBytes: number;
  /** What this class of device begins with. */
  readonly standardBytes: number;
  /** False where the browser lets the page store nothing: then it lasts as long as the page. */
  readonly remembers: boolean;
  /** Undefined goes back to the standard. */
  setBudget(bytes: number | undefined): void;
}

export type BudgetStore = StoreApi<BudgetState>;

const KEY = 'fastkv.budget';

export function createBudgetStore(storage: Memory, device: DeviceClass): BudgetStore {
  const standardBytes = standardBudget(device);
  return createStore<BudgetState>()((set) => ({
    ...remembered(storage, standardBytes),
    standardBytes,
    setBudget(bytes) {
      const own = bytes === undefined ? undefined : Math.min(MOST_BUDGET, Math.max(LEAST_BUDGET, bytes));
      const remembers = keep(storage, KEY, own === undefined ? '' : String(own));
      set({ budgetBytes: own ?? standardBytes, remembers });
    },
  }));
}

/**
 * Phones end a tab that takes much more than a gigabyte. Elsewhere half of the main memory is a careful guess: integrated
 * graphics share it, and a machine with much of it has a graphics card to match. Unknown is a laptop of 8 GiB.
 */
export function standardBudget({ isMobile, memoryGiB }: DeviceClass): number {
  if (isMobile) return memoryGiB !== undefined && memoryGiB >= 8 ? 2 * GIB : GIB;
  return Math.min(8, Math.max(1, (memoryGiB ?? 8) / 2)) * GIB;
}

/** What a browser tells of its device; each part of it may be missing. */
export interface Told {
  readonly userAgent?: string;
  readonly userAgentData?: { readonly mobile: boolean };
  readonly deviceMemory?: number;
  readonly maxTouchPoints?: number;
}

export function deviceClassOf({
  userAgent = '',
  userAgentData,
  deviceMemory,
  maxTouchPoints = 0,
}: Told): DeviceClass {
  // An iPad calls itself a Macintosh, and no Macintosh has a touch screen.
  const isTablet = /Android|iPad/.test(userAgent) || (userAgent.includes('Macintosh') && maxTouchPoints > 1);
  const isPhone = userAgentData?.mobile ?? /iPhone|Mobi/.test(userAgent);
  return { isMobile: isPhone || isTablet, memoryGiB: deviceMemory };
}

function remembered(storage: Memory, standardBytes: number) {
  const stored = recall(storage, KEY);
  const bytes = Number(stored ?? '');
  const good = bytes >= LEAST_BUDGET && bytes <= MOST_BUDGET;
  return { budgetBytes: good ? bytes : standardBytes, remembers: stored !== undefined };
}
