// select_top: which tokens stay: those at the start that are protected, the highest scores, and the window.
//
//   index[r,:] = ascending: [0, protect), the k highest of pooled[first+r, protect..length-window), the window
//   k = take - window - protect; of equal scores the lower index stays
//
// Layout   pooled [rows,length], the bits of floats >= 0, which order as the floats do   index [rows,take]
// Grid     one workgroup of 256 a row
// Memory   six reads of a row: four passes to find the k-th score, one to count, one to write
// Variants none
// Source   radix select, 8 bits a pass, as in `sample`. The writing order comes from counts of contiguous segments, one a
//          lane, so that no two workgroups wait for each other; one lane walks bins and counts, cheaper than barriers.
@group(0) @binding(0) var<uniform> op: Selection;
@group(0) @binding(1) var<storage, read> pooled: array<u32>;
@group(0) @binding(2) var<storage, read_write> index: array<u32>;

const WG = 256u;
var<workgroup> bins: array<atomic<u32>, WG>;
var<workgroup> found: vec2u;                // (digit, how many are wanted with that digit)
var<workgroup> counts: array<vec2u, WG>;    // (higher, equal) of each lane's segment; then of all segments before it

// (k-th score, how many scores equal to it are among the k). For k = 0 a score that no float reaches.
fn threshold(start: u32, end: u32, k: u32, lid: u32) -> vec2u {
  var prefix = 0u;
  var left = k;
  for (var shift = 24i; shift >= 0i; shift -= 8i) {
    atomicStore(&bins[lid], 0u);
    workgroupBarrier();
    for (var i = start + lid; i < end; i += WG) {
      let key = pooled[i];
      let same = shift == 24i || (key >> u32(shift + 8i)) == (prefix >> u32(shift + 8i));
      if (same) { atomicAdd(&bins[(key >> u32(shift)) & 255u], 1u); }
    }
    workgroupBarrier();
    if (lid == 0u) {
      var digit = 255u;
      var wanted = left;
      var here = atomicLoad(&bins[255]);
      while (here < wanted && digit > 0u) {
        wanted -= here;
        digit--;
        here = atomicLoad(&bins[digit]);
      }
      found = vec2u(digit, wanted);
    }
    let at = workgroupUniformLoad(&found);
    prefix |= at.x << u32(shift);
    left = at.y;
  }
  return vec2u(prefix, left);
}

// (higher, equal) scores than the threshold's, in all segments before this lane's.
fn counts_before(lo: u32, hi: u32, least: u32, lid: u32) -> vec2u {
  var mine = vec2u();
  for (var i = lo; i < hi; i++) {
    let key = pooled[i];
    mine += vec2u(u32(key > least), u32(key == least));
  }
  counts[lid] = mine;
  workgroupBarrier();
  if (lid == 0u) {
    var before = vec2u();
    for (var lane = 0u; lane < WG; lane++) {
      let count = counts[lane];
      counts[lane] = before;
      before += count;
    }
  }
  workgroupBarrier();
  return counts[lid];
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  let row = (op.first + group.x) * op.length;
  let out = group.x * op.take;
  let start = row + op.protect;
  let end = row + op.length - op.window;
  let least = threshold(start, end, op.take - op.window - op.protect, lid);

  let segment = (end - start + WG - 1u) / WG;
  let lo = min(start + lid * segment, end);
  let hi = min(lo + segment, end);
  let before = counts_before(lo, hi, least.x, lid);
  var ties = before.y;
  var slot = out + op.protect + before.x + min(ties, least.y);
  for (var i = lo; i < hi; i++) {
    let key = pooled[i];
    let tie = key == least.x;
    if (key > least.x || (tie && ties < least.y)) {
      index[slot] = i - row;
      slot++;
    }
    ties += u32(tie);
  }
  for (var i = lid; i < op.protect; i += WG) { index[out + i] = i; }
  for (var i = lid; i < op.window; i += WG) {
    index[out + op.take - op.window + i] = op.length - op.window + i;
  }
}
