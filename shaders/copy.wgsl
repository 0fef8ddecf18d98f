// copy: moves a buffer, for measuring the memory rate that other kernels are compared with.
//
//   to[i] = source[i]
//
// Layout   source, to [n] vec4
// Grid     one vec4 a thread
// Memory   one read, one write
// Variants none
// Source   -
struct Op { n: u32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> to: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lid: u32) {
  let i = (group.x + group.y * groups.x) * 64u + lid;
  if (i < op.n) { to[i] = source[i]; }
}
