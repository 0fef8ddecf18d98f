// sampling: the sampler's settings, as in protocol.ts, and a token with its logit.
struct Sampling { V: u32, penalty: f32, temperature: f32, top_k: u32, top_p: f32, min_p: f32, seed: u32 }
struct Candidate { value: f32, index: u32 }

// Higher value first, then the lower index.
fn better(a: Candidate, b: Candidate) -> Candidate {
  let first = a.value > b.value || (a.value == b.value && a.index < b.index);
  return Candidate(select(b.value, a.value, first), select(b.index, a.index, first));
}
