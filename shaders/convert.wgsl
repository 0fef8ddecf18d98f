// convert: brings a stretch of a checkpoint's tensor, as its bytes came, into a weight's layout on the GPU.
//
//   out[r * stride + offset - first, c] = in[r, c]      e = r K + c runs over the stretch; rows of other pieces are left
//
// Layout   raw: the stretch's bytes as words (BF16 and F16 two a word)   out [count,K] as f32, or two halves a word
// Grid     two neighbours of a row a thread (K is even); x and y dimensions of the grid are folded into one
// Memory   one read, one write
// Variants read_raw from chunks/raw_*; write_pair from chunks/out_*
// Source   BF16 is the upper half of an f32. To half: nearest even, beyond the largest half clamped to it.
struct Op {
  start: u32,  // element of the tensor at which the stretch begins; even
  length: u32, // elements
  K: u32,
  stride: u32, // rows of the layout for one row of the tensor: 2 where gate and up alternate
  offset: u32, // may have wrapped below 0: such rows lie in no piece
  first: u32,  // this piece holds rows first .. first + count - 1 of the layout
  count: u32,
}
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<storage, read> raw: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = 2u * (id.x + id.y * groups.x * 64u);
  if (i >= op.length) { return; }
  let e = op.start + i;
  let row = e / op.K * op.stride + op.offset;
  if (row < op.first || row >= op.first + op.count) { return; }
  write_pair((row - op.first) * op.K + e % op.K, read_pair(i));
}
