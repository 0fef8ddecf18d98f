"""Muon for the matrices (momentum made orthogonal by Newton-Schulz steps), Adam for embeddings and norms.

Source: Keller Jordan et al. 2024, kellerjordan.github.io/posts/muon; the coefficients of its quintic step."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(g: Tensor) -> Tensor:
    """Nearly the nearest orthogonal matrix to each of g [N, rows, columns]."""
    a, b, c = COEFFICIENTS
    x = g.bfloat16() if g.is_cuda else g
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        s = x @ x.mT
        x = a * x + (b * s + c * s @ s) @ x
    return (x.mT if tall else x).to(g.dtype)


class Muon(torch.optim.Optimizer):
    """Matrices of one shape go through the Newton-Schulz steps together."""

    def __init__(self, matrices: list[nn.Parameter], lr: float, momentum: float = 0.95, decay: float = 0.02) -> None:
        shapes = defaultdict(list)
        for p in matrices:
            shapes[p.shape].append(p)
        super().__init__([{"params": ps} for ps in shapes.values()], {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            lr, momentum, matrices = group["lr"], group["momentum"], group["params"]
            steps = []
            for p in matrices:
                kept = self.state[p].setdefault("momentum", torch.zeros_like(p))
                kept.mul_(momentum).add_(p.grad)
                steps.append(p.grad + momentum * kept)
            rows, columns = matrices[0].shape
            scale = max(1, rows / columns) ** 0.5
            for p, step in zip(matrices, orthogonal(torch.stack(steps))):
                p.mul_(1 - lr * group["decay"]).add_(step, alpha=-lr * scale)


class Optimizers:
    """Both, with one factor on their rates."""

    def __init__(self, model: nn.Module, muon_lr: float = 0.02, adam_lr: float = 4e-3) -> None:
        trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        matrices = [p for n, p in trained if p.ndim == 2 and "embed" not in n]
        others = [p for n, p in trained if p.ndim == 1 or "embed" in n]
        self.parts = [Muon(matrices, muon_lr), torch.optim.AdamW(others, adam_lr, betas=(0.9, 0.98), weight_decay=0.0)]
        self.rates = [muon_lr, adam_lr]
        self.others = others

    def step(self, factor: float) -> None:
        torch.nn.utils.clip_grad_norm_(self.others, 1.0)
        for part, rate in zip(self.parts, self.rates):
            for group in part.param_groups:
                group["lr"] = rate * factor
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict]:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict]) -> None:
        for part, state in zip(self.parts, states):
            part.load_state_dict(state)
