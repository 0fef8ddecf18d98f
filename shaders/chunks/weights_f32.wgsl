// weights_f32: rows of floats, four to a vec4f.
struct W8 { lo: vec4f, hi: vec4f }
@group(0) @binding(WEIGHTS) var<storage, read> w: array<vec4f>;

fn load_w8(row: u32, k8: u32, K: u32) -> W8 {
  let i = row * (K / 4u) + 2u * k8;
  return W8(w[i], w[i + 1u]);
}
