// pool_scores: scores pooled along the tokens, then summed over the heads of a group; and two sums over all heads.
//
//   pooled[g,s] = sum_{h of g} max or mean of score[h, s - kernel/2 .. s + kernel/2]     within 0 .. N - window; 0 in the window
//   pooled[G,s] = sum_g pooled[g,s], in order of g     pooled[G+1,s] = sum_h score[h,s], in the window too
//
// Layout   score [H,N]   pooled [G+2,N]
// Grid     a token a thread; workgroups of WG
// Memory   `kernel` reads of score, all but one from cache; one write of pooled
// Variants none; op.average chooses the pooling
// Source   arXiv:2502.01068: pooled per query head and before any sum; the mean divides by the whole kernel at the ends too
@group(0) @binding(0) var<uniform> op: Selection;
@group(0) @binding(1) var<storage, read> score: array<f32>;
@group(0) @binding(2) var<storage, read_write> pooled: array<f32>;

// Of score[start .. end). Scores are no less than 0.
fn pool(start: u32, end: u32) -> f32 {
  var top = 0.0;
  var sum = 0.0;
  for (var i = start; i < end; i++) {
    top = max(top, score[i]);
    sum += score[i];
  }
  return select(top, sum / f32(op.kernel), op.average == 1u);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let s = group.x * WG + lid;
  if (s >= op.length) { return; }
  let n = op.length - op.window;
  let half = op.kernel / 2u;
  let first = max(s, half) - half;
  let end = min(s + half + 1u, n);
  let R = op.H / op.G;
  var all = 0.0;
  var mass = 0.0;
  for (var g = 0u; g < op.G; g++) {
    var sum = 0.0;
    for (var h = g * R; h < (g + 1u) * R; h++) {
      mass += score[h * op.length + s];
      if (s < n) { sum += pool(h * op.length + first, h * op.length + end); }
    }
    pooled[g * op.length + s] = sum;
    all += sum;
  }
  pooled[op.G * op.length + s] = all;
  pooled[(op.G + 1u) * op.length + s] = mass;
}
