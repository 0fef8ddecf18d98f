/** Every keyboard shortcut of the page, once: the handler acts by this table, and the sheet behind `?` shows it. */

export interface Chord {
  /** As `KeyboardEvent.key` has it; a letter in capitals. */
  readonly key: string;
  /** Ctrl, or Cmd on a Mac. */
  readonly mod?: boolean;
  /** Only asked of chords with a letter or a named key: a sign may need Shift on one keyboard and not on another. */
  readonly shift?: boolean;
}

export interface Shortcut {
  readonly id: string;
  readonly does: string;
  readonly chords: readonly [Chord, ...Chord[]];
}

export const SHORTCUTS = [
  { id: 'newChat', does: 'Start a new chat', chords: [{ key: 'O', mod: true, shift: true }] },
  { id: 'sidebar', does: 'Show or hide chats', chords: [{ key: 'B', mod: true }] },
  { id: 'search', does: 'Search chats', chords: [{ key: 'K', mod: true }] },
  { id: 'focusComposer', does: 'Go to the message box', chords: [{ key: 'Escape', shift: true }] },
  {
    id: 'regenerate',
    does: 'Regenerate the last answer',
    chords: [{ key: 'Enter', mod: true, shift: true }],
  },
  { id: 'stop', does: 'Stop reading, writing or calibrating', chords: [{ key: 'Escape' }] },
  { id: 'inspector', does: 'Go to the inspector', chords: [{ key: 'I', mod: true }] },
  { id: 'settings', does: 'Open the settings', chords: [{ key: ',', mod: true }] },
  { id: 'sheet', does: 'Show these shortcuts', chords: [{ key: '/', mod: true }, { key: '?' }] },
] as const satisfies readonly Shortcut[];

export type ShortcutId = (typeof SHORTCUTS)[number]['id'];

/** What keys do where the focus is: told in the sheet, handled by the parts themselves. */
export const KEYS_IN_PLACE: readonly Shortcut[] = [
  { id: 'send', does: 'In the message box: send', chords: [{ key: 'Enter' }] },
  { id: 'break', does: 'In the message box: new line', chords: [{ key: 'Enter', shift: true }] },
  {
    id: 'explore',
    does: 'In the strip and the charts: move',
    chords: [{ key: 'ArrowLeft' }, { key: 'ArrowRight' }],
  },
  { id: 'close', does: 'In a dialog: close it', chords: [{ key: 'Escape' }] },
];

export type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** The shortcut that was pressed. `typing`: the focus is where letters and signs are text. */
export function shortcutOf(
  pressed: Pressed,
  { typing, singleKeys }: { readonly typing: boolean; readonly singleKeys: boolean },
): ShortcutId | undefined {
  const found = SHORTCUTS.find(({ chords }) =>
    chords.some((chord: Chord) => matches(chord, pressed) && (!isSingle(chord) || (singleKeys && !typing))),
  );
  return found?.id;
}

/** A sign or letter alone: text in a field, and struck by accident where speech is typed (WCAG 2.1.4). */
export const isSingle = ({ key, mod = false }: Chord): boolean => !mod && key.length === 1;

const isLetter = (key: string) => /^[A-Z]$/.test(key);

function matches({ key, mod = false, shift = false }: Chord, pressed: Pressed): boolean {
  if ((pressed.ctrlKey || pressed.metaKey) !== mod || pressed.altKey) return false;
  const minds = isLetter(key) || key.length > 1;
  if (minds && pressed.shiftKey !== shift) return false;
  if (pressed.key.toUpperCase() === key.toUpperCase()) return true;
  // On a keyboard of another script the letter is where it is on a Latin one.
  return isLetter(key) && !/^[a-z]$/i.test(pressed.key) && pressed.code === `Key${key}`;
}

const NAMES: Readonly<Partial<Record<string, string>>> = {
  Escape: 'Esc',
  ArrowLeft: '←',
  ArrowRight: '→',
};

/** The keys of a chord by the names that are on them. */
export function keysOf({ key, mod = false, shift = false }: Chord, isMac: boolean): readonly string[] {
  return [...(mod ? [isMac ? 'Cmd' : 'Ctrl'] : []), ...(shift ? ['Shift'] : []), NAMES[key] ?? key];
}

/** A shortcut's first chord in words, for a tooltip. */
export function keysFor(id: ShortcutId, isMac = onMac()): string {
  const chord = SHORTCUTS.find((shortcut) => shortcut.id === id)?.chords[0];
  return chord === undefined ? '' : keysOf(chord, isMac).join('+');
}

export const onMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);
