// rmsnorm: scales each row to unit mean square, in f32.
//
//   y[t,:] = x[t,:] / sqrt(mean(x[t,:]^2) + eps) * weight      add: y[t,:] += that
//
// Layout   x, y [T,C]   weight [C]; with last_only, only row T-1 is read, and y is [1,C]
// Grid     one row an item
// Memory   two reads of x, one write of y
// Variants reduce_add from chunks/reduce_*
// Source   arXiv:1910.07467
struct Op { C: u32, last_only: u32, add: u32, eps: f32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> weight: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let rows = select(step.rows, 1u, op.last_only == 1u);
  let item = item_of(group.x, lid);
  let row = select(min(item, rows - 1u), step.rows - 1u, op.last_only == 1u);
  let C4 = op.C / 4u;
  var square = vec4f();
  for (var i = lane_of(lid); i < C4; i += LANES) {
    let v = x[row * C4 + i];
    square += v * v;
  }
  square = reduce_add(square, lid);
  let scale = inverseSqrt(dot(square, vec4f(1.0)) / f32(op.C) + op.eps);
  if (item < rows) {
    for (var i = lane_of(lid); i < C4; i += LANES) {
      let v = x[row * C4 + i] * scale * weight[i];
      if (op.add == 1u) { y[item * C4 + i] += v; } else { y[item * C4 + i] = v; }
    }
  }
}
