// step: what changes from submission to submission, in one uniform.
struct Step {
  rows: u32,      // T of this tile
  position: u32,  // RoPE position of row 0
  appended: u32,  // entries that each KV head had beyond its `kept` before this tile
  draw: u32,      // index of the token to be sampled: varies the random numbers
}
