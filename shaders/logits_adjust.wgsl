// logits_adjust: repetition penalty and temperature, and the highest logit of each sixteen.
//
//   a[i] = penalised(logits[i]) / temperature      penalised(l) = l / p if l > 0 else l p, for tokens seen before
//
// Layout   logits, adjusted [V]   seen [ceil(V/32)] words of bits   best [64 ceil(V/1024)]
// Grid     ceil(V / 1024) workgroups of 64; a thread takes every 64th logit of its block of 1024
// Memory   one read, one write
// Variants none
// Source   penalty: arXiv:1909.05858, applied as in transformers; ties go to the lower index
@group(0) @binding(0) var<uniform> op: Sampling;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> seen: array<u32>;
@group(0) @binding(3) var<storage, read_write> adjusted: array<f32>;
@group(0) @binding(4) var<storage, read_write> best: array<Candidate>;

fn adjust(i: u32) -> f32 {
  var l = logits[i];
  if (((seen[i / 32u] >> (i % 32u)) & 1u) == 1u) { l = select(l * op.penalty, l / op.penalty, l > 0.0); }
  return select(l, l / op.temperature, op.temperature > 0.0);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lid: u32) {
  var top = Candidate(-3.0e38, 0u);
  for (var n = 0u; n < 16u; n++) {
    let i = group.x * 1024u + n * 64u + lid;
    if (i >= op.V) { break; }
    let a = adjust(i);
    adjusted[i] = a;
    if (a > top.value) { top = Candidate(a, i); }
  }
  best[group.x * 64u + lid] = top;
}
