// put_words: element i is a word of its own.
fn put(to: u32, i: u32) { out[to * op.parts + op.part] = raw[i]; }
