// epilogue: what a linear layer does with its sums. `op` says which; the branch is uniform.
struct Op {
  N: u32,        // outputs of the whole layer: the stride of y, before pairs are merged
  K: u32,
  first: u32,    // first output to compute
  count: u32,    // outputs to compute
  epilogue: u32, // STORE, ADD, SILU_MUL, GELU_MUL or CAP
  has_bias: u32,
  skip: u32,     // row of w that makes output `first`: rows before it are in the buffer but left out
  scale: f32,    // of the outputs, bias included; of STORE and ADD, and the cap of CAP
}
const STORE = 0u;
const ADD = 1u;      // y += scale * sum: the residual stream
const SILU_MUL = 2u; // rows come in pairs gate, up: y = silu(gate) * up
const GELU_MUL = 3u; // likewise, y = gelu(gate) * up
const CAP = 4u;      // y = scale * tanh(sum / scale)

// Bounded: WGSL may assume that nothing overflows.
fn silu(v: f32) -> f32 { return v / (1.0 + exp(min(-v, 80.0))); }

// In the form with tanh, from chunks/soft_cap. arXiv:1606.08415
fn gelu(v: f32) -> f32 { return 0.5 * v * (1.0 + bounded_tanh(0.7978845608 * (v + 0.044715 * v * v * v))); }

// Two neighbouring outputs n, n + 1 (n even, within the whole layer) of row t.
fn finish(t: u32, n: u32, sums: vec2f) {
  var v = sums;
  if (op.has_bias == 1u) { v += vec2f(bias[n], bias[n + 1u]); }
  let i = t * op.N + n;
  switch op.epilogue {
    case ADD: { y[i] += op.scale * v.x; y[i + 1u] += op.scale * v.y; }
    case SILU_MUL: { y[i / 2u] = silu(v.x) * v.y; }
    case GELU_MUL: { y[i / 2u] = gelu(v.x) * v.y; }
    case CAP: { y[i] = soft_cap(v.x, op.scale); y[i + 1u] = soft_cap(v.y, op.scale); }
    default: { y[i] = op.scale * v.x; y[i + 1u] = op.scale * v.y; }
  }
}
