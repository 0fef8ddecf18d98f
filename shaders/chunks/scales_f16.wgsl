// scales_f16: a group's scale and bias as two halves of a word, scale below.
@group(0) @binding(SCALES) var<storage, read> scales: array<u32>;

fn scale_bias(group: u32) -> vec2f { return unpack2x16float(scales[group]); }
