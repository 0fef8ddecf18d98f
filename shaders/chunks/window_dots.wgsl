// window_dots: scores of ROWS window queries of one head with a lane's key; for window_stats and window_scores.
// The queries lie transposed in workgroup memory, four rows a vector, so that a lane's sums are two vectors: an indexed
// private array inside the loop over a wider window would make drivers unroll it.
const ROWS = 8u;
const D4 = D / 4u;
var<workgroup> q: array<vec4f, 2u * D>; // [D, 2] of four rows
var<workgroup> row_position: array<u32, ROWS>; // if SLIDES

// Rows i, i+1, i+2, i+3, and i+4 .. i+7.
struct Rows { low: vec4f, high: vec4f }

// Rows past the window repeat its last one; whoever asks for them must not use them.
fn query(i: u32, h: u32, d: u32) -> f32 { return q_window[(min(i, op.window - 1u) * op.H + h) * D + d]; }

fn position_of(s: u32) -> u32 {
  if (op.reduced == 1u) { return positions[s]; }
  return s;
}

// Fetches rows i .. i+7; every lane of the workgroup calls it.
fn fetch_rows(h: u32, i: u32, lid: u32) {
  workgroupBarrier();
  for (var n = lid; n < 2u * D; n += KEYS) {
    let d = n % D;
    let j = i + 4u * (n / D);
    let four = vec4f(query(j, h, d), query(j + 1u, h, d), query(j + 2u, h, d), query(j + 3u, h, d));
    q[2u * d + n / D] = four * op.scale;
  }
  if (SLIDES && lid < ROWS) { row_position[lid] = position_of(op.length - op.window + min(i + lid, op.window - 1u)); }
  workgroupBarrier();
}

fn dots(g: u32, s: u32) -> Rows {
  let start = (g * op.capacity + min(s, op.length - 1u)) * D4;
  var x = Rows();
  // The bound comes from the uniform: unrolled, it is no faster and takes drivers much longer to compile.
  for (var i = 0u; i < op.D / 4u; i++) {
    let key = unpack_kv4(k[start + i]);
    let at = 8u * i;
    x.low += key.x * q[at] + key.y * q[at + 2u] + key.z * q[at + 4u] + key.w * q[at + 6u];
    x.high += key.x * q[at + 1u] + key.y * q[at + 3u] + key.z * q[at + 5u] + key.w * q[at + 7u];
  }
  if (CAPS) {
    x.low = soft_cap4(x.low, op.cap);
    x.high = soft_cap4(x.high, op.cap);
  }
  return x;
}

// Whether row i + c of the window, c < ROWS, sees key s at this position: all before the window, and causal within it; if
// SLIDES, not those too far back. Without branches: drivers would copy what follows for each.
fn sees(i: u32, c: u32, s: u32, position: u32) -> bool {
  let is_near = !SLIDES | (row_position[c] - position < op.sliding);
  return (i + c < op.window) & (s + op.window <= op.length + i + c) & is_near;
}
