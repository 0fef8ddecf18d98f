// attention_tiled: causal attention of a tile of queries over the cache, for prefill.
//
//   o[t,h,:] = sum_s softmax_s(scale q[t,h] . k[g,s]) v[g,s,:]     s < kept[g] + appended + t + 1,  g = h / (H/G)
//   by_position: s <= positions[step.position + t], for some rows of a sequence that lies whole in the cache
//   SLIDES: of those, the keys less than `sliding` positions before the row's own
//   CAPS: scores become cap tanh(score / cap)
//
// Layout   qkv [T,H+2G,D], queries first   k, v [G,capacity,D]   kept [G]   o [T,H,D]
//          positions [N] of a reduced sequence, ascending; read only by_position, or where the cache holds that sequence
// Grid     (ceil(T * H/G / ROWS), G) workgroups; all query heads of a group share the fetched keys and values
// Memory   KT keys and values at a time in workgroup memory; LPR lanes hold a row's q and o in registers
// Variants SLIDES and CAPS, constants, false in the plain kernel (not measured against the kernels before them); soft_cap from
//          chunks/soft_cap; unpack_kv4 from chunks/kv_*; put_part, share_parts and row_sum from chunks/row_sum_*
//          Scores lie in workgroup memory: an indexed private array makes drivers unroll every loop around it
// Source   online softmax, arXiv:1805.02867; tiling, arXiv:2205.14135. Tiles of keys start at slot 0 for every row, so
//          sums run in one order whatever T is, and tiles do not change results.
struct Op {
  H: u32,
  G: u32,
  capacity: u32,
  scale: f32,
  keys: u32, // KT; as a constant, drivers would unroll it
  by_position: u32,
  reduced: u32, // 1: slot s holds the key of position positions[s]; 0: of the s-th of consecutive ones
  sliding: u32, // positions that a row sees, its own included
  cap: f32,
}
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> kept: array<u32>;
@group(0) @binding(4) var<storage, read> k: array<Kv4>;
@group(0) @binding(5) var<storage, read> v: array<Kv4>;
@group(0) @binding(6) var<storage, read> positions: array<u32>;
@group(0) @binding(7) var<storage, read_write> o: array<vec4f>;

const D4 = D / 4u;
const PER_LANE = D4 / LPR; // vec4s of a row that a lane holds: LPR * i + its place
const ROWS = WG / LPR;
var<workgroup> tile_k: array<vec4f, KT * D4>;
var<workgroup> tile_v: array<vec4f, KT * D4>;

// Keys that row t sees, from slot 0.
fn seen_by(t: u32, g: u32) -> u32 {
  if (op.by_position == 1u) { return positions[step.position + t] + 1u; }
  return kept[g] + step.appended + t + 1u;
}

// The first key that a row sees of those up to its own.
fn first_of(seen: u32) -> u32 {
  if (!SLIDES) { return 0u; }
  if (op.reduced == 0u) { return seen - min(seen, op.sliding); }
  let own = positions[seen - 1u];
  var low = 0u;
  var high = seen - 1u;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (own - positions[middle] < op.sliding) { high = middle; } else { low = middle + 1u; }
  }
  return low;
}

// Scores as softmax takes them.
fn capped(x: f32) -> f32 {
  if (!CAPS) { return x; }
  return soft_cap(x, op.cap);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let g = group.y;
  let R = op.H / op.G;
  let rows = step.rows * R;
  let row = group.x * ROWS + lid / LPR;
  let t = min(row, rows - 1u) / R;
  let h = g * R + row % R;
  let place = lid % LPR;
  let seen = seen_by(t, g);
  let first = first_of(seen);
  let end = seen_by(min((group.x + 1u) * ROWS - 1u, rows - 1u) / R, g); // of the last row, which sees most
  // Whole tiles that no row sees are left out: they would add nothing.
  let begin = first_of(seen_by(group.x * ROWS / R, g)) / KT * KT;

  var q: array<vec4f, PER_LANE>;
  var sum: array<vec4f, PER_LANE>;
  let start = (t * (op.H + 2u * op.G) + h) * D4;
  for (var i = 0u; i < PER_LANE; i++) {
    q[i] = qkv[start + LPR * i + place] * op.scale;
    sum[i] = vec4f();
  }
  var top = -3.0e38; // WGSL may assume that no value is infinite
  var total = 0.0;
  for (var s0 = begin; s0 < end; s0 += KT) {
    workgroupBarrier();
    for (var i = lid; i < KT * D4; i += WG) {
      let at = (g * op.capacity + min(s0 + i / D4, end - 1u)) * D4 + i % D4;
      tile_k[i] = unpack_kv4(k[at]);
      tile_v[i] = unpack_kv4(v[at]);
    }
    workgroupBarrier();
    for (var j = 0u; j < op.keys; j++) {
      var part = 0.0;
      for (var i = 0u; i < PER_LANE; i++) { part += dot(q[i], tile_k[j * D4 + LPR * i + place]); }
      put_part(j, part, lid);
    }
    share_parts();
    var high = top;
    for (var j = 0u; j < op.keys; j++) {
      if (s0 + j >= first && s0 + j < seen) { high = max(high, capped(row_sum(j, lid))); }
    }
    let fade = exp(top - high);
    top = high;
    total *= fade;
    for (var i = 0u; i < PER_LANE; i++) { sum[i] *= fade; }
    for (var j = 0u; j < op.keys; j++) {
      // A key that the row does not see may lie above its maximum: exp must not overflow for it.
      let e = min(capped(row_sum(j, lid)) - top, 0.0);
      let p = select(0.0, exp(e), s0 + j >= first && s0 + j < seen);
      total += p;
      for (var i = 0u; i < PER_LANE; i++) { sum[i] += p * tile_v[j * D4 + LPR * i + place]; }
    }
  }
  if (row >= rows) { return; }
  for (var i = 0u; i < PER_LANE; i++) { o[(t * op.H + h) * D4 + LPR * i + place] = sum[i] / total; }
}
