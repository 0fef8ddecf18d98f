// matmul_rows: matmul_tiled for software adapters: registers only, no barriers.
//
//   y[t,n] = finish(bias[n] + sum_k w[n,k] x[t,k])
//
// Layout   x [T,K]   w [>= skip+count,K], a piece of [N,K]   bias [N]   y [T,N], or [T,N/2] for SILU_MUL
// Grid     (ceil(count / 4 / WG), ceil(T / 4)) workgroups; a thread makes 4 x 4 outputs
// Memory   none shared; neighbouring threads read the same x
// Variants load_w8 from chunks/weights_*
// Source   on llvmpipe nearly twice as fast as tiling through workgroup memory, see docs/SPEED.md
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// Sums of the rows r.. of w. Outputs are counted from r: a second index kept through the loop costs llvmpipe a quarter.
fn put(t: u32, r: u32, sum: vec4f) {
  if (t >= step.rows) { return; }
  let end = op.skip + op.count;
  let n = op.first - op.skip + r;
  if (r < end) { finish(t, n, sum.xy); }
  if (r + 2u < end) { finish(t, n + 2u, sum.zw); }
}

fn outer(i: u32, w0: W8, w1: W8, w2: W8, w3: W8) -> vec4f {
  let a = x[i];
  let b = x[i + 1u];
  return vec4f(
    dot(a, w0.lo) + dot(b, w0.hi), dot(a, w1.lo) + dot(b, w1.hi),
    dot(a, w2.lo) + dot(b, w2.hi), dot(a, w3.lo) + dot(b, w3.hi));
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let r0 = op.skip + id.x * 4u;
  let t = id.y * 4u;
  let end = op.skip + op.count;
  if (r0 >= end) { return; }
  let r1 = min(r0 + 1u, end - 1u);
  let r2 = min(r0 + 2u, end - 1u);
  let r3 = min(r0 + 3u, end - 1u);
  let x0 = min(t, step.rows - 1u) * (op.K / 4u);
  let x1 = min(t + 1u, step.rows - 1u) * (op.K / 4u);
  let x2 = min(t + 2u, step.rows - 1u) * (op.K / 4u);
  let x3 = min(t + 3u, step.rows - 1u) * (op.K / 4u);
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var k8 = 0u; k8 < op.K / 8u; k8++) {
    let w0 = load_w8(r0, k8, op.K);
    let w1 = load_w8(r1, k8, op.K);
    let w2 = load_w8(r2, k8, op.K);
    let w3 = load_w8(r3, k8, op.K);
    s0 += outer(x0 + 2u * k8, w0, w1, w2, w3);
    s1 += outer(x1 + 2u * k8, w0, w1, w2, w3);
    s2 += outer(x2 + 2u * k8, w0, w1, w2, w3);
    s3 += outer(x3 + 2u * k8, w0, w1, w2, w3);
  }
  put(t, r0, s0);
  put(t + 1u, r0, s1);
  put(t + 2u, r0, s2);
  put(t + 3u, r0, s3);
}
