// matmul_tiled: many rows through a linear layer; prefill is made of these.
//
//   y[t,n] = finish(bias[n] + sum_k w[n,k] x[t,k])
//
// Layout   x [T,K]   w [>= skip+count,K], a piece of [N,K]   bias [N]   y [T,N], or [T,N/2] for SILU_MUL
// Grid     (ceil(count / 64), ceil(T / 64)) workgroups of 256; a thread makes 4 x 4 outputs
// Memory   tiles of 64 rows by KS of x and of w, a vec4 of padding a row against bank conflicts: 10 KiB as f32
// Variants Tile4 = vec4<f32> | vec4<f16> (prelude; sums stay f32); load_w8 from chunks/weights_*
// Source   64 x 64 register tiling; sums over k in one order whatever T is, so tiles do not change results
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

const KS = 16u;           // k of a tile
const STRIDE = KS / 4u + 1u;
var<workgroup> tile_x: array<Tile4, 64u * STRIDE>;
var<workgroup> tile_w: array<Tile4, 64u * STRIDE>;

// Even outputs first, then odd ones: a thread's pairs (gate, up) then lie 32 rows apart, and neighbouring threads
// read neighbouring rows.
fn place(n: u32) -> u32 { return (n % 2u) * 32u + n / 2u; }

// Halves must not overflow: activations beyond the largest half are clamped to it.
fn to_tile(v: vec4f) -> Tile4 { return Tile4(clamp(v, vec4f(-TILE_MAX), vec4f(TILE_MAX))); }

// 128 threads fetch w and 128 fetch x, eight values each.
fn fetch(lid: u32, t0: u32, n0: u32, k0: u32) {
  let part = lid % 128u;
  let row = part / 2u;
  let k8 = k0 / 8u + part % 2u;
  let inside = k8 < op.K / 8u;
  let to = 2u * (part % 2u);
  if (lid < 128u) {
    var e = W8();
    if (inside && n0 + row < op.count) { e = load_w8(op.skip + n0 + row, k8, op.K); }
    tile_w[place(row) * STRIDE + to] = Tile4(e.lo);
    tile_w[place(row) * STRIDE + to + 1u] = Tile4(e.hi);
  } else {
    var a = vec4f();
    var b = vec4f();
    if (inside && t0 + row < step.rows) {
      let i = (t0 + row) * (op.K / 4u) + 2u * k8;
      a = x[i];
      b = x[i + 1u];
    }
    tile_x[row * STRIDE + to] = to_tile(a);
    tile_x[row * STRIDE + to + 1u] = to_tile(b);
  }
}

fn outer(a: vec4f, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f) -> vec4f {
  return vec4f(dot(a, w0), dot(a, w1), dot(a, w2), dot(a, w3));
}

fn put(t: u32, n: u32, sum: vec4f) {
  if (t >= step.rows) { return; }
  if (n < op.count) { finish(t, op.first + n, sum.xy); }
  if (n + 32u < op.count) { finish(t, op.first + n + 32u, sum.zw); }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let n0 = group.x * 64u;
  let t0 = group.y * 64u;
  let tx = lid % 16u;
  let ty = lid / 16u;
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var k0 = 0u; k0 < op.K; k0 += KS) {
    workgroupBarrier();
    fetch(lid, t0, n0, k0);
    workgroupBarrier();
    for (var k4 = 0u; k4 < KS / 4u; k4++) {
      let w0 = vec4f(tile_w[tx * STRIDE + k4]);
      let w1 = vec4f(tile_w[(tx + 32u) * STRIDE + k4]);
      let w2 = vec4f(tile_w[(tx + 16u) * STRIDE + k4]);
      let w3 = vec4f(tile_w[(tx + 48u) * STRIDE + k4]);
      s0 += outer(vec4f(tile_x[ty * STRIDE + k4]), w0, w1, w2, w3);
      s1 += outer(vec4f(tile_x[(ty + 16u) * STRIDE + k4]), w0, w1, w2, w3);
      s2 += outer(vec4f(tile_x[(ty + 32u) * STRIDE + k4]), w0, w1, w2, w3);
      s3 += outer(vec4f(tile_x[(ty + 48u) * STRIDE + k4]), w0, w1, w2, w3);
    }
  }
  let n = n0 + 2u * tx;
  put(t0 + ty, n, s0);
  put(t0 + ty + 16u, n, s1);
  put(t0 + ty + 32u, n, s2);
  put(t0 + ty + 48u, n, s3);
}
