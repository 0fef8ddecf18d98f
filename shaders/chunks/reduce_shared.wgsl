// reduce_shared: one item a workgroup; its WG lanes meet in workgroup memory. Core WGSL.
const LANES = WG;
var<workgroup> lane_sums: array<vec4f, WG>;

fn lane_of(lid: u32) -> u32 { return lid; }
fn item_of(group: u32, lid: u32) -> u32 { return group; }

// Sum of v over the workgroup, in every lane. WG is a power of two.
fn reduce_add(v: vec4f, lid: u32) -> vec4f {
  workgroupBarrier();
  lane_sums[lid] = v;
  for (var half = WG / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lid < half) { lane_sums[lid] += lane_sums[lid + half]; }
  }
  workgroupBarrier();
  return lane_sums[0];
}
