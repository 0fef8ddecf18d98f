// put_halves: element i is half a word, and so is its place: the scale's below, the bias's above.
fn put(to: u32, i: u32) {
  let half = (raw[i / 2u] >> (16u * (i % 2u))) & 0xffffu;
  out[to] = (out[to] & (0xffff0000u >> (16u * op.part))) | (half << (16u * op.part));
}
