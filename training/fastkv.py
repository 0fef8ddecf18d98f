"""FastKV (arXiv:2502.01068) on one sequence, differentiable: what evaluation reads with, and a part of training.

The prompt's rows see the whole prompt of their layer; the answer's rows see what each KV head kept, and one another, as if
they had been written token by token. T is the last layer that sees the whole prompt."""

from __future__ import annotations

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

    @property
    def name(self) -> str:
        if self.retain >= 1 and self.tsp_rate >= 1:
            return "full"
        tsp = f"t={self.tsp_rate}" if self.tsp_rate < 1 else "TSP off"
        return f"r={self.retain} {tsp}" + ("" if self.tsp_layer is None else f" T={self.tsp_layer}")


FULL = Settings(1.0, 1.0)


def group_scores(q: Tensor, k: Tensor, n: int) -> Tensor:
    """[G, n - W]: what the window pays to the tokens before it, max-pooled, summed over window and group."""
    H, G, D = q.shape[1], k.shape[1], q.shape[3]
    window = q[0, :, n - WINDOW : n].view(G, H // G, WINDOW, D)
    logits = (window @ k[0, :, None, :n].transpose(-1, -2)).float() * D**-0.5
    future = torch.ones(WINDOW, n, dtype=torch.bool, device=q.device).triu(n - WINDOW + 1)
    paid = logits.masked_fill(future, float("-inf")).softmax(-1)[..., : n - WINDOW].sum(2)
    return F.max_pool1d(paid, KERNEL, 1, KERNEL // 2).sum(1)


def best(scores: Tensor, count: int, n: int) -> Tensor:
    """Positions of the `count - W` best [..., count], and of the window."""
    top = scores.topk(max(0, min(count - WINDOW, scores.shape[-1])), dim=-1).indices
    window = torch.arange(n - WINDOW, n, device=scores.device).expand(*scores.shape[:-1], WINDOW)
    return torch.cat([top, window], dim=-1)


def written(attention: Attention, q: Tensor, k: Tensor, v: Tensor, kept: Tensor | None) -> Tensor:
    """[1, A, C] of the answer's queries [1, H, A, D]: each sees the kept positions [G, count] of a prompt of n, and the
    answer up to itself; k and v [1, G, n + A, D]."""
    A, total = q.shape[2], k.shape[2]
    n = total - A
    sees = torch.ones(k.shape[1], A, total, dtype=torch.bool, device=q.device)
    sees[:, :, n:] = sees[:, :, n:].tril()
    if kept is not None:
        sees[:, :, :n] = torch.zeros_like(sees[:, 0, :n]).scatter(1, kept, True)[:, None]
    scores = (q @ attention.repeated(k).mT).float() * q.shape[-1] ** -0.5
    weights = scores.masked_fill(~attention.repeated(sees[None]), float("-inf")).softmax(-1)
    return attention.o_proj((weights.to(v.dtype) @ attention.repeated(v)).transpose(1, 2).flatten(2))


def read(model: Llama, prompt: Tensor, answer: Tensor, settings: Settings, positions: Tensor | None = None) -> Tensor:
    """Logits [A, V] for an answer [A] after a prompt [N], each row's from the tokens before it; positions [N + A]."""
    c = model.config
    n, A = len(prompt), len(answer)
    T = c.tsp_layer if settings.tsp_layer is None else settings.tsp_layer
    x = model.embed_tokens(torch.cat([prompt, answer]))[None]
    at = torch.arange(n + A, device=prompt.device)[None] if positions is None else positions[None]
    tables = rope_tables(c, at)
    for i, layer in enumerate(model.layers):
        attention = layer.self_attn
        q, k, v = attention.project(layer.input_layernorm(x), tables)
        past = i > T and settings.tsp_rate < 1
        share = min(1.0, settings.retain / settings.tsp_rate) if past else settings.retain
        reads = share < 1 or (i == T and settings.tsp_rate < 1)
        scores = group_scores(q, k, n) if reads else None
        kept = best(scores, int(n * share), n) if share < 1 and scores is not None else None
        told = attention.attend(q[:, :, :n], k[:, :, :n], v[:, :, :n])
        x = layer.finish(x, torch.cat([told, written(attention, q[:, :, n:], k, v, kept)], dim=1))
        if i == T and settings.tsp_rate < 1 and scores is not None:
            gone_on = best(scores.sum(0), int(n * settings.tsp_rate), n).sort().values
            rows = torch.cat([gone_on, torch.arange(n, n + A, device=x.device)])
            x, at, n = x[:, rows], at[:, rows], len(gone_on)
            tables = rope_tables(c, at)
    return model.logits(model.norm(x[0, n - 1 : n - 1 + A]))


def is_right(model: Llama, prompt: list[int], answer: list[int], settings: Settings) -> bool:
    """Whether greedy decoding would write exactly `answer`: each of its tokens is the best after those before it."""
    device = model.embed_tokens.weight.device
    ids = torch.tensor(answer, device=device)
    with torch.no_grad():
        logits = read(model, torch.tensor(prompt, device=device), ids, settings)
    return bool((logits.argmax(-1) == ids).all())
