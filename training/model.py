"""The demo model: a Llama with grouped-query attention, tied embeddings, and the names of Hugging Face's checkpoints.

Letters: B sequences, T tokens, C model dim, H query heads, G KV heads, D head dim, F ffn dim, V vocabulary."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn


AMONG = 16_384
"""Keys that a look must stand out from."""
SAID = 8
"""Of so many tokens one is trained to be said when it is looked at."""
NEVER = -1e4
"""A score that softmax makes 0 of; finite, for the gradients."""


@dataclass(frozen=True)
class Config:
    layers: int
    dim: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    tsp_layer: int
    """T, counted from 0: the last layer that sees every token; its window is trained to look at the facts."""
    vocab: int = 2048
    theta: float = 100_000.0
    eps: float = 1e-5
    max_positions: int = 16_384 + 512

    @property
    def looking(self) -> dict[int, str]:
        """Which layers may be trained to look, and where: at the first step's facts, at the last one's, there again, at the token to be
        said next, there again."""
        tsp = self.tsp_layer
        copy = tsp + (self.layers - tsp) // 2
        return {copy - 1: "again", tsp - 1: "first", tsp: "last", copy: "copy", copy + 1: "copy again"}

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


# transformers loads no Llama whose model dim is not a multiple of its heads.
PRESETS = {
    # 0.5 M parameters: for the unit tests, and to see a change learn or not within minutes.
    "tiny": Config(layers=4, dim=96, heads=6, kv_heads=2, head_dim=16, ffn=192, tsp_layer=1),
    # 3.7 M parameters, for hours on a CPU. With this theta seven dimensions in ten turn less than once within 16k tokens, so
    # that looking for a name is as sharp far away as nearby.
    "cpu": Config(layers=8, dim=192, heads=6, kv_heads=2, head_dim=64, ffn=384, tsp_layer=3, theta=1e12),
    # 11.8 M parameters (23.5 MB in 16 bits), for half an hour on one GPU.
    "gpu": Config(layers=14, dim=256, heads=8, kv_heads=2, head_dim=32, ffn=832, tsp_layer=6),
}


class RMSNorm(nn.Module):
    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), self.weight.shape, self.weight, self.eps).to(x.dtype)


Tables = tuple[Tensor, Tensor]


def rope_tables(config: Config, positions: Tensor) -> Tables:
    """cos and sin of positions [B, T], each [B, 1, T, D/2]; in f32, as positions reach 16k."""
    steps = torch.arange(0, config.head_dim, 2, device=positions.device, dtype=torch.float32)
    angles = positions[:, None, :, None].float() * config.theta ** (-steps / config.head_dim)
    return angles.cos(), angles.sin()


def rope(x: Tensor, tables: Tables) -> Tensor:
    cos, sin = (t.to(x.dtype) for t in tables)
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


class Attention(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = c.heads, c.kv_heads, c.head_dim
        self.q_proj = nn.Linear(c.dim, c.heads * c.head_dim, bias=False)
        self.k_proj = nn.Linear(c.dim, c.kv_heads * c.head_dim, bias=False)
        self.v_proj = nn.Linear(c.dim, c.kv_heads * c.head_dim, bias=False)
        self.o_proj = nn.Linear(c.heads * c.head_dim, c.dim, bias=False)

    def project(self, x: Tensor, tables: Tables) -> tuple[Tensor, Tensor, Tensor]:
        """q [B, H, T, D], k and v [B, G, T, D], q and k with RoPE."""
        B, T, _ = x.shape
        q = self.q_proj(x).view(B, T, self.heads, self.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(B, T, self.kv_heads, self.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(B, T, self.kv_heads, self.head_dim).transpose(1, 2)
        return rope(q, tables), rope(k, tables), v

    def repeated(self, x: Tensor) -> Tensor:
        """[B, G, T, D] as [B, H, T, D]."""
        return x.repeat_interleave(self.heads // self.kv_heads, dim=1)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Causal, [B, T, C]. Keys are repeated: the fused kernels want as many heads as queries have."""
        o = F.scaled_dot_product_attention(q, self.repeated(k), self.repeated(v), is_causal=True)
        return self.o_proj(o.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(c.dim, c.ffn, bias=False)
        self.up_proj = nn.Linear(c.dim, c.ffn, bias=False)
        self.down_proj = nn.Linear(c.ffn, c.dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(c.dim, c.eps)
        self.self_attn = Attention(c)
        self.post_attention_layernorm = RMSNorm(c.dim, c.eps)
        self.mlp = MLP(c)

    def forward(self, x: Tensor, tables: Tables) -> tuple[Tensor, Tensor, Tensor]:
        """Of x [B, T, C]: what comes after it, and the queries and keys."""
        q, k, v = self.self_attn.project(self.input_layernorm(x), tables)
        return self.finish(x, self.self_attn.attend(q, k, v)), q, k

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + attended
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab, config.dim)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.dim, config.eps)
        for name, p in self.named_parameters():
            if p.ndim == 2:
                nn.init.normal_(p, std=0.02 if "embed" in name else 0.7 * p.shape[1] ** -0.5)
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                p.data.mul_(0.2)

    def forward(
        self, ids: Tensor, positions: Tensor, looks: dict[str, Look] | None = None, say: bool = True, going_on: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Hidden states [B, T, C] of ids and positions [B, T], and the losses of looking and of saying what is looked at.

        going_on: [N], the columns that are propagated beyond T, all in order; hidden states are then [B, N, C]."""
        x = self.embed_tokens(ids)
        tables = rope_tables(self.config, positions)
        losses = {}
        for i, layer in enumerate(self.layers):
            name = self.config.looking.get(i)
            if looks and say and name in looks and name.startswith("copy"):
                some = slice(None, None, SAID)
                logits = self.said(layer, x.flatten(0, 1)[some])
                losses[name.replace("copy", "say")] = F.cross_entropy(logits, ids.flatten()[some])
            x, q, k = layer(x, tables)
            if looks and name in looks:
                losses[name] = looks[name].loss(q, k)
            if going_on is not None and i == self.config.tsp_layer:
                x, ids, tables = x[:, going_on], ids[:, going_on], rope_tables(self.config, positions[:, going_on])
                looks = looks and {name: look.of(going_on) for name, look in looks.items()}
        return self.norm(x), losses

    def said(self, layer: Layer, x: Tensor) -> Tensor:
        """Logits [N, V] of what `layer` brings to a position that looks at one of x [N, C] alone: copying is to say that token."""
        attention = layer.self_attn
        v = attention.v_proj(layer.input_layernorm(x)).view(len(x), attention.kv_heads, 1, attention.head_dim)
        return self.logits(self.norm(attention.o_proj(attention.repeated(v).flatten(1))))

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embed_tokens.weight).float()


def deepened(model: Llama, before: list[int]) -> Llama:
    """`model` with a layer more before each of these of its layers. Until they are trained, new ones pass on what they get."""
    c = model.config
    if not all(0 <= i <= c.layers for i in before):
        raise ValueError(f"layers to put new ones before are 0 to {c.layers}, not {before}")
    grown = Llama(replace(c, layers=c.layers + len(before), tsp_layer=c.tsp_layer + sum(i <= c.tsp_layer for i in before)))
    grown.embed_tokens, grown.norm = model.embed_tokens, model.norm
    old = list(model.layers)
    order = sorted([(i, 1, layer) for i, layer in enumerate(old)] + [(i, 0, None) for i in before], key=lambda item: item[:2])
    for at, (_, _, layer) in enumerate(order):
        if layer is not None:
            grown.layers[at] = layer
        else:
            nn.init.zeros_(grown.layers[at].self_attn.o_proj.weight)
            nn.init.zeros_(grown.layers[at].mlp.down_proj.weight)
    return grown


@dataclass(frozen=True)
class Look:
    """Where positions should look: `rows` [B, Q, W], W positions for each of Q reasons, `spans` [B, Q, T] the tokens to look at."""

    rows: Tensor
    spans: Tensor

    def to(self, device: str) -> Look:
        return Look(self.rows.to(device, non_blocking=True), self.spans.to(device, non_blocking=True))

    def of(self, columns: Tensor) -> Look:
        """The same among some columns [N], in order; those in `rows` have to be among them."""
        return Look(torch.searchsorted(columns, self.rows), self.spans[..., columns])

    def masses(self, q: Tensor, k: Tensor, among: int = 0) -> Tensor:
        """The attention that each KV head's group pays to the spans, of 1: [B, Q, G], means over rows and group.

        With `among`, the other sequences' keys count as if they were in the document too, and all that is not in the span as
        much as it would among so many keys: what a short batch can say about long documents."""
        B, H, T, D = q.shape
        _, Q, W = self.rows.shape
        G = k.shape[1]
        rows = self.rows.flatten(1)
        picked = q.gather(2, rows[:, None, :, None].expand(B, H, Q * W, D)).view(B, G, H // G * Q * W, D) * D**-0.5
        own = (picked @ k.mT).float().view(B, G, H // G, Q, W, T)
        seen = torch.arange(T, device=q.device) <= self.rows[..., None]
        span = (seen & self.spans[:, :, None])[:, None, None]
        others = own.masked_fill(span | ~seen[:, None, None], NEVER).logsumexp(-1)
        if among:
            if B > 1:
                flat = picked.transpose(0, 1).reshape(G, -1, D) @ k.transpose(0, 1).reshape(G, B * T, D).mT
                every = flat.float().view(G, B, -1, B, T).logsumexp(-1)
                mine = torch.eye(B, dtype=torch.bool, device=q.device)[:, None, :]
                theirs = every.masked_fill(mine, NEVER).logsumexp(-1).transpose(0, 1).view_as(others)
                others = torch.logaddexp(others, theirs)
            others = others + max(0.0, math.log(among / (B * T)))
        meant = own.masked_fill(~span, NEVER).logsumexp(-1)
        return torch.sigmoid(meant - others).mean((2, 4)).transpose(1, 2)

    def loss(self, q: Tensor, k: Tensor, among: int = AMONG) -> Tensor:
        """Minus log of the mass, over what is to be looked at."""
        asked = self.spans.any(-1)
        losses = -(self.masses(q, k, among) + 1e-6).log().mean(-1)
        return (losses * asked).sum() / asked.sum().clamp(min=1)
