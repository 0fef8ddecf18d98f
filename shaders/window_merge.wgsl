// window_merge: joins the stretches of window_stats.
//
//   M[i] = max_j m[j,i]   L[i] = sum_j exp(m[j,i] - M[i]) l[j,i]     j over the stretches
//
// Layout   part [H,splits,window] of (m, l)   stats [H,window] of (M, L)
// Grid     H workgroups; ROWS rows at a time, WG / ROWS lanes a row
// Memory   one read of part
// Variants none
// Source   online softmax, arXiv:1805.02867
@group(0) @binding(0) var<uniform> op: Selection;
@group(0) @binding(1) var<storage, read> part: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> stats: array<vec2f>;

const ROWS = 8u;
const NEVER = vec2f(-3.0e38, 0.0);
var<workgroup> lanes: array<vec2f, WG>; // [WG / ROWS, ROWS]

fn join(a: vec2f, b: vec2f) -> vec2f {
  let top = max(a.x, b.x);
  return vec2f(top, a.y * exp(a.x - top) + b.y * exp(b.x - top));
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let h = group.x;
  let splits = (op.length + KEYS - 1u) / KEYS;
  for (var first = 0u; first < op.window; first += ROWS) {
    let i = min(first + lid % ROWS, op.window - 1u);
    var mine = NEVER;
    for (var j = lid / ROWS; j < splits; j += WG / ROWS) { mine = join(mine, part[(h * splits + j) * op.window + i]); }
    workgroupBarrier();
    lanes[lid] = mine;
    workgroupBarrier();
    if (lid < ROWS && first + lid < op.window) {
      for (var n = lid + ROWS; n < WG; n += ROWS) { mine = join(mine, lanes[n]); }
      stats[h * op.window + i] = mine;
    }
  }
}
