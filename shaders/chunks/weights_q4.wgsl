// weights_q4: rows of affine groups of GROUP along K, eight elements a word, element i in bits 4i: w = scale * q + bias.
struct W8 { lo: vec4f, hi: vec4f }
@group(0) @binding(WEIGHTS) var<storage, read> w: array<u32>;

fn load_w8(row: u32, k8: u32, K: u32) -> W8 {
  let word = w[row * (K / 8u) + k8];
  let s = scale_bias(row * (K / GROUP) + k8 / (GROUP / 8u));
  let lo = (vec4u(word) >> vec4u(0u, 4u, 8u, 12u)) & vec4u(15u);
  let hi = (vec4u(word) >> vec4u(16u, 20u, 24u, 28u)) & vec4u(15u);
  return W8(vec4f(lo) * s.x + s.y, vec4f(hi) * s.x + s.y);
}
