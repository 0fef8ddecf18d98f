/** An answer with everything in it that Markdown has for answers. */
export const MARKDOWN_ANSWER = `## What the paper shows

FastKV keeps a **small part** of the KV cache[^1]. For a prompt of $N$ tokens and a share $t$ past layer $T$, the work is

$$
W = \\sum_{l=0}^{T} N^2 + \\sum_{l=T+1}^{L-1} (tN)^2
$$

which is *about half*. It costs $5 to $10; see [the paper](https://arxiv.org/abs/2502.01068) and \`select_top.wgsl\`.

1. Read the prompt up to layer \\(T\\).
2. Score each token:
   - by its attention, pooled over **seven** neighbours
   - per KV head

- [x] measured
- [ ] published

| Mode | Hot cache | Trunk | First token | What it is for, in a few more words than fit beside the rest |
|:-----|----------:|:-----:|------------:|------|
| exact | 12.3 MiB | 61.5 MiB | 812 ms | follow-ups that select **afresh** |
| full | 123 MiB | 0 | 1.61 s | \`reference\` |

\`\`\`ts
// Scores of the window's queries, pooled.
export function poolScores(scores: Float32Array, kernel: number): number[] {
  return [...scores].map((_, i) => Math.max(...scores.subarray(Math.max(0, i - kernel), i + kernel + 1)));
}
\`\`\`

> Compression that answers one question may have let go of what the *next* one needs.

![The layers](https://example.org/layers.png)

[^1]: By attention of the last eight queries.
`;
