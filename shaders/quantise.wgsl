// quantise: a stretch of a checkpoint's matrix, as its bytes came, into affine groups of BITS bits.
//
//   scale = half((max - min) / STEPS)   bias = half(min)   q = floor((w - bias) / scale + 1/2), within 0..STEPS
//
// Layout   raw: the stretch's bytes as words   out [count, K BITS/32]   scales [count, K/GROUP], scale and bias a word
// Grid     a group a thread (a stretch holds whole ones); x and y dimensions of the grid are folded into one
// Memory   two reads, the second from cache; one write
// Variants read_pair from chunks/raw_*; BITS, GROUP
// Source   the layout of MLX's quantized_matmul. q is taken from the rounded scale and bias, so it makes up for their
//          rounding; STEPS = 2^BITS - 1. A group whose scale rounds to nothing is its bias throughout.
struct Op {
  start: u32,  // element of the tensor at which the stretch begins, and a group with it
  length: u32, // elements
  K: u32,
  stride: u32, // rows of the layout for one row of the tensor: 2 where gate and up alternate
  offset: u32, // may have wrapped below 0: such rows lie in no piece
  first: u32,  // this piece holds rows first .. first + count - 1 of the layout
  count: u32,
}
@group(0) @binding(0) var<uniform> op: Op;
@group(0) @binding(1) var<storage, read> raw: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(3) var<storage, read_write> scales: array<u32>;

const STEPS = f32((1u << BITS) - 1u);
const PER_WORD = 32u / BITS;
const SMALLEST_HALF = 5.9604645e-8;

// Bits of the nearest half, ties to even. By hand: drivers drop unpack2x16float(pack2x16float(v)), and q with them what
// the rounding did.
fn to_half(v: f32) -> u32 {
  let bits = bitcast<u32>(clamp(v, -65504.0, 65504.0));
  let sign = (bits >> 16u) & 0x8000u;
  let magnitude = bits & 0x7fffffffu;
  if (magnitude < 0x38800000u) { return sign | u32(round(abs(v) * 16777216.0)); } // steps of 2^-24
  return sign | ((magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - 0x38000000u) >> 13u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = GROUP * (id.x + id.y * groups.x * 64u);
  if (i >= op.length) { return; }
  let e = op.start + i;
  let row = e / op.K * op.stride + op.offset;
  if (row < op.first || row >= op.first + op.count) { return; }
  var low = read_pair(i);
  var high = low;
  for (var j = 2u; j < GROUP; j += 2u) {
    let v = read_pair(i + j);
    low = min(low, v);
    high = max(high, v);
  }
  let least = min(low.x, low.y);
  // A product, not a quotient: WGSL rounds it exactly, so the twin gets the same.
  let halves = to_half((max(high.x, high.y) - least) * (1.0 / STEPS)) | (to_half(least) << 16u);
  let rounded = unpack2x16float(halves);
  let to = (row - op.first) * op.K + e % op.K;
  scales[to / GROUP] = halves;
  for (var j = 0u; j < GROUP; j += PER_WORD) {
    var word = 0u;
    for (var n = 0u; n < PER_WORD; n += 2u) {
      let steps = (read_pair(i + j + n) - rounded.y) / max(rounded.x, SMALLEST_HALF);
      let q = vec2u(clamp(floor(steps + 0.5), vec2f(0.0), vec2f(STEPS)));
      word |= (q.x | (q.y << BITS)) << (n * BITS);
    }
    out[(to + j) / PER_WORD] = word;
  }
}
