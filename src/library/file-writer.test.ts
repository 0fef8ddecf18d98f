import { expect, it } from 'vitest';
import { FileWriter } from './file-writer';
import { CHUNK } from './hashing';
import { newRecord } from './manifest';
import { memoryFile } from './memory-shelf.test-support';

const bytes = new Uint8Array(CHUNK + 1000).map((_, i) => (i * 7) >> 3);
const ignore = () => undefined;
const setUp = () => {
  const disk = { files: new Map<string, Uint8Array<ArrayBuffer>>(), quota: Infinity };
  return { disk, file: memoryFile(disk, 'f'), record: newRecord('f', bytes.length, { algorithm: 'none' }) };
};

it.each([
  [
    'throws',
    () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
  ],
  ['writes a part', () => 10],
  ['tells an error as a length', () => 4_294_967_288],
])('counts nothing as stored that a full disk did not take, when it %s', async (_, write) => {
  const { file, record } = setUp();
  const writer = await FileWriter.resume({ ...file, write: write }, record, ignore);
  await expect(writer.append(bytes)).rejects.toMatchObject({ name: 'QuotaExceededError' });
  expect(record.storedBytes).toBe(0);
});

it('drops on resuming what is not as it was written, and what follows it', async () => {
  const { disk, file, record } = setUp();
  const first = await FileWriter.resume(file, record, ignore);
  await first.append(bytes);
  expect(record).toMatchObject({ storedBytes: bytes.length, chunks: [expect.any(String)] });
  disk.files.get('f')![50]! ^= 1;
  const second = await FileWriter.resume(file, record, ignore);
  expect(record).toMatchObject({ storedBytes: 0, chunks: [] });
  await second.append(bytes);
  expect(await second.finish()).toBe(true);
  expect(Buffer.compare(disk.files.get('f')!, bytes)).toBe(0);
});

it('begins anew where the disk holds more than the file has', async () => {
  const { disk, file, record } = setUp();
  disk.files.set('f', new Uint8Array(bytes.length + 1));
  await FileWriter.resume(file, record, ignore);
  expect(disk.files.get('f')).toHaveLength(0);
});
