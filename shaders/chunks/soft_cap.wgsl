// soft_cap: cap tanh(x / cap), which keeps scores and logits within +-cap; and the tanh that gelu takes.
const TANH_END = 15.0; // tanh of a large number is no number on some drivers; from 10 on it is 1 in f32

fn bounded_tanh(v: f32) -> f32 { return tanh(clamp(v, -TANH_END, TANH_END)); }

fn soft_cap(v: f32, cap: f32) -> f32 { return cap * bounded_tanh(v / cap); }

fn soft_cap4(v: vec4f, cap: f32) -> vec4f { return cap * tanh(clamp(v / cap, vec4f(-TANH_END), vec4f(TANH_END))); }
