/** Light or dark: as the system says until the visitor says otherwise, and then remembered. */
import { createStore, type StoreApi } from 'zustand/vanilla';

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

/** `storage` may throw or forget, as in private windows: then the choice lasts as long as the page. */
export function createThemeStore(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  systemTheme: Theme,
): ThemeStore {
  return createStore<ThemeState>()((set) => ({
    preference: remembered(storage),
    systemTheme,
    choose(preference) {
      set({ preference });
      try {
        storage.setItem(KEY, preference);
      } catch {
        // Nothing to be done and nothing lost but the memory of it.
      }
    },
  }));
}

function remembered(storage: Pick<Storage, 'getItem'>): ThemePreference {
  try {
    const stored = storage.getItem(KEY);
    return THEME_PREFERENCES.find((preference) => preference === stored) ?? 'system';
  } catch {
    return 'system';
  }
}
