/** Documents as the journeys bring them to the page. */
import type { Page } from '@playwright/test';
import { tinyPdf } from '../src/app/documents/tiny-pdf.test-support';

export interface Given {
  readonly name: string;
  readonly body: string | Uint8Array;
}

export const pdf = (...given: Parameters<typeof tinyPdf>): Given => ({
  name: 'report.pdf',
  body: tinyPdf(...given),
});

export async function attach(page: Page, ...given: readonly Given[]): Promise<void> {
  const files = given.map(({ name, body }) => ({ name, mimeType: '', buffer: Buffer.from(body) }));
  await page.getByTestId('file-input').setInputFiles(files);
}

/** What a drop or a paste hands over: files, or text. */
export async function hand(
  page: Page,
  event: 'drop' | 'paste',
  files: readonly Given[],
  text = '',
): Promise<void> {
  const given = files.map(({ name, body }) => ({ name, body: [...Buffer.from(body)] }));
  await page.getByTestId('composer').evaluate(
    (box, { event, given, text }) => {
      const data = new DataTransfer();
      for (const { name, body } of given) data.items.add(new File([Uint8Array.from(body)], name));
      if (text !== '') data.setData('text/plain', text);
      const how = { bubbles: true, cancelable: true };
      box.dispatchEvent(
        event === 'drop'
          ? new DragEvent('drop', { dataTransfer: data, ...how })
          : new ClipboardEvent('paste', { clipboardData: data, ...how }),
      );
    },
    { event, given, text },
  );
}
