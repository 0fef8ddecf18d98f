"""FastKV on many questions of one document at once, for training: the same as `fastkv.read` of each, which is the specification.

The document is computed once up to T; beyond, each question's own choice of it. Letters as in `model.py`; Q questions,
P tokens of the document, M columns after it: a question, its answer, and filling up to the longest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from batches import WINDOW
from fastkv import KERNEL, Settings
from model import NEVER, Llama, Tables, rope_tables


@dataclass(frozen=True)
class Rows:
    """Q sequences of M tokens each, after what they share."""

    x: Tensor
    """[Q, M, C]"""
    ids: Tensor
    """[Q, M]"""
    tables: Tables
    """RoPE's, of their positions."""
    prompts: Tensor
    """[Q], how many of them are prompt"""
    ends: Tensor
    """[Q], how many are not filling"""

    @property
    def columns(self) -> Tensor:
        return torch.arange(self.ids.shape[1], device=self.ids.device)

    @property
    def answers(self) -> Tensor:
        """[Q, M]"""
        return (self.columns >= self.prompts[:, None]) & (self.columns < self.ends[:, None])


def padded(lists: list[list[int]]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids in lists], batch_first=True)


def among_best(scores: Tensor, counts: Tensor) -> Tensor:
    """Which of scores [Q, ..., N] are among the `counts` [Q] best of the last dimension; of equals, which pooling makes of
    neighbours, the first are."""
    order = scores.sort(dim=-1, descending=True, stable=True).indices[..., : int(counts.max())]
    ranks = torch.arange(order.shape[-1], device=scores.device)
    within = ranks < counts.view(-1, *[1] * (scores.ndim - 1))
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order, within.expand_as(order))


class Reading:
    """One layer after another, of a document (none beyond T) and the rows after it."""

    def __init__(self, model: Llama, document: Tensor, rows: Rows) -> None:
        self.model, self.rows = model, rows
        self.x = model.embed_tokens(document)[None]
        self.tables = rope_tables(model.config, torch.arange(len(document), device=document.device)[None])

    @property
    def shared(self) -> int:
        return self.x.shape[1]

    def layer(self, number: int, share: float) -> Tensor:
        """One on. Answers see `share` of the prompt in each KV head, by scores [Q, G, P + M], which are returned."""
        layer, rows, P = self.model.layers[number], self.rows, self.shared
        attention = layer.self_attn
        q, k, v = attention.project(layer.input_layernorm(rows.x), rows.tables)
        Q, H, M, D = q.shape
        G = attention.kv_heads
        q = q.view(Q, G, H // G, M, D) * D**-0.5
        causal = (rows.columns[:, None] >= rows.columns) & (rows.columns < rows.ends[:, None, None])
        logits = (q @ k[:, :, None].mT).masked_fill(~causal[:, None, None], NEVER)
        if P:
            doc_q, doc_k, doc_v = attention.project(layer.input_layernorm(self.x), self.tables)
            logits = torch.cat([q @ doc_k[:, :, None].mT, logits], dim=-1)
            self.x = layer.finish(self.x, attention.attend(doc_q, doc_k, doc_v))
        scores = self.scores(logits)
        if share < 1:
            hidden = (rows.answers[:, None, :, None] & ~self.kept(scores, share)[:, :, None])[:, :, None]
            logits = logits.masked_fill(hidden, NEVER)
        weights = logits.softmax(-1)
        out = weights[..., P:] @ v[:, :, None]
        if P:
            out = out + weights[..., :P] @ doc_v[:, :, None]
        out = attention.o_proj(out.flatten(1, 2).transpose(1, 2).flatten(2))
        self.rows = replace(rows, x=layer.finish(rows.x, out))
        return scores

    def before_window(self) -> Tensor:
        """[Q], how many tokens a prompt has before its window."""
        return self.shared + self.rows.prompts - WINDOW

    @torch.no_grad()
    def scores(self, logits: Tensor) -> Tensor:
        window = self.rows.prompts[:, None] - WINDOW + torch.arange(WINDOW, device=logits.device)
        index = window[:, None, None, :, None].expand(*logits.shape[:3], WINDOW, logits.shape[-1])
        at = torch.arange(logits.shape[-1], device=logits.device)
        counted = (at < self.before_window()[:, None])[:, None]
        paid = logits.gather(3, index).softmax(-1).sum(3) * counted[:, None]
        pooled = F.max_pool1d(paid.flatten(0, 1), KERNEL, 1, KERNEL // 2).view_as(paid).sum(2)
        return pooled.masked_fill(~counted, -1.0)

    def kept(self, scores: Tensor, share: float) -> Tensor:
        """Of scores [Q, ..., P + M]: the best `share` of the prompt with its window, and all that is no prompt."""
        at = torch.arange(scores.shape[-1], device=scores.device)
        n = self.shared + self.rows.prompts
        # As `int(n * share)` has it, in f64.
        counts = ((n.double() * share).long() - WINDOW).clamp(min=0)
        late = (at >= self.before_window()[:, None]).view(len(n), *[1] * (scores.ndim - 2), -1)
        return among_best(scores, torch.minimum(counts, self.before_window())) | late

    def propagate(self, scores: Tensor, tsp_rate: float) -> None:
        """Each question takes the document's best tokens and its own into rows of its own; the document ends here."""
        rows, P = self.rows, self.shared
        at = torch.arange(P + len(rows.columns), device=rows.x.device)
        kept = self.kept(scores.sum(1), tsp_rate) & (at < P + rows.ends[:, None])
        prompts = (kept & (at < P + rows.prompts[:, None])).sum(1)
        order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, : int(kept.sum(1).max())]
        every = torch.cat([self.x.expand(len(rows.ids), -1, -1), rows.x], dim=1)
        shared = torch.zeros(len(rows.ids), P, dtype=torch.long, device=rows.x.device)
        self.rows = Rows(
            every.gather(1, order[..., None].expand(-1, -1, every.shape[-1])), torch.cat([shared, rows.ids], dim=1).gather(1, order),
            rope_tables(self.model.config, order), prompts, kept.sum(1),
        )  # fmt: skip
        self.x = self.x[:, :0]


def read_together(
    model: Llama, document: Tensor, questions: list[list[int]], answers: list[list[int]], settings: Settings
) -> tuple[Tensor, Tensor]:
    """Logits [N, V] of all N tokens of all answers, each from the tokens before it, and the tokens [N], question by question.

    Prompts are `document` [P] and a question of at least a window. Settings of the page (protect, floor) are not read."""
    device, c = document.device, model.config
    ids = padded([q + a for q, a in zip(questions, answers)]).to(device)
    prompts = torch.tensor([len(q) for q in questions], device=device)
    ends = prompts + torch.tensor([len(a) for a in answers], device=device)
    positions = (len(document) + torch.arange(ids.shape[1], device=device)).expand_as(ids)
    reading = Reading(model, document, Rows(model.embed_tokens(ids), ids, rope_tables(c, positions), prompts, ends))
    tsp = c.tsp_layer if settings.tsp_layer is None else settings.tsp_layer
    for i in range(c.layers):
        beyond = i > tsp and settings.tsp_rate < 1
        share = min(1.0, settings.retain / settings.tsp_rate) if beyond else settings.retain
        scores = reading.layer(i, share)
        if i == tsp and settings.tsp_rate < 1:
            reading.propagate(scores, settings.tsp_rate)
    rows = reading.rows
    predicted = rows.answers[:, 1:]
    return model.logits(model.norm(rows.x[:, :-1][predicted])), rows.ids[:, 1:][predicted]
