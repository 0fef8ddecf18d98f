// weights_f16: rows of halves, eight to a vec4<u32>. Needs no shader-f16: unpack2x16float is core WGSL.
struct W8 { lo: vec4f, hi: vec4f }
@group(0) @binding(WEIGHTS) var<storage, read> w: array<vec4<u32>>;

fn load_w8(row: u32, k8: u32, K: u32) -> W8 {
  let e = w[row * (K / 8u) + k8];
  return W8(vec4f(unpack2x16float(e.x), unpack2x16float(e.y)), vec4f(unpack2x16float(e.z), unpack2x16float(e.w)));
}
