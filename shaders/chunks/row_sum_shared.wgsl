// row_sum_shared: adds up the parts of KT dot products that LPR neighbouring lanes hold. Core WGSL.
var<workgroup> parts: array<f32, KT * WG>;

fn put_part(j: u32, part: f32, lid: u32) { parts[j * WG + lid] = part; }

fn share_parts() { workgroupBarrier(); }

fn row_sum(j: u32, lid: u32) -> f32 {
  let first = j * WG + lid - lid % LPR;
  var sum = parts[first];
  for (var l = 1u; l < LPR; l++) { sum += parts[first + l]; }
  return sum;
}
