"""Documents and dialogues as token ids: training batches with many questions each, and single questions for evaluation.

Every sequence has a random stream of its own, named by purpose, seed and number, so batches do not depend on how many
processes make them, and what is evaluated is never trained on."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from dialogues import SYSTEM, Turn, kind_mix, questions, small_talk
from documents import Document, Novels, Request, document
from tokenizer import Tokenizer

WINDOW = 8
"""FastKV's window: the last tokens of the prompt, which choose what is kept."""
MAX_POSITION = 16_384
PROSE_WEIGHT = 0.05
"""Of a prompt's tokens in the loss; an answer's count 1."""


@dataclass
class Ids:
    """A dialogue so far: tokens, their weights in the loss, where facts are told, and where prompts end."""

    tokenizer: Tokenizer
    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    facts: dict[int, tuple[int, int]] = field(default_factory=dict)
    prompts: list[tuple[int, Turn]] = field(default_factory=list)
    """For every turn the count of tokens before its answer."""

    def add(self, ids: list[int], weight: float = PROSE_WEIGHT) -> None:
        self.ids += ids
        self.weights += [weight] * len(ids)

    def text(self, text: str) -> None:
        self.add(self.tokenizer.encode(text))

    def document(self, d: Document) -> None:
        for s in d.segments:
            start = len(self.ids)
            self.text(s.text)
            if s.fact is not None:
                self.facts[s.fact] = (start, len(self.ids))

    def role(self, name: str) -> None:
        self.add([self.tokenizer.start])
        self.text(f"{name}\n")

    def end(self) -> None:
        self.add([self.tokenizer.end])
        self.text("\n")

    def system(self) -> None:
        self.role("system")
        self.text(SYSTEM)
        self.end()

    def turn(self, turn: Turn, d: Document | None = None, question_first: bool = False) -> None:
        """A user's message, with the document in it where there is one, and the answer."""
        self.role("user")
        if d and not question_first:
            self.document(d)
            self.text("\n\n")
        self.text(turn.question)
        if d and question_first:
            self.text("\n\n")
            self.document(d)
        self.end()
        self.role("assistant")
        self.prompts.append((len(self.ids), turn))
        self.add(self.tokenizer.encode(turn.answer), 1.0)
        self.add([self.tokenizer.end], 1.0)
        self.text("\n")


@dataclass(frozen=True)
class Shape:
    """Of one training batch."""

    step: int
    progress: float
    length: int
    sequences: int


@dataclass(frozen=True)
class Batch:
    ids: Tensor
    """[B, T + 1]"""
    weights: Tensor
    """[B, T], of the tokens to be predicted"""
    positions: Tensor
    """[B, T]"""
    rows: Tensor
    """[B, Q, W], the windows of some of the questions"""
    spans: Tensor
    """[B, Q, T], the tokens of the facts that each rests on"""

    def to(self, device: str) -> Batch:
        return Batch(*(getattr(self, name).to(device, non_blocking=True) for name in self.__dataclass_fields__))


def gapped_positions(r: random.Random, length: int) -> np.ndarray:
    """Positions that jump ahead in up to four places, so that short sequences reach far positions and distances."""
    positions = np.arange(length)
    if r.random() < 0.6:
        room = MAX_POSITION - length
        for _ in range(r.randint(1, 4)):
            gap = int(2 ** r.uniform(3, math.log2(room))) if room > 8 else 0
            positions[r.randint(1, length - 1) :] += gap
            room -= gap
    return positions


class Maker:
    def __init__(self, tokenizer: Tokenizer, novels: Novels | None, seed: int, single: bool = False) -> None:
        self.tokenizer, self.novels, self.seed, self.single = tokenizer, novels, seed, single

    def dialogue(self, r: random.Random, length: int, progress: float) -> Ids:
        """A document of a good part of `length` tokens, then questions until it is full."""
        out = Ids(self.tokenizer)
        out.system()
        if r.random() < 0.03:
            out.turn(small_talk(r))
        share = r.uniform(0.3, 0.5) if length <= 512 else r.uniform(0.45, 0.8)
        styles = ("plain", "register") if progress < 0.1 else Request.styles
        d = document(r, Request(int(length * share), (0.25, 0.9) if length <= 512 else (0.15, 0.8), styles), self.novels)
        mix = {"single": 1.0} if self.single else kind_mix(progress)
        turns = questions(r, d, mix, limit=10_000)
        first = True
        while len(out.ids) <= length:
            turns = turns or questions(r, d, mix, limit=8)
            out.turn(turns.pop(), d if first else None, first and r.random() < 0.06)
            first = False
        return out

    def sequence(self, shape: Shape, i: int, looks: int) -> tuple[list[int], list[float], np.ndarray, np.ndarray, np.ndarray]:
        r = random.Random(f"train-{self.seed}-{shape.step}-{i}")
        T = shape.length
        made = self.dialogue(r, T, shape.progress)
        rows = np.tile(np.arange(WINDOW), (looks, 1))
        spans = np.zeros((looks, T), bool)
        # A question before its document is forgotten by the window's own words: nothing to look for from there.
        asked = [(n, t) for n, t in made.prompts if n <= T and t.evidence and all(made.facts[f][1] < n - WINDOW for f in t.evidence)]
        for row, (n, turn) in enumerate(r.sample(asked, min(looks, len(asked)))):
            rows[row] += n - WINDOW
            for f in turn.evidence:
                spans[row, slice(*made.facts[f])] = True
        return made.ids[: T + 1], made.weights[1 : T + 1], gapped_positions(r, T), rows, spans

    def batch(self, shape: Shape, looks: int = 6) -> Batch:
        made = [self.sequence(shape, i, looks) for i in range(shape.sequences)]
        return Batch(*(torch.tensor(np.stack([m[part] for m in made])) for part in range(5)))


@dataclass(frozen=True)
class Example:
    """One question on one document, as the page asks it."""

    document: Document
    turn: Turn
    prompt: list[int]
    answer: list[int]
    """Ends with the end-of-turn token."""
    spans: list[tuple[int, int]]
    """Where in the prompt the facts are told that the answer rests on."""


def example(tokenizer: Tokenizer, d: Document, turn: Turn) -> Example:
    made = Ids(tokenizer)
    made.system()
    made.turn(turn, d)
    n = made.prompts[0][0]
    return Example(d, turn, made.ids[:n], made.ids[n:-len(tokenizer.encode("\n"))], [made.facts[f] for f in turn.evidence])


def examples(
    tokenizer: Tokenizer, novels: Novels | None, purpose: str, tokens: int, count: int, mix: dict[str, float] | None = None,
    styles: tuple[str, ...] = Request.styles, per_document: int = 10,
) -> list[Example]:
    """`count` questions on documents that make prompts of about `tokens`; `purpose` names the random stream."""
    out: list[Example] = []
    number = 0
    while len(out) < count:
        r = random.Random(f"{purpose}-{tokens}-{number}")
        number += 1
        d = document(r, Request(max(40, tokens - 50), styles=styles), novels)
        made = [example(tokenizer, d, t) for t in questions(r, d, mix or kind_mix(1.0), per_document)]
        out += [e for e in made if len(e.prompt) + len(e.answer) <= MAX_POSITION]
    return out[:count]
