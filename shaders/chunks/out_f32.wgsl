// out_f32: floats.
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn write_pair(to: u32, v: vec2f) {
  out[to] = v.x;
  out[to + 1u] = v.y;
}
