// raw_bf16: two bfloat16 from a word.
fn read_pair(i: u32) -> vec2f {
  let word = raw[i / 2u];
  return vec2f(bitcast<f32>(word << 16u), bitcast<f32>(word & 0xffff0000u));
}
