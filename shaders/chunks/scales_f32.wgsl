// scales_f32: a group's scale and bias as two floats.
@group(0) @binding(SCALES) var<storage, read> scales: array<vec2f>;

fn scale_bias(group: u32) -> vec2f { return scales[group]; }
