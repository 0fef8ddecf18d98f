// selection: what the kernels that score and select tokens share, in one uniform written once a turn.
struct Selection {
  H: u32,
  G: u32,
  D: u32,
  capacity: u32,    // entries a head of the source k, v has room for
  length: u32,      // N: tokens that the layer sees
  window: u32,      // queries that score: the last ones of N; their own entries always stay
  kernel: u32,      // width of the pooling
  average: u32,     // 1: average pooling, 0: maximum
  protect: u32,     // tokens at the start that stay; at most take - window
  take: u32,        // entries that stay in all, from window to N
  to_capacity: u32, // entries a head of the compacted cache has room for
  first: u32,       // row of `pooled` to select from
  scale: f32,       // of q.k, before softmax
  cap: f32,         // scores become cap tanh(score / cap), if CAPS
  sliding: u32,     // positions that a query sees, its own included, if SLIDES
  reduced: u32,     // 1: token s of the layer has the position positions[s]; 0: its own number
}
