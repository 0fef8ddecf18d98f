// attention_rows: causal attention for software adapters, prefill and decode, without barriers.
//
//   o[t,h,:] = sum_s softmax_s(q[t,h] . k[g,s] / sqrt(D)) v[g,s,:]     s < kept[g] + appended + t + 1,  g = h / (H/G)
//
// Layout   qkv [T,H+2G,D], queries first   k, v [G,capacity,D]   kept [G]   o [T,H,D]
// Grid     (ceil(T / WG), H, ceil(D / 16)): a thread makes 16 values of one query's output; scores are made anew
//          for each 16, which costs less than private arrays: CPU drivers unroll every loop over one, and take seconds
//          to minutes to compile what comes out
// Memory   keys and values from cache; all threads of a workgroup run over the same slots
// Variants unpack_kv4 from chunks/kv_*
// Source   online softmax, arXiv:1805.02867
struct Op { H: u32, G: u32, capacity: u32, D: u32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> kept: array<u32>;
@group(0) @binding(4) var<storage, read> k: array<Kv4>;
@group(0) @binding(5) var<storage, read> v: array<Kv4>;
@group(0) @binding(6) var<storage, read_write> o: array<vec4f>;

fn mix_v(p: vec4f, at: vec4u) -> vec4f {
  return p.x * unpack_kv4(v[at.x]) + p.y * unpack_kv4(v[at.y]) + p.z * unpack_kv4(v[at.z]) + p.w * unpack_kv4(v[at.w]);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let D4 = op.D / 4u; // a uniform: constant trip counts invite unrolling
  let t = min(group.x * WG + lid, step.rows - 1u);
  let h = group.y;
  let g = h / (op.H / op.G);
  let base = kept[g] + step.appended;
  let end = base + min((group.x + 1u) * WG, step.rows);
  let start = (t * (op.H + 2u * op.G) + h) * D4;
  let d = group.z * 4u;
  let d1 = min(d + 1u, D4 - 1u);
  let d2 = min(d + 2u, D4 - 1u);
  let d3 = min(d + 3u, D4 - 1u);
  let scale = inverseSqrt(f32(op.D));
  var o0 = vec4f(); var o1 = vec4f(); var o2 = vec4f(); var o3 = vec4f();
  var top = -3.0e38;
  var total = 0.0;
  // Four keys at a time: one load of q and one rescaling serve all four.
  for (var s = 0u; s < end; s += 4u) {
    let last = end - 1u;
    let at = (vec4u(s, min(s + 1u, last), min(s + 2u, last), min(s + 3u, last)) + g * op.capacity) * D4;
    var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
    for (var i = 0u; i < D4; i++) {
      let q = qkv[start + i];
      p0 += q * unpack_kv4(k[at.x + i]);
      p1 += q * unpack_kv4(k[at.y + i]);
      p2 += q * unpack_kv4(k[at.z + i]);
      p3 += q * unpack_kv4(k[at.w + i]);
    }
    let seen = vec4u(s, s + 1u, s + 2u, s + 3u) <= vec4u(base + t);
    let one = vec4f(scale);
    let score = select(vec4f(-3.0e38), vec4f(dot(p0, one), dot(p1, one), dot(p2, one), dot(p3, one)), seen);
    let high = max(max(top, max(score.x, score.y)), max(score.z, score.w));
    let fade = exp(top - high);
    let p = select(vec4f(), exp(score - high), seen);
    top = high;
    total = total * fade + dot(p, vec4f(1.0));
    o0 = o0 * fade + mix_v(p, at + d);
    o1 = o1 * fade + mix_v(p, at + d1);
    o2 = o2 * fade + mix_v(p, at + d2);
    o3 = o3 * fade + mix_v(p, at + d3);
  }
  if (group.x * WG + lid >= step.rows) { return; }
  let to = (t * op.H + h) * D4;
  o[to + d] = o0 / total;
  if (d + 1u < D4) { o[to + d + 1u] = o1 / total; }
  if (d + 2u < D4) { o[to + d + 2u] = o2 / total; }
  if (d + 3u < D4) { o[to + d + 3u] = o3 / total; }
}
