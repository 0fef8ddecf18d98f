// reduce_subgroup: one item a workgroup; lanes add up within their subgroup, of any size, then across subgroups.
// Lane and size come from subgroup operations instead of built-ins, so that entry points need no extra parameters;
// lanes of a one-dimensional workgroup fill subgroups in order on every implementation we know.
const LANES = WG;
var<workgroup> lane_sums: array<vec4f, WG>;

fn lane_of(lid: u32) -> u32 { return lid; }
fn item_of(group: u32, lid: u32) -> u32 { return group; }

fn reduce_add(v: vec4f, lid: u32) -> vec4f {
  let size = subgroupAdd(1u);
  let sum = subgroupAdd(v);
  workgroupBarrier();
  if (lid % size == 0u) { lane_sums[lid / size] = sum; }
  workgroupBarrier();
  var total = lane_sums[0];
  for (var i = 1u; i < WG / size; i++) { total += lane_sums[i]; }
  return total;
}
