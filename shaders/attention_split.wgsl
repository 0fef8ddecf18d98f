// attention_split: one new query a head against a stretch of KEYS cache entries; attention_merge joins the stretches.
//
//   m = max_s x[s]   l = sum_s exp(x[s] - m)   o = sum_s exp(x[s] - m) v[s]     x[s] = scale q.k[s]
//   s in the stretch, s < length of g; SLIDES: only the last `sliding` positions; CAPS: x[s] becomes cap tanh(x[s] / cap)
//
// Layout   qkv [1,H+2G,D], queries first   k, v [G,capacity,D]   kept [G]   part [H,splits,D+2]: o, then m and l
//          entries [G,capacity] positions of the kept entries, ascending; read only if SLIDES. Appended ones follow each other
// Grid     (splits, G, ceil(H/G / HEADS)) workgroups of KEYS; up to HEADS query heads of a group share a fetch
// Memory   one read of K and V; q and the scores of the stretch in workgroup memory
// Variants SLIDES and CAPS, as in attention_tiled; soft_cap from chunks/soft_cap; unpack_kv4 from chunks/kv_*
// Source   split-KV decoding ("flash decoding"), online softmax arXiv:1805.02867
struct Op { H: u32, G: u32, capacity: u32, scale: f32, sliding: u32, cap: f32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> kept: array<u32>;
@group(0) @binding(4) var<storage, read> k: array<Kv4>;
@group(0) @binding(5) var<storage, read> v: array<Kv4>;
@group(0) @binding(6) var<storage, read> entries: array<u32>;
@group(0) @binding(7) var<storage, read_write> part: array<f32>;

const D4 = D / 4u;
const PARTS = KEYS / HEADS; // maxima a head, each of HEADS scores
const NEVER = -3.0e38;
var<workgroup> q: array<vec4f, HEADS * D4>;
var<workgroup> score: array<f32, HEADS * KEYS>;
var<workgroup> high: array<f32, KEYS>; // [HEADS, PARTS]

// The first entry that the query sees.
fn first_of(g: u32) -> u32 {
  if (!SLIDES) { return 0u; }
  let fresh = step.appended + 1u;
  if (op.sliding <= fresh) { return kept[g] + fresh - op.sliding; }
  var low = 0u;
  var high = kept[g];
  while (low < high) {
    let middle = (low + high) / 2u;
    if (step.position - entries[g * op.capacity + middle] < op.sliding) { high = middle; } else { low = middle + 1u; }
  }
  return low;
}

// Scores as softmax takes them.
fn capped(x: f32) -> f32 {
  if (!CAPS) { return x; }
  return soft_cap(x, op.cap);
}

fn top_of(r: u32) -> f32 {
  var top = NEVER;
  for (var i = 0u; i < PARTS; i++) { top = max(top, high[PARTS * r + i]); }
  return top;
}

@compute @workgroup_size(KEYS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let g = group.y;
  let R = op.H / op.G;
  let h0 = g * R + group.z * HEADS;
  let heads = min(HEADS, R - group.z * HEADS);
  let length = kept[g] + step.appended + 1u;
  let s0 = group.x * KEYS;
  let first = first_of(g);
  let is_seen = s0 + lid >= first && s0 + lid < length;
  if (SLIDES && s0 + KEYS <= first) { // nothing of the stretch is seen
    for (var r = 0u; r < heads; r++) {
      let to = ((h0 + r) * groups.x + group.x) * (D + 2u);
      for (var d = lid; d < D + 2u; d += KEYS) { part[to + d] = select(0.0, NEVER, d == D); }
    }
    return;
  }

  for (var i = lid; i < heads * D4; i += KEYS) { q[i] = qkv[h0 * D4 + i] * op.scale; }
  workgroupBarrier();
  var dots: array<f32, HEADS>;
  let row = (g * op.capacity + min(s0 + lid, length - 1u)) * D4;
  for (var i = 0u; i < D4; i++) {
    let key = unpack_kv4(k[row + i]);
    for (var r = 0u; r < HEADS; r++) { dots[r] += dot(q[r * D4 + i], key); }
  }
  for (var r = 0u; r < HEADS; r++) { score[r * KEYS + lid] = select(NEVER, capped(dots[r]), is_seen); }
  workgroupBarrier();
  var top = NEVER;
  for (var i = 0u; i < HEADS; i++) { top = max(top, score[HEADS * lid + i]); }
  high[lid] = top;
  workgroupBarrier();
  for (var r = 0u; r < HEADS; r++) {
    score[r * KEYS + lid] = select(0.0, exp(score[r * KEYS + lid] - top_of(r)), is_seen);
  }
  workgroupBarrier();
  let count = min(KEYS, max(length, s0) - s0);
  for (var i = lid; i < heads * D4; i += KEYS) {
    let r = i / D4;
    let d = i % D4;
    var sum = vec4f();
    var total = 0.0;
    for (var s = 0u; s < count; s++) {
      let p = score[r * KEYS + s];
      total += p;
      sum += p * unpack_kv4(v[(g * op.capacity + s0 + s) * D4 + d]);
    }
    let to = ((h0 + r) * groups.x + group.x) * (D + 2u);
    for (var c = 0u; c < 4u; c++) { part[to + 4u * d + c] = sum[c]; }
    if (d == 0u) {
      part[to + D] = top_of(r);
      part[to + D + 1u] = total;
    }
  }
}
