// compact_kv: the cache entries that stay, moved together.
//
//   to_k[g,j,:] = k[g, index[g,j], :]      to_v likewise      j < take
//
// Layout   index [G,take]   k, v [G,capacity,D]   to_k, to_v [G,to_capacity,D]
// Grid     four neighbours of D of one of G * take entries a thread; x and y dimensions of the grid are folded into one
// Memory   one read and one write of what stays
// Variants Kv4 from chunks/kv_*: entries move as they are stored
// Source   -
@group(0) @binding(0) var<uniform> op: Selection;
@group(0) @binding(1) var<storage, read> index: array<u32>;
@group(0) @binding(2) var<storage, read> k: array<Kv4>;
@group(0) @binding(3) var<storage, read> v: array<Kv4>;
@group(0) @binding(4) var<storage, read_write> to_k: array<Kv4>;
@group(0) @binding(5) var<storage, read_write> to_v: array<Kv4>;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let D4 = op.D / 4u;
  let item = (group.x + group.y * groups.x) * WG + lid;
  let entry = item / D4; // of [G, take]
  if (entry >= op.G * op.take) { return; }
  let g = entry / op.take;
  let i = (g * op.capacity + index[entry]) * D4 + item % D4;
  let to = (g * op.to_capacity + entry % op.take) * D4 + item % D4;
  to_k[to] = k[i];
  to_v[to] = v[i];
}
