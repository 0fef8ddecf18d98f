// qk_rmsnorm: scales a row's queries, all heads together, to unit mean square, and its keys likewise.
//
//   q[t,:] = q[t,:] / sqrt(mean(q[t,:]^2) + eps) * weight[:H D]      k[t,:] likewise, by its own mean and weight[H D:]
//
// Layout   qkv [T,H+2G,D], queries and keys in place, values as they are   weight [H+G,D]
// Grid     one (t, queries or keys) an item
// Memory   two reads and one write of queries and keys
// Variants reduce_add from chunks/reduce_*
// Source   arXiv:1910.07467, over all heads as in OLMo 2, arXiv:2501.00656; norms by head are in rope_append
struct Op { H: u32, G: u32, D: u32, eps: f32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read_write> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> weight: array<vec4f>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let D4 = op.D / 4u;
  let item = item_of(group.x, lid);
  let t = min(item / 2u, step.rows - 1u);
  let are_keys = item % 2u == 1u;
  let first = select(0u, op.H * D4, are_keys);
  let count = select(op.H, op.G, are_keys) * D4;
  let start = t * (op.H + 2u * op.G) * D4 + first;
  var square = vec4f();
  for (var i = lane_of(lid); i < count; i += LANES) {
    let v = qkv[start + i];
    square += v * v;
  }
  square = reduce_add(square, lid);
  let scale = inverseSqrt(dot(square, vec4f(1.0)) / f32(4u * count) + op.eps);
  if (item >= 2u * step.rows) { return; }
  for (var i = lane_of(lid); i < count; i += LANES) {
    qkv[start + i] = qkv[start + i] * scale * weight[first + i];
  }
}
