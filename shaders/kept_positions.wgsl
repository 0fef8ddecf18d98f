// kept_positions: where the entries that stay were in the conversation; only layers that slide ask for it.
//
//   to[g,j] = p(every == 1 ? j : index[g,j])      p(s) = reduced == 1 ? positions[s] : s      j < take
//
// Layout   index [G,take]   positions [N] of a reduced sequence   to [G,capacity]
// Grid     one of G * take entries a thread
// Memory   one read of index and positions, one write
// Variants none
// Source   -
struct Op { G: u32, take: u32, capacity: u32, every: u32, reduced: u32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<storage, read> index: array<u32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read_write> to: array<u32>;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let item = (group.x + group.y * groups.x) * WG + lid;
  if (item >= op.G * op.take) { return; }
  var s = item % op.take;
  if (op.every == 0u) { s = index[item]; }
  if (op.reduced == 1u) { s = positions[s]; }
  to[item / op.take * op.capacity + item % op.take] = s;
}
