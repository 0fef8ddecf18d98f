// kv_f16: cache entries as halves: Kv4 holds four neighbours of D, Kv2 two. Core WGSL, no shader-f16.
alias Kv4 = vec2<u32>;
alias Kv2 = u32;

fn unpack_kv4(e: Kv4) -> vec4f { return vec4f(unpack2x16float(e.x), unpack2x16float(e.y)); }

// Clamped: pack2x16float of a value beyond the largest half is indeterminate.
fn pack_kv2(v: vec2f) -> Kv2 { return pack2x16float(clamp(v, vec2f(-65504.0), vec2f(65504.0))); }
