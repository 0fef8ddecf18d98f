// window_queries: keeps the queries of the last tokens of a sequence, which the scores are made with.
//
//   q_window[s + window - length] = q[t] where s = appended + t lies in the window, s + window >= length
//
// Layout   qkv [T,H+2G,D], queries first and after RoPE   q_window [window,H,D]
// Grid     T workgroups, a row each; most rows are not in the window and return
// Memory   one read and one write of the window's queries
// Variants none
// Source   the observation window of SnapKV, arXiv:2404.14469, as FastKV uses it, arXiv:2502.01068
@group(0) @binding(0) var<uniform> op: Selection;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> q_window: array<vec4f>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let t = group.x;
  let s = step.appended + t;
  if (s + op.window < op.length || s >= op.length) { return; }
  let row = op.H * op.D / 4u;
  let start = t * (op.H + 2u * op.G) * op.D / 4u;
  let to = (s + op.window - op.length) * row;
  for (var i = lid; i < row; i += WG) { q_window[to + i] = qkv[start + i]; }
}
