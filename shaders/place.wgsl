// place: a stretch of a quantised checkpoint's tensor into its layout, bit for bit: packed weights, scales or biases.
//
//   out[r * stride + offset - first, c] = in[r, c]      e = r K + c runs over the stretch; rows of other pieces are left
//
// Layout   raw: the stretch's bytes as words   out [count,K] words, or of scales and biases [count,K] pairs
// Grid     an element a thread; x and y dimensions of the grid are folded into one
// Memory   one read, one write
// Variants put from chunks/put_*: words, or 16-bit halves of words
// Source   -
struct Op {
  start: u32,  // element of the tensor at which the stretch begins; even
  length: u32, // elements: words of packed weights, or one a group
  K: u32,      // elements a row
  stride: u32, // rows of the layout for one row of the tensor: 2 where gate and up alternate
  offset: u32, // may have wrapped below 0: such rows lie in no piece
  first: u32,  // this piece holds rows first .. first + count - 1 of the layout
  count: u32,
  parts: u32,  // 2 for scales and biases, which lie in pairs, else 1
  part: u32,   // 1 for biases
}
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<storage, read> raw: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= op.length) { return; }
  let e = op.start + i;
  let row = e / op.K * op.stride + op.offset;
  if (row < op.first || row >= op.first + op.count) { return; }
  put((row - op.first) * op.K + e % op.K, i);
}
