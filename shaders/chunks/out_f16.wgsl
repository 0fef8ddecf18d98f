// out_f16: two halves a word. Rows have an even length, so pairs share a word.
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

fn write_pair(to: u32, v: vec2f) {
  out[to / 2u] = pack2x16float(clamp(v, vec2f(-65504.0), vec2f(65504.0)));
}
