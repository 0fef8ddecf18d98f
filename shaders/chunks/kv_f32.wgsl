// kv_f32: cache entries as floats: Kv4 holds four neighbours of D, Kv2 two.
alias Kv4 = vec4f;
alias Kv2 = vec2f;

fn unpack_kv4(e: Kv4) -> vec4f { return e; }
fn pack_kv2(v: vec2f) -> Kv2 { return v; }
