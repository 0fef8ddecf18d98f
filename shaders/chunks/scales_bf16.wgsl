// scales_bf16: a group's scale and bias as two bfloat16 of a word, scale below.
@group(0) @binding(SCALES) var<storage, read> scales: array<u32>;

fn scale_bias(group: u32) -> vec2f {
  let word = scales[group];
  return vec2f(bitcast<f32>(word << 16u), bitcast<f32>(word & 0xffff0000u));
}
