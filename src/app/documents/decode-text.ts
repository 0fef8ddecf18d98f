import { DocumentError } from './document-text';

export interface Decoded {
  readonly text: string;
  /** Where the encoding had to be guessed, or bytes stand for no character. */
  readonly note?: string;
}

/**
 * A text file of whatever encoding: UTF-16 by its mark, UTF-8, or else windows-1252, which old spreadsheets and notepads
 * wrote and in which every byte is a character. Throws `binary`.
 */
export function decodeText(bytes: Uint8Array): Decoded {
  const known = MAGIC.find(([, magic]) => startsWith(bytes, magic));
  if (known !== undefined) throw new DocumentError('binary', `it is ${known[0]}, not text.`);
  const decoded = decode(bytes);
  if (isBinary(decoded.text)) throw new DocumentError('binary', 'it holds binary data, not text.');
  return { ...decoded, text: decoded.text.replace(/\r\n?/g, '\n') };
}

function decode(bytes: Uint8Array): Decoded {
  if (startsWith(bytes, '\xff\xfe')) return { text: new TextDecoder('utf-16le').decode(bytes) };
  if (startsWith(bytes, '\xfe\xff')) return { text: new TextDecoder('utf-16be').decode(bytes) };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return decodeBroken(bytes);
  }
}

/** Either UTF-8 that was cut or spoiled in places, or another encoding, in which hardly anything looks like UTF-8. */
function decodeBroken(bytes: Uint8Array): Decoded {
  const utf8 = new TextDecoder('utf-8').decode(bytes);
  const broken = count(utf8, /\ufffd/g);
  const sound = count(utf8, /[^\0-\x7f\ufffd]/g);
  if (broken * 4 <= sound)
    return { text: utf8, note: 'Some bytes were not valid UTF-8; each is shown as \ufffd.' };
  return {
    text: new TextDecoder('windows-1252').decode(bytes),
    note: 'It is not UTF-8, so it was read as Windows-1252. Letters may be wrong.',
  };
}

const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;

/** Text has no NUL, and hardly a control character besides tab, line ends, page feed and the escape of terminals. */
function isBinary(text: string): boolean {
  if (text.includes('\0')) return true;
  // eslint-disable-next-line no-control-regex -- They are what is looked for.
  return count(text, /[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]/g) * 100 > text.length;
}

/** How files that people take for documents begin, byte by byte. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['a ZIP archive or an Office document (save that as PDF or text)', 'PK\x03\x04'],
  ['an old Office document (save that as PDF or text)', '\xd0\xcf\x11\xe0'],
  ['an image', '\x89PNG'],
  ['an image', '\xff\xd8\xff'],
  ['an image', 'GIF8'],
  ['a compressed archive', '\x1f\x8b'],
  ['a compressed archive', '7z\xbc\xaf'],
  ['a compressed archive', 'Rar!'],
];

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return Array.from(magic).every((character, index) => bytes[index] === character.charCodeAt(0));
}
