// gather_rows: rows of chosen tokens, from one page of all tokens' rows.
//
//   x[t,:] = source[p - first, :]      p = positions[step.position + t], for p of this page
//
// Layout   positions [N]   source [count,C], rows first.. of all tokens'   x [T,C]
// Grid     (ceil(C / 4 / WG), T) workgroups; a thread moves 4 values
// Memory   one read, one write
// Variants unpack_kv4 from chunks/kv_*: the page holds floats or the stored type
// Source   -
struct Op { C: u32, first: u32, count: u32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> source: array<Kv4>;
@group(0) @binding(4) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let C4 = op.C / 4u;
  let p = positions[step.position + id.y];
  if (id.x >= C4 || p < op.first || p - op.first >= op.count) { return; }
  x[id.y * C4 + id.x] = unpack_kv4(source[(p - op.first) * C4 + id.x]);
}
