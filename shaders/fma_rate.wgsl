// fma_rate: multiplies and adds in registers, for measuring the arithmetic rate that other kernels are compared with.
//
//   v = v * m + a, `rounds` times, on eight independent vec4s a thread
//
// Layout   to [n] vec4: the sum of a thread's eight
// Grid     one thread a vec4 of the output
// Memory   one write
// Variants none
// Source   -
struct Op { n: u32, rounds: u32, m: f32, a: f32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<storage, read_write> to: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= op.n) { return; }
  let m = vec4f(op.m);
  let a = vec4f(op.a);
  var v0 = vec4f(f32(id.x % 8u)); var v1 = v0 + 1.0; var v2 = v0 + 2.0; var v3 = v0 + 3.0;
  var v4 = v0 + 4.0; var v5 = v0 + 5.0; var v6 = v0 + 6.0; var v7 = v0 + 7.0;
  for (var i = 0u; i < op.rounds; i++) {
    v0 = fma(v0, m, a); v1 = fma(v1, m, a); v2 = fma(v2, m, a); v3 = fma(v3, m, a);
    v4 = fma(v4, m, a); v5 = fma(v5, m, a); v6 = fma(v6, m, a); v7 = fma(v7, m, a);
  }
  to[id.x] = v0 + v1 + v2 + v3 + v4 + v5 + v6 + v7;
}
