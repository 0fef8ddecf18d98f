// row_sum_subgroup: as row_sum_shared, by shuffles: every lane keeps its row's sums. LPR is at most 4, the smallest
// subgroup there is, and lanes fill subgroups in order, as in reduce_subgroup.
var<workgroup> parts: array<f32, KT * WG>;

fn put_part(j: u32, part: f32, lid: u32) {
  var sum = part;
  for (var l = 1u; l < LPR; l *= 2u) { sum += subgroupShuffleXor(sum, l); }
  parts[j * WG + lid] = sum;
}

fn share_parts() {}

fn row_sum(j: u32, lid: u32) -> f32 { return parts[j * WG + lid]; }
