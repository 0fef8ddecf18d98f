// window_scores: the attention that every key gets from the window's queries, per query head.
//
//   score[h,s] = sum_i exp(scale q[i,h].k[g,s] - M[h,i]) / L[h,i]     over window rows i with s <= N - window + i
//
// Layout   q_window [window,H,D]   k [G,capacity,D]   positions [N] if reduced   stats [H,window] of (M, L)   score [H,N], the window's columns too
// Grid     (H, splits) workgroups of KEYS, a key a lane, as window_stats
// Memory   a second read of K instead of H * window * N stored logits
// Variants SLIDES and CAPS, as in attention_tiled; unpack_kv4 from chunks/kv_*; fetch_rows and dots from chunks/window_dots
// Source   arXiv:2502.01068; the softmax is over all N keys, as in the published code
@group(0) @binding(0) var<uniform> op: Selection;
@group(0) @binding(1) var<storage, read> q_window: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<Kv4>;
@group(0) @binding(3) var<storage, read> stats: array<vec2f>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> score: array<f32>;

// What rows i + first .. i + first + 3 give to key s.
fn given(x: vec4f, h: u32, i: u32, first: u32, s: u32, position: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < 4u; c++) {
    let row = stats[h * op.window + min(i + first + c, op.window - 1u)];
    // A key that the row does not see may lie above its maximum: exp must not overflow for it.
    let p = exp(min(x[c] - row.x, 0.0)) / row.y;
    sum += select(0.0, p, sees(i, first + c, s, position));
  }
  return sum;
}

@compute @workgroup_size(KEYS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let h = group.x;
  let g = h / (op.H / op.G);
  let s = group.y * KEYS + lid;
  let position = position_of(min(s, op.length - 1u));
  var sum = 0.0;
  for (var i = 0u; i < op.window; i += ROWS) {
    fetch_rows(h, i, lid);
    let x = dots(g, s);
    sum += given(x.low, h, i, 0u, s, position) + given(x.high, h, i, 4u, s, position);
  }
  if (s < op.length) { score[h * op.length + s] = sum; }
}
