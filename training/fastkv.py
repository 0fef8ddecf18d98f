"""FastKV (arXiv:2502.01068) on one sequence, differentiable: what evaluation reads with, and a part of training.

The prompt's rows see the whole prompt of their layer; the answer's rows see what each KV head kept, and one another, as if
they had been written token by token. T is the last layer that sees the whole prompt."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from batches import WINDOW
from model import Attention, Llama, rope_tables

KERNEL = 7
"""Neighbours that pooling joins."""


@dataclass(frozen=True)
class Settings:
    retain: float = 0.1
    """Share of the prompt that each KV head keeps; 1 keeps all."""
    tsp_rate: float = 0.2
    """Share of the prompt that goes on past T; 1 switches that off."""
    tsp_layer: int | None = None
    """The model's own without."""
    protect: int = 0
    """First tokens that are kept wherever there is room, not the paper's."""
    floor: int = 0
    """Shorter prompts are kept whole, not the paper's either."""

    @property
    def name(self) -> str:
        if self.retain >= 1 and self.tsp_rate >= 1:
            return "full"
        tsp = f"t={self.tsp_rate}" if self.tsp_rate < 1 else "TSP off"
        return f"r={self.retain} {tsp}" + ("" if self.tsp_layer is None else f" T={self.tsp_layer}")


FULL = Settings(1.0, 1.0)


def page(header: int) -> Settings:
    """What the page begins with (`PAGE` in src/engine/kv/reading-plan.ts), after a system part of `header` tokens."""
    return Settings(protect=max(4, header), floor=256)


@dataclass(frozen=True)
class Past:
    """The first P tokens of prompts that begin alike, through all layers; they do not depend on what is asked."""

    x: list[Tensor]
    """What comes out of each layer [1, P, C], of T to read on from there."""
    k: list[Tensor]
    v: list[Tensor]
    """[1, G, P, D]"""


@torch.no_grad()
def read_past(model: Llama, ids: Tensor) -> Past:
    x = model.embed_tokens(ids)[None]
    tables = rope_tables(model.config, torch.arange(len(ids), device=ids.device)[None])
    past = Past([], [], [])
    for layer in model.layers:
        attention = layer.self_attn
        q, k, v = attention.project(layer.input_layernorm(x), tables)
        x = layer.finish(x, attention.attend(q, k, v))
        for kept, new in zip((past.x, past.k, past.v), (x, k, v)):
            kept.append(new)
    return past


def shared_tokens(prompts: list[list[int]]) -> int:
    """How many tokens all of these begin with, short of their windows."""
    return min(len(os.path.commonprefix(prompts)), min(map(len, prompts)) - WINDOW)


def shared_past(model: Llama, prompts: list[list[int]]) -> Past:
    tokens = prompts[0][: shared_tokens(prompts)]
    return read_past(model, torch.tensor(tokens, device=model.embed_tokens.weight.device))


def group_scores(window: Tensor, k: Tensor, n: int, protect: int = 0) -> Tensor:
    """[G, n - W]: what the window's queries [1, H, W, D] pay to the tokens before it, max-pooled, summed over window and group.

    The first `protect` are before all others."""
    H, G, D = window.shape[1], k.shape[1], k.shape[3]
    logits = (window[0].view(G, H // G, WINDOW, D) @ k[0, :, None, :n].transpose(-1, -2)).float() * D**-0.5
    future = torch.ones(WINDOW, n, dtype=torch.bool, device=k.device).triu(n - WINDOW + 1)
    paid = logits.masked_fill(future, float("-inf")).softmax(-1)[..., : n - WINDOW].sum(2)
    scores = F.max_pool1d(paid, KERNEL, 1, KERNEL // 2).sum(1)
    return scores.masked_fill(torch.arange(n - WINDOW, device=k.device) < protect, float("inf"))


def best(scores: Tensor, count: int, n: int) -> Tensor:
    """Positions of the `count - W` best [..., count], and of the window."""
    top = scores.topk(max(0, min(count - WINDOW, scores.shape[-1])), dim=-1).indices
    window = torch.arange(n - WINDOW, n, device=scores.device).expand(*scores.shape[:-1], WINDOW)
    return torch.cat([top, window], dim=-1)


def seen(G: int, rows: int, total: int, device: torch.device) -> Tensor:
    """[G, rows, total]: the last `rows` of `total` tokens see all before them and themselves."""
    return torch.ones(G, rows, total, dtype=torch.bool, device=device).tril(total - rows)


def attend_masked(attention: Attention, q: Tensor, k: Tensor, v: Tensor, sees: Tensor) -> Tensor:
    """[1, rows, C] of queries [1, H, rows, D] that see [G, rows, total] of k and v [1, G, total, D]."""
    _, H, rows, D = q.shape
    G, total = k.shape[1:3]
    # A group's queries together: keys and values are not copied for each head.
    scores = (q.reshape(G, -1, D) @ k[0].mT).float() * D**-0.5
    hidden = ~sees[:, None]
    weights = scores.view(G, -1, rows, total).masked_fill(hidden, float("-inf")).softmax(-1)
    out = weights.to(v.dtype).view(G, -1, total) @ v[0]
    return attention.o_proj(out.view(1, H, rows, D).transpose(1, 2).flatten(2))


def answers_see(scores: Tensor | None, shares: list[float], A: int, n: int, G: int, device: torch.device) -> Tensor:
    """[G, R A, n + R A]: what R copies of an answer see, each of itself and of its share of a prompt of n tokens."""
    R = len(shares)
    own = torch.ones(A, A, dtype=torch.bool, device=device).tril()
    sees = torch.cat([torch.ones(G, R * A, n, dtype=torch.bool, device=device), torch.block_diag(*[own] * R).expand(G, -1, -1)], dim=2)
    for copy, share in enumerate(shares):
        if share < 1 and scores is not None:
            kept = torch.zeros(G, n, dtype=torch.bool, device=device).scatter(1, best(scores, int(n * share), n), True)
            sees[:, copy * A : (copy + 1) * A, :n] = kept[:, None]
    return sees


def read_each(model: Llama, prompt: Tensor, answer: Tensor, each: list[Settings], past: Past | None = None) -> Tensor:
    """Logits [R, A, V] for an answer [A] after a prompt [N], each row's from the tokens before it, with each of R settings.

    These may differ in `retain` alone, so that the prompt is read once. With `past`, it begins with that's tokens and they are
    not computed again up to T."""
    c, settings = model.config, each[0]
    n, A, R = len(prompt), len(answer), len(each)
    whole = n < settings.floor
    tsp_rate = 1.0 if whole else settings.tsp_rate
    tsp = c.tsp_layer if settings.tsp_layer is None else settings.tsp_layer
    P = past.x[0].shape[1] if past else 0
    x = model.embed_tokens(torch.cat([prompt[P:], answer.repeat(R)]))[None]
    at = torch.cat([torch.arange(n), torch.arange(n, n + A).repeat(R)]).to(prompt.device)[None]
    tables = rope_tables(c, at[:, P:])
    for i, layer in enumerate(model.layers):
        attention = layer.self_attn
        q, k, v = attention.project(layer.input_layernorm(x), tables)
        if past and P:
            k, v = torch.cat([past.k[i], k], dim=2), torch.cat([past.v[i], v], dim=2)
        beyond = i > tsp and tsp_rate < 1
        shares = [1.0 if whole else min(1.0, s.retain / tsp_rate) if beyond else s.retain for s in each]
        reads = min(shares) < 1 or (i == tsp and tsp_rate < 1)
        new = n - P
        scores = group_scores(q[:, :, new - WINDOW : new], k, n, settings.protect) if reads else None
        asked = (attention, q[:, :, :new], k[:, :, :n], v[:, :, :n])
        of_prompt = attend_masked(*asked, seen(c.kv_heads, new, n, x.device)) if P else attention.attend(*asked[1:])
        sees = answers_see(scores, shares, A, n, c.kv_heads, x.device)
        x = layer.finish(x, torch.cat([of_prompt, attend_masked(attention, q[:, :, new:], k, v, sees)], dim=1))
        if i == tsp and tsp_rate < 1 and scores is not None:
            gone_on = best(scores.sum(0), int(n * tsp_rate), n).sort().values
            rows = torch.cat([gone_on, torch.arange(n, n + R * A, device=x.device)])
            x = (torch.cat([past.x[i], x], dim=1) if past and P else x)[:, rows]
            at, n, P = at[:, rows], len(gone_on), 0
            tables = rope_tables(c, at)
    answers = x[0, n - P :].view(R, A, -1)[:, :-1]
    first = x[0, n - P - 1].expand(R, 1, -1)
    return model.logits(model.norm(torch.cat([first, answers], dim=1)))


def read(model: Llama, prompt: Tensor, answer: Tensor, settings: Settings, past: Past | None = None) -> Tensor:
    """Logits [A, V], as `read_each` has them."""
    return read_each(model, prompt, answer, [settings], past)[0]


@torch.no_grad()
def are_right(model: Llama, prompt: list[int], answer: list[int], each: list[Settings], past: Past | None = None) -> list[bool]:
    """Whether greedy decoding would write exactly `answer`: each of its tokens is the best after those before it."""
    device = model.embed_tokens.weight.device
    ids = torch.tensor(answer, device=device)
    logits = read_each(model, torch.tensor(prompt, device=device), ids, each, past)
    return (logits.argmax(-1) == ids).all(-1).tolist()


def is_right(model: Llama, prompt: list[int], answer: list[int], settings: Settings, past: Past | None = None) -> bool:
    return are_right(model, prompt, answer, [settings], past)[0]
