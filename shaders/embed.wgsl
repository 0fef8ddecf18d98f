// embed: rows of the embedding for the tile's token ids.
//
//   x[t,:] = scale w[ids[t],:]      for ids of this piece of the table
//
// Layout   ids [T]   w [count,C], rows first.. of [V,C]   x [T,C]
// Grid     (ceil(C / 8 / WG), T) workgroups; a thread copies 8 values
// Memory   one read, one write
// Variants load_w8 from chunks/weights_*
// Source   -
struct Op { C: u32, first: u32, count: u32, scale: f32 }
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let token = ids[id.y];
  if (id.x >= op.C / 8u || token < op.first || token >= op.first + op.count) { return; }
  let e = load_w8(token - op.first, id.x, op.C);
  let i = id.y * (op.C / 4u) + 2u * id.x;
  x[i] = op.scale * e.lo;
  x[i + 1u] = op.scale * e.hi;
}
