// raw_f16: two halves from a word.
fn read_pair(i: u32) -> vec2f { return unpack2x16float(raw[i / 2u]); }
