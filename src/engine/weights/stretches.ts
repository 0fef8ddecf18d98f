import type { TensorEntry } from './safetensors';

/** Part of a tensor within a stretch. */
export interface Part {
  readonly tensor: TensorEntry;
  /** Byte within the tensor at which the part begins; a multiple of `cut`. */
  readonly from: number;
  /** Byte within the stretch. */
  readonly at: number;
  readonly bytes: number;
}

/** One read of the file: neighbouring bytes, all of them wanted. */
export interface Stretch {
  readonly begin: number;
  readonly bytes: number;
  readonly parts: readonly Part[];
}

/**
 * The reads that fetch these tensors and nothing else, in file order, none longer than `most` bytes.
 * Tensors are cut only at multiples of `cut` bytes from their own start, so that parts hold pairs or groups of elements.
 * `cut` is a multiple of 8, and at most `most`.
 */
export function stretches(tensors: readonly TensorEntry[], most: number, cut = 8): Stretch[] {
  const out: { begin: number; bytes: number; parts: Part[] }[] = [];
  let open: (typeof out)[number] | undefined;
  for (const tensor of [...tensors].sort((a, b) => a.begin - b.begin)) {
    let from = 0;
    while (from < tensor.bytes) {
      const begin = tensor.begin + from;
      if (open?.begin === undefined || open.begin + open.bytes !== begin || open.bytes + cut > most) {
        open = { begin, bytes: 0, parts: [] };
        out.push(open);
      }
      const room = most - open.bytes;
      const rest = tensor.bytes - from;
      const bytes = rest <= room ? rest : room - (room % cut);
      open.parts.push({ tensor, from, at: open.bytes, bytes });
      open.bytes += bytes;
      from += bytes;
    }
  }
  return out;
}
