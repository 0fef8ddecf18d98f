// matvec: one row through a linear layer; decoding is made of these.
//
//   y[n] = finish(bias[n] + sum_k w[n,k] x[k])
//
// Layout   x [K]   w [>= skip+count,K], a piece of [N,K]   bias [N]   y [N], or [N/2] for SILU_MUL
// Grid     four outputs an item, ceil(count / 4) items; x and y dimensions of the grid are folded into one
// Memory   every weight is read once, 8 at a time; x comes from cache
// Variants load_w8 from chunks/weights_*; reduce_add from chunks/reduce_*; finish from chunks/epilogue
// Source   four rows a workgroup and lanes along K, as the fast WebGPU engines do
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

fn dot8(row: u32, k8: u32, a: vec4f, b: vec4f) -> f32 {
  let e = load_w8(min(row, op.skip + op.count - 1u), k8, op.K);
  return dot(e.lo, a) + dot(e.hi, b);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let row = op.skip + 4u * item_of(group.x + group.y * groups.x, lid);
  let end = op.skip + op.count;
  var sum = vec4f();
  for (var k8 = lane_of(lid); k8 < op.K / 8u; k8 += LANES) {
    let a = x[2u * k8];
    let b = x[2u * k8 + 1u];
    sum += vec4f(dot8(row, k8, a, b), dot8(row + 1u, k8, a, b), dot8(row + 2u, k8, a, b), dot8(row + 3u, k8, a, b));
  }
  sum = reduce_add(sum, lid);
  if (lane_of(lid) == 0u) {
    let n = op.first - op.skip + row;
    if (row < end) { finish(0u, n, sum.xy); }
    if (row + 2u < end) { finish(0u, n + 2u, sum.zw); }
  }
}
