import { kindOf } from '../documents/read-document';
import type { Picking } from '../store/device-files';
import type { Stores } from '../stores';

/** What was dropped on the page: a model, or a part of one, goes to Models; everything else are documents. */
export async function takeDrop(
  { attachments, device, view }: Stores,
  dropping: Promise<Picking>,
): Promise<void> {
  const picking = await dropping;
  const files = picking.files.map(({ file }) => file);
  // Who has Models open, or drops a folder, means a model. Where no file came, it was a folder without any.
  const isFolder = files.length === 0 || picking.files.some(({ path }) => path.includes('/'));
  const meant = isFolder || view.getState().dialog === 'models';
  const isModel = (meant || !files.every(isProse)) && (await device.getState().take(picking, { meant }));
  if (isModel || meant) view.getState().open('models');
  else await attachments.getState().attachFiles(files);
}

/** JSON may be a part of a model, and so may whatever has an ending of its own. */
const isProse = ({ name }: File): boolean => !['json', 'code'].includes(kindOf(name));
