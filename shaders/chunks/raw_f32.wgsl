// raw_f32: two floats from two words.
fn read_pair(i: u32) -> vec2f { return vec2f(bitcast<f32>(raw[i]), bitcast<f32>(raw[i + 1u])); }
