import { expect, it } from 'vitest';
import { createViewStore } from '../store/view-store';
import { KEYS_IN_PLACE, keysOf, SHORTCUTS, shortcutOf, type Chord, type Pressed } from './table';

const press = (key: string, held: Partial<Pressed> = {}): Pressed => ({
  ...{ key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
  ...held,
});

const ANYWHERE = { typing: false, singleKeys: true };

it('knows each shortcut by Ctrl and by Cmd, and by none of them with a key too many', () => {
  for (const held of [{ ctrlKey: true }, { metaKey: true }]) {
    expect(shortcutOf(press('O', { ...held, shiftKey: true }), ANYWHERE)).toBe('newChat');
    expect(shortcutOf(press('i', held), ANYWHERE)).toBe('inspector');
    expect(shortcutOf(press('i', { ...held, shiftKey: true }), ANYWHERE), 'developer tools').toBeUndefined();
    expect(shortcutOf(press('i', { ...held, altKey: true }), ANYWHERE)).toBeUndefined();
  }
  expect(shortcutOf(press('o', { shiftKey: true }), ANYWHERE)).toBeUndefined();
  expect(shortcutOf(press('Escape'), ANYWHERE)).toBe('stop');
  expect(shortcutOf(press('Escape', { shiftKey: true }), ANYWHERE)).toBe('focusComposer');
});

it('takes no sign from what is being typed, nor any where they are switched off', () => {
  const question = press('?', { shiftKey: true });
  expect(shortcutOf(question, ANYWHERE)).toBe('sheet');
  expect(shortcutOf(question, { ...ANYWHERE, typing: true })).toBeUndefined();
  expect(shortcutOf(question, { ...ANYWHERE, singleKeys: false })).toBeUndefined();
  for (const shiftKey of [false, true])
    // Where / is on the 7.
    expect(shortcutOf(press('/', { ctrlKey: true, shiftKey }), { typing: true, singleKeys: false })).toBe(
      'sheet',
    );
});

it('finds a letter by its place on keyboards of other scripts', () => {
  const place = { code: 'KeyO', ctrlKey: true, shiftKey: true };
  expect(shortcutOf(press('Щ', place), ANYWHERE)).toBe('newChat');
  expect(shortcutOf(press('R', place), ANYWHERE), 'on Dvorak, where R is there').toBeUndefined();
});

it('gives no two shortcuts the same keys', () => {
  const chords = SHORTCUTS.flatMap((shortcut) =>
    shortcut.chords.map((chord: Chord) => keysOf(chord, false).join('+')),
  );
  expect(new Set(chords).size).toBe(chords.length);
  const ids = [...SHORTCUTS, ...KEYS_IN_PLACE].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

it('names the keys as they are on the keyboard at hand', () => {
  const chord = { key: 'O', mod: true, shift: true };
  expect(keysOf(chord, false)).toEqual(['Ctrl', 'Shift', 'O']);
  expect(keysOf(chord, true)).toEqual(['Cmd', 'Shift', 'O']);
  expect(keysOf({ key: 'Escape' }, false)).toEqual(['Esc']);
});

it('remembers that single signs are switched off', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  expect(createViewStore(storage).getState().singleKeys).toBe(true);
  createViewStore(storage).getState().allowSingleKeys(false);
  expect(createViewStore(storage).getState().singleKeys).toBe(false);
});
