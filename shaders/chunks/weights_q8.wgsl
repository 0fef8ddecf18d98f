// weights_q8: rows of affine groups of GROUP along K, four elements a word, element i in bits 8i: w = scale * q + bias.
struct W8 { lo: vec4f, hi: vec4f }
@group(0) @binding(WEIGHTS) var<storage, read> w: array<vec2<u32>>;

fn load_w8(row: u32, k8: u32, K: u32) -> W8 {
  let words = w[row * (K / 8u) + k8];
  let s = scale_bias(row * (K / GROUP) + k8 / (GROUP / 8u));
  let lo = (vec4u(words.x) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
  let hi = (vec4u(words.y) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
  return W8(vec4f(lo) * s.x + s.y, vec4f(hi) * s.x + s.y);
}
