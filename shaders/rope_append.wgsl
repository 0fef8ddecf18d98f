// rope_append: finishes queries and keys and appends keys and values to the cache.
//
//   q, k = rope(norm?(q)), rope(norm?(k)) at position p = step.position + t; gathered: p = positions[step.position + t]
//   rope: (a, b) at (i, i + R/2) -> (a cos - b sin, a sin + b cos), angle p * inv_freq[i]; dims R.. stay as they are
//
// Layout   qkv [T,H+2G,D], q rotated in place   qk_norm [2,D]   kept [G]   k, v [G,capacity,D] at slot kept[g] + appended + t
//          positions [N] of a reduced sequence, ascending; read only when gathered
//          rope [256 + ceil(context/256), R/2] of (cos, sin): rows for p % 256, then rows for 256 * floor(p / 256)
// Grid     one (t, head) of T * (H + 2G) an item
// Memory   one read and one write of qkv, one write of the cache; append 0: queries alone, the cache is left as it is
// Variants pack_kv2 from chunks/kv_*; reduce_add from chunks/reduce_*
// Source   arXiv:2104.09864 in the halves form of transformers. Two small tables and the sum of angles: WGSL promises
//          cos and sin only within [-pi, pi], and one table for a long context would take megabytes. A factor of cos and
//          sin (YaRN, arXiv:2309.00071) is in the second one.
struct Op {
  H: u32,
  G: u32,
  capacity: u32,
  D: u32,
  R: u32, // dims that are turned, a multiple of 4; 0: a layer without RoPE
  norm: u32,
  eps: f32,
  gathered: u32,
  append: u32,
  table: u32, // vectors of other tables before this layer's
}
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read_write> qkv: array<vec2f>;
@group(0) @binding(3) var<storage, read> qk_norm: array<vec2f>;
@group(0) @binding(4) var<storage, read> rope: array<vec4f>;
@group(0) @binding(5) var<storage, read> kept: array<u32>;
@group(0) @binding(6) var<storage, read> positions: array<u32>;
@group(0) @binding(7) var<storage, read_write> k: array<Kv2>;
@group(0) @binding(8) var<storage, read_write> v: array<Kv2>;

// (cos, sin) of the two neighbouring angles 2j, 2j + 1.
fn turn(p: u32, j: u32) -> vec4f {
  let R4 = op.R / 4u;
  let fine = rope[op.table + (p % 256u) * R4 + j];
  let coarse = rope[op.table + (256u + p / 256u) * R4 + j];
  return vec4f(
    fine.x * coarse.x - fine.y * coarse.y, fine.x * coarse.y + fine.y * coarse.x,
    fine.z * coarse.z - fine.w * coarse.w, fine.z * coarse.w + fine.w * coarse.z);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let D2 = op.D / 2u;
  let D4 = op.D / 4u;
  let R4 = op.R / 4u;
  let heads = op.H + 2u * op.G;
  let item = item_of(group.x + group.y * groups.x, lid);
  let live = item < step.rows * heads;
  let t = min(item / heads, step.rows - 1u);
  let head = item % heads;
  let is_key = head >= op.H && head < op.H + op.G;
  let is_value = head >= op.H + op.G;
  let start = (t * heads + head) * D2;

  var square = vec4f();
  for (var j = lane_of(lid); j < D4; j += LANES) {
    let e = vec4f(qkv[start + j], qkv[start + D4 + j]);
    square += e * e;
  }
  square = reduce_add(square, lid);
  let scale = inverseSqrt(dot(square, vec4f(1.0)) / f32(op.D) + op.eps);
  if (!live || (op.append == 0u && head >= op.H)) { return; }

  var p = step.position + t;
  if (op.gathered == 1u) { p = positions[p]; }
  let g = (head - op.H) % op.G;
  let to = (g * op.capacity + kept[g] + step.appended + t) * D2;
  for (var j = lane_of(lid); j < D4; j += LANES) {
    // The two halves of what is turned, then those of what is not.
    let turned = j < R4;
    let first = select(R4 + j, j, turned);
    let second = select(D4 + j, R4 + j, turned);
    var a = qkv[start + first];
    var b = qkv[start + second];
    if (is_value) {
      v[to + first] = pack_kv2(a);
      v[to + second] = pack_kv2(b);
      continue;
    }
    if (op.norm == 1u) {
      let side = select(0u, D2, is_key);
      a *= scale * qk_norm[side + first];
      b *= scale * qk_norm[side + second];
    }
    var x = a;
    var y = b;
    if (turned) {
      let cs = turn(p, j);
      x = a * cs.xz - b * cs.yw;
      y = a * cs.yw + b * cs.xz;
    }
    if (is_key) {
      k[to + first] = pack_kv2(x);
      k[to + second] = pack_kv2(y);
    } else {
      qkv[start + first] = x;
      qkv[start + second] = y;
    }
  }
}
