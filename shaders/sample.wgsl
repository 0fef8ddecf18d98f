// sample: the next token from the adjusted logits; it stays on the GPU and is fed to `embed`.
//
//   keep   top_k: the k highest   then top_p: the fewest whose probabilities reach p   then min_p: >= min_p * highest
//   draw   argmax_i a[i] + gumbel(seed, draw, i) over the kept: exactly softmax(a).   temperature 0: argmax_i a[i]
//
// Layout   adjusted [V]   best [64 ceil(V/1024)]   seen [ceil(V/32)] words of bits   ids [0] is the result
// Grid     one workgroup of 256
// Memory   greedy reads `best` alone; top_k and top_p read the logits four times each
// Variants none
// Source   thresholds by radix select, 8 bits a pass, of order-preserving keys; equal logits at an edge are all kept, as
//          in transformers. Probabilities are counted in units of 1 / 4e9, so atomics add up the same in any order.
//          Gumbel-max: arXiv:1611.01144; random numbers: pcg hash, Jarzynski and Olano 2020.
@group(0) @binding(0) var<uniform> op: Sampling;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> adjusted: array<f32>;
@group(0) @binding(3) var<storage, read> best: array<Candidate>;
@group(0) @binding(4) var<storage, read_write> seen: array<u32>;
@group(0) @binding(5) var<storage, read_write> ids: array<u32>;

const WG = 256u;
const UNIT = 4.0e9; // a probability of 1 as an integer, with room below 2^32 for rounding
var<workgroup> candidates: array<Candidate, WG>;
var<workgroup> sums: array<f32, WG>;
var<workgroup> bins: array<atomic<u32>, WG>;
var<workgroup> above: array<u32, WG>; // mass of this bin and all higher ones
var<workgroup> found: vec2u;          // (digit, target that is left)

// Larger float, larger key.
fn key_of(a: f32) -> u32 {
  let bits = bitcast<u32>(a);
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn pcg(v: u32) -> u32 {
  let s = v * 747796405u + 2891336453u;
  let w = ((s >> ((s >> 28u) + 4u)) ^ s) * 277803737u;
  return (w >> 22u) ^ w;
}

fn gumbel(i: u32) -> f32 {
  let h = pcg(i + pcg(step.draw + pcg(op.seed)));
  let v = (f32(h >> 9u) + 0.5) * (1.0 / 8388608.0); // exact, within (0, 1)
  // -log(1 - v) is v there; log itself is only good to 2^-21 near 1, and might return 0.
  return -log(select(-log(1.0 - v), v, v < 1e-4));
}

// The best of all lanes' candidates, in every lane.
fn best_of(mine: Candidate, lid: u32) -> Candidate {
  workgroupBarrier();
  candidates[lid] = mine;
  for (var half = WG / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lid < half) { candidates[lid] = better(candidates[lid], candidates[lid + half]); }
  }
  workgroupBarrier();
  return candidates[0];
}

fn sum_of(mine: f32, lid: u32) -> f32 {
  workgroupBarrier();
  sums[lid] = mine;
  for (var half = WG / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lid < half) { sums[lid] += sums[lid + half]; }
  }
  workgroupBarrier();
  return sums[0];
}

// The highest key such that the tokens with this key or a higher one, and at least `least`, have a mass of `goal`.
// Mass is 1 a token when scale is 0, else its probability exp(a - top) * scale.
fn threshold(goal: u32, least: u32, top: f32, scale: f32, lid: u32) -> u32 {
  var prefix = 0u;
  var left = goal;
  for (var shift = 24i; shift >= 0i; shift -= 8i) {
    workgroupBarrier();
    atomicStore(&bins[lid], 0u);
    workgroupBarrier();
    for (var i = lid; i < op.V; i += WG) {
      let key = key_of(adjusted[i]);
      let same = shift == 24i || (key >> u32(shift + 8i)) == (prefix >> u32(shift + 8i));
      if (key >= least && same) {
        let mass = select(u32(exp(adjusted[i] - top) * scale), 1u, scale == 0.0);
        atomicAdd(&bins[(key >> u32(shift)) & 255u], mass);
      }
    }
    workgroupBarrier();
    above[lid] = atomicLoad(&bins[lid]);
    for (var by = 1u; by < WG; by *= 2u) {
      workgroupBarrier();
      var more = 0u;
      if (lid + by < WG) { more = above[lid + by]; }
      workgroupBarrier();
      above[lid] += more;
    }
    if (lid == 0u) { found = vec2u(0u, 1u); }
    workgroupBarrier();
    let higher = above[lid] - atomicLoad(&bins[lid]);
    if (above[lid] >= left && higher < left) { found = vec2u(lid, left - higher); }
    let at = workgroupUniformLoad(&found);
    prefix |= at.x << u32(shift);
    left = at.y;
  }
  return max(prefix, least);
}

fn draw(top: f32, lid: u32) -> Candidate {
  var least = 0u;
  if (op.top_k > 0u && op.top_k < op.V) { least = threshold(op.top_k, least, top, 0.0, lid); }
  if (op.top_p < 1.0) {
    var mine = 0.0;
    for (var i = lid; i < op.V; i += WG) {
      if (key_of(adjusted[i]) >= least) { mine += exp(adjusted[i] - top); }
    }
    least = threshold(max(1u, u32(op.top_p * UNIT)), least, top, UNIT / sum_of(mine, lid), lid);
  }
  if (op.min_p > 0.0) { least = max(least, key_of(top + log(op.min_p))); }
  var mine = Candidate(-3.0e38, 0u);
  for (var i = lid; i < op.V; i += WG) {
    let a = adjusted[i];
    if (key_of(a) >= least) { mine = better(mine, Candidate(a + gumbel(i), i)); }
  }
  return best_of(mine, lid);
}

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lid: u32) {
  var mine = Candidate(-3.0e38, 0u);
  let count = (op.V + 1023u) / 1024u * 64u;
  for (var i = lid; i < count; i += WG) { mine = better(mine, best[i]); }
  var token = best_of(mine, lid);
  if (op.temperature > 0.0) { token = draw(token.value, lid); }
  if (lid == 0u) {
    ids[0] = token.index;
    seen[token.index / 32u] |= 1u << (token.index % 32u);
  }
}
