// store_rows: the rows of a tile, kept in one page of all tokens' rows.
//
//   page[s - first, :] = x[t,:]      s = step.appended + t, for s of this page
//
// Layout   x [T,C]   page [count,C], rows first.. of all tokens'
// Grid     (ceil(C / 4 / WG), T) workgroups; a thread moves 4 values
// Memory   one read, one write
// Variants pack_kv2 from chunks/kv_*
// Source   -
struct Op { C: u32, first: u32, count: u32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> page: array<Kv2>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let C4 = op.C / 4u;
  let s = step.appended + id.y;
  if (id.x >= C4 || s < op.first || s - op.first >= op.count) { return; }
  let values = x[id.y * C4 + id.x];
  let to = 2u * ((s - op.first) * C4 + id.x);
  page[to] = pack_kv2(values.xy);
  page[to + 1u] = pack_kv2(values.zw);
}
