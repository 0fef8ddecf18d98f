// attention_merge: joins the stretches of KEYS cache entries of attention_split.
//
//   o[h,:] = sum_i exp(m[i] - M) o[i,:] / sum_i exp(m[i] - M) l[i]     M = max_i m[i]
//
// Layout   part [H,splits,D+2]: o, then m and l   o [1,H,D]
// Grid     H workgroups; a lane takes d = lane, lane + WG, ...
// Memory   one read of part for o, one more of m and l by every lane
// Variants none
// Source   online softmax, arXiv:1805.02867
struct Op { H: u32, kept_most: u32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> part: array<f32>;
@group(0) @binding(3) var<storage, read_write> o: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let splits = (op.kept_most + step.appended + KEYS) / KEYS; // ceil((kept_most + appended + 1) / KEYS)
  let start = group.x * splits * (D + 2u);
  var top = -3.0e38;
  for (var i = 0u; i < splits; i++) { top = max(top, part[start + i * (D + 2u) + D]); }
  for (var d = lid; d < D; d += WG) {
    var sum = 0.0;
    var total = 0.0;
    for (var i = 0u; i < splits; i++) {
      let at = start + i * (D + 2u);
      let fade = exp(part[at + D] - top);
      sum += fade * part[at + d];
      total += fade * part[at + D + 1u];
    }
    o[group.x * D + d] = sum / total;
  }
}
