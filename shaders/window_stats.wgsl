// window_stats: softmax statistics of the window's queries over a stretch of KEYS keys; window_merge joins the stretches.
//
//   m[i] = max_s scale q[i].k[s]   l[i] = sum_s exp(scale q[i].k[s] - m[i])     s in the stretch, s <= N - window + i
//
// Layout   q_window [window,H,D]   k [G,capacity,D]   positions [N] if reduced   part [H,splits,window] of (m, l); (-3e38, 0) where a row sees nothing
// Grid     (H, splits) workgroups of KEYS, a key a lane; heads of a group run side by side and share the keys' cache lines
// Memory   one read of K a query head, and again for every ROWS rows; logits are not stored: O(H N) and not O(H window N)
// Variants SLIDES and CAPS, as in attention_tiled; unpack_kv4 from chunks/kv_*; fetch_rows and dots from chunks/window_dots
// Source   arXiv:2502.01068; statistics first, as in online softmax, arXiv:1805.02867
@group(0) @binding(0) var<uniform> op: Selection;
@group(0) @binding(1) var<storage, read> q_window: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<Kv4>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read_write> part: array<vec2f>;

const NEVER = -3.0e38; // WGSL may assume that no value is infinite
const LANES = KEYS / ROWS; // lanes that reduce a row, each ROWS of its logits
var<workgroup> logit: array<f32, ROWS * KEYS>;
var<workgroup> maxima: array<f32, KEYS>; // [ROWS, LANES]
var<workgroup> sums: array<f32, KEYS>;   // [ROWS, LANES]

@compute @workgroup_size(KEYS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let h = group.x;
  let g = h / (op.H / op.G);
  let splits = (op.length + KEYS - 1u) / KEYS;
  let s = group.y * KEYS + lid;
  let row = lid / LANES;
  let position = position_of(min(s, op.length - 1u));
  for (var i = 0u; i < op.window; i += ROWS) {
    fetch_rows(h, i, lid);
    let x = dots(g, s);
    for (var c = 0u; c < 4u; c++) {
      logit[c * KEYS + lid] = select(NEVER, x.low[c], sees(i, c, s, position));
      logit[(c + 4u) * KEYS + lid] = select(NEVER, x.high[c], sees(i, c + 4u, s, position));
    }
    workgroupBarrier();
    var top = NEVER;
    for (var n = 0u; n < ROWS; n++) { top = max(top, logit[ROWS * lid + n]); }
    maxima[lid] = top;
    workgroupBarrier();
    for (var n = 0u; n < LANES; n++) { top = max(top, maxima[LANES * row + n]); }
    var sum = 0.0;
    for (var n = 0u; n < ROWS; n++) {
      let e = logit[ROWS * lid + n];
      sum += select(0.0, exp(e - top), e > NEVER);
    }
    sums[lid] = sum;
    workgroupBarrier();
    if (lid % LANES == 0u && i + row < op.window) {
      var total = 0.0;
      for (var n = 0u; n < LANES; n++) { total += sums[lid + n]; }
      part[(h * splits + group.y) * op.window + i + row] = vec2f(top, total);
    }
  }
}
