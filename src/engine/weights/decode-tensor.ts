import { fromBfloat16, fromHalf } from '../f16';

/** Values of the bytes of a BF16, F16 or F32 tensor. For small ones: matrices are converted on the GPU. */
export function decodeTensor(dtype: string, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === 'F32')
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  const value = dtype === 'BF16' ? fromBfloat16 : fromHalf;
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => value(view.getUint16(2 * i, true)));
}
