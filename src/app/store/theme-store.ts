/** Light or dark: as the system says until the visitor says otherwise, and then remembered. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { keep, recall, type Memory } from './storage';

export const THEME_PREFERENCES = ['system', 'light', 'dark'] as const;
export type ThemePreference = (typeof THEME_PREFERENCES)[number];
export type Theme = 'light' | 'dark';

const KEY = 'fastkv.theme';

export interface ThemeState {
  readonly preference: ThemePreference;
  readonly systemTheme: Theme;
  choose(preference: ThemePreference): void;
}

export type ThemeStore = StoreApi<ThemeState>;

export function themeOf({ preference, systemTheme }: ThemeState): Theme {
  return preference === 'system' ? systemTheme : preference;
}

export function createThemeStore(storage: Memory, systemTheme: Theme): ThemeStore {
  return createStore<ThemeState>()((set) => ({
    preference: remembered(storage),
    systemTheme,
    choose(preference) {
      set({ preference });
      keep(storage, KEY, preference);
    },
  }));
}

function remembered(storage: Memory): ThemePreference {
  const stored = recall(storage, KEY);
  return THEME_PREFERENCES.find((preference) => preference === stored) ?? 'system';
}
