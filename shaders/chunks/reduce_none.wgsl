// reduce_none: every invocation does an item alone. No barriers: on a CPU they cost more than they save.
const LANES = 1u;

fn lane_of(lid: u32) -> u32 { return 0u; }
fn item_of(group: u32, lid: u32) -> u32 { return group * WG + lid; }
fn reduce_add(v: vec4f, lid: u32) -> vec4f { return v; }
