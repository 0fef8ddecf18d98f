/** Writes small PDF files, real enough for any reader. */

/** A line of text; the next is drawn `step` points below. */
export interface PdfLine {
  readonly text: string;
  readonly x?: number;
  readonly size?: number;
  readonly step?: number;
}

export interface PdfOptions {
  /** Locked with a password that nobody knows. */
  readonly locked?: boolean;
  /** Behind every page's text: bytes of a page description. */
  readonly drawing?: string;
  /** More entries of the catalogue: actions, scripts, names. */
  readonly catalog?: string;
  /** Entries of every page besides. */
  readonly page?: string;
  /** Of the font; the default is Helvetica with the letters of Windows. */
  readonly font?: string;
}

const HELVETICA = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>';

/** In the 1990 encoding of Windows for Japanese, and without a map to Unicode: to be read by tables alone. */
export const JAPANESE_FONT =
  '<< /Type /Font /Subtype /Type0 /BaseFont /MSung /Encoding /90ms-RKSJ-H /DescendantFonts [<< /Type /Font ' +
  '/Subtype /CIDFontType0 /BaseFont /MSung /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> ' +
  '/FontDescriptor << /Type /FontDescriptor /FontName /MSung /Flags 4 /Ascent 800 /Descent -200 /CapHeight 700 ' +
  '/ItalicAngle 0 /StemV 80 /FontBBox [0 -200 1000 800] >> >>] >>';

export function tinyPdf(
  pages: readonly (readonly (PdfLine | string)[])[],
  options: PdfOptions = {},
): Uint8Array<ArrayBuffer> {
  const { locked = false, drawing = '', catalog = '', page = '', font = HELVETICA } = options;
  const kids = pages.map((_, index) => `${4 + index * 2} 0 R`).join(' ');
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    `<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`,
    font,
    ...pages.flatMap((lines, index) => {
      const content = drawLines(lines) + drawing;
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + index * 2} 0 R ${page} ` +
          '/Resources << /Font << /F 3 0 R >> >> >>',
        `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      ];
    }),
  ];
  const lock = `/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${'5a'.repeat(32)}> /U <${'a5'.repeat(32)}> >> `;
  return write(objects, `${locked ? lock : ''}/ID [<${'00'.repeat(16)}> <${'00'.repeat(16)}>]`);
}

function drawLines(lines: readonly (PdfLine | string)[]): string {
  let y = 720;
  return lines
    .map((given) => {
      const { text, x = 72, size = 12, step = 14 } = typeof given === 'string' ? { text: given } : given;
      const drawn = `BT /F ${size} Tf 1 0 0 1 ${x} ${y} Tm (${text.replace(/[\\()]/g, '\\$&')}) Tj ET\n`;
      y -= step;
      return drawn;
    })
    .join('');
}

/** One character a byte, so that lengths and offsets can be counted in characters. */
function write(objects: readonly string[], trailer: string): Uint8Array<ArrayBuffer> {
  let file = '%PDF-1.7\n';
  const offsets = objects.map((body, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const table = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  file += offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${table}\n%%EOF\n`;
  return Uint8Array.from(file, (character) => character.charCodeAt(0));
}
