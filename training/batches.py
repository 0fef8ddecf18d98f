"""Documents and dialogues as token ids: training batches with many questions each, and single questions for evaluation.

Every sequence has a random stream of its own, named by purpose, seed and number, so batches do not depend on how many
processes make them, and what is evaluated is never trained on."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from dialogues import SYSTEM, Turn, kind_mix, questions, small_talk
from documents import Document, Novels, Request, document
from facts import KINDS, Fact
from model import Look
from tokenizer import Tokenizer

WINDOW = 8
"""FastKV's window: the last tokens of the prompt, which choose what is kept."""
MAX_POSITION = 16_384
COPIES = 32
"""Questions of a batch whose answers are trained to look at what they copy; four of a sequence at least."""
LOOKS = 128
"""Those whose windows are trained to look at the facts, likewise."""
ROWS = 2
"""Positions of a window that are asked each time, drawn anew."""
ALIKE = 0.6
"""Share of batches that tell of one or two kinds of things alone."""
ASKED = 16
"""Questions that are read with FastKV in one step."""
PROSE_WEIGHT = 0.05
"""Of a prompt's tokens in the loss; an answer's count 1."""


@dataclass
class Ids:
    """A dialogue so far: tokens, their weights in the loss, where facts are told, and where prompts end."""

    tokenizer: Tokenizer
    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    facts: dict[int, tuple[int, int]] = field(default_factory=dict)
    values: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    """For every fact the tokens of its value: which letters of the value each is, and its position."""
    prompts: list[tuple[int, Turn]] = field(default_factory=list)
    """For every turn the count of tokens before its answer."""
    read: tuple[int, int] = (0, 0)
    """Where the document is."""

    def add(self, ids: list[int], weight: float = PROSE_WEIGHT) -> None:
        self.ids += ids
        self.weights += [weight] * len(ids)

    def told(self, fact: int) -> tuple[int, int]:
        """The tokens of its sentence from its value on: what is before them cannot know how it ends."""
        return self.values[fact][0][2], self.facts[fact][1]

    def text(self, text: str) -> None:
        self.add(self.tokenizer.encode(text))

    def document(self, d: Document) -> None:
        begins = len(self.ids)
        for s in d.segments:
            start = len(self.ids)
            self.text(s.text)
            if s.fact is not None:
                self.facts[s.fact] = (start, len(self.ids))
                f = d.facts[s.fact]
                at = len(s.text) - len(f.sentence) + f.at
                letters = self.tokenizer.letters(self.ids[start:])
                self.values[s.fact] = [
                    (a - at, b - at, start + i) for i, (a, b) in enumerate(letters) if a < at + len(f.value) and b > at
                ]
        self.read = begins, len(self.ids)

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
    looks: dict[str, Look]
    """Where to look, for some of the questions: "first", "last" and "copy", and "again" and "copy again" if they are trained."""
    going_on: Tensor | None = None
    """[N], of one sequence the columns that are propagated beyond T; all without."""

    def to(self, device: str) -> Batch:
        tensors = (getattr(self, name).to(device, non_blocking=True) for name in ("ids", "weights", "positions"))
        going_on = None if self.going_on is None else self.going_on.to(device)
        return Batch(*tensors, {name: look.to(device) for name, look in self.looks.items()}, going_on)


Pair = tuple[list[int], list[tuple[int, int]]]
"""Positions that should look, and the stretches that they should look at."""


def copies(made: Ids, n: int, turn: Turn, facts: list[Fact]) -> list[tuple[int, Pair]]:
    """For each token of the answer that says a value: which fact's, the position that it is told from, and its twin in the document."""
    out = []
    starts, at = {}, 0
    for f in turn.copied:
        starts[f] = at + facts[f].about.answer.index("{value}")
        at += len(facts[f].answer) + 1
    letters = made.tokenizer.letters(made.tokenizer.encode(turn.answer))
    for i, (a, b) in enumerate(letters):
        for f in turn.copied:
            low, high = max(a, starts[f]) - starts[f], min(b - starts[f], len(facts[f].value))
            twins = [(p, p + 1) for start, end, p in made.values[f] if start < high and end > low]
            if low < high and twins:
                out.append((f, ([n + i - 1], twins)))
    return out


def look(pairs: list[list[Pair]], length: int, width: int) -> Look:
    """Of one list for each sequence; shorter ones are filled with what looks at nothing."""
    most = max(1, *(len(p) for p in pairs))
    rows = np.zeros((len(pairs), most, width), np.int64)
    spans = np.zeros((len(pairs), most, length), bool)
    for b, of in enumerate(pairs):
        for q, (positions, stretches) in enumerate(of):
            rows[b, q] = [positions[i % len(positions)] for i in range(width)]
            for start, end in stretches:
                spans[b, q, start:end] = True
    return Look(torch.tensor(rows), torch.tensor(spans))


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


def going_on(r: random.Random, made: Ids, length: int) -> np.ndarray:
    """The columns of a sequence that go beyond T: all but a share, drawn anew, of what in the document tells no fact."""
    start, end = made.read
    on = np.ones(len(made.ids), bool)
    share = r.random() ** 2
    on[start:end] = [r.random() < share for _ in range(start, end)]
    for stretch in made.facts.values():
        on[slice(*stretch)] = True
    return on[:length].nonzero()[0]


@dataclass(frozen=True)
class Sequence:
    made: Ids
    positions: np.ndarray
    pairs: dict[str, list[Pair]]
    going_on: np.ndarray | None


@dataclass(frozen=True)
class Maker:
    tokenizer: Tokenizer
    novels: Novels | None
    seed: int
    looks: int = LOOKS
    rows: int = ROWS
    alike: float = ALIKE
    others: float = 1.0
    """How many times as often as in evaluation all kinds of questions but single facts are asked."""
    copies: int = COPIES
    again: bool = False
    """Whether the layer before the copying looks where T does."""
    copy_again: bool = False
    """Whether the layer after the copying looks where it does."""
    select: bool = False
    """Whether a document fills most of the one sequence of a batch, and only part of what tells no fact goes on beyond T."""
    two_steps: bool = False
    """Whether more people whom facts name are told of, and asked after in two steps as often as `others` has it."""

    def kinds(self, step: int) -> tuple[str, ...]:
        """What a batch tells of: often one or two kinds of things, whose names alone tell their facts apart."""
        r = random.Random(f"kinds-{self.seed}-{step}")
        return tuple(r.sample(list(KINDS), r.choice((1, 2)))) if r.random() < self.alike else tuple(KINDS)

    def selects(self, shape: Shape) -> bool:
        return self.select and shape.sequences == 1

    def dialogue(self, r: random.Random, shape: Shape, kinds: tuple[str, ...]) -> tuple[Ids, Document]:
        """A document of a good part of the shape's length, then questions until it is full."""
        length, progress = shape.length, shape.progress
        out = Ids(self.tokenizer)
        out.system()
        if r.random() < 0.03:
            out.turn(small_talk(r))
        share = r.uniform(0.3, 0.5) if length <= 512 else r.uniform(0.7, 0.9) if self.selects(shape) else r.uniform(0.45, 0.8)
        styles = ("plain", "register") if progress < 0.1 else Request.styles
        fact_share = (0.25, 0.9) if length <= 512 else (0.15, 0.8)
        linked = r.uniform(0.3, 0.9) if self.two_steps else Request.linked
        d = document(r, Request(int(length * share), fact_share, styles, linked, kinds=kinds), self.novels)
        mix = kind_mix(progress, self.others)
        turns = questions(r, d, mix, 10_000, self.two_steps)
        first = True
        while len(out.ids) <= length:
            turns = turns or questions(r, d, mix, 8, self.two_steps)
            out.turn(turns.pop(), d if first else None, first and r.random() < 0.06)
            first = False
        return out, d

    def pairs(self, r: random.Random, made: Ids, facts: list[Fact], length: int, sequences: int) -> dict[str, list[Pair]]:
        """Of some of the questions. Where nothing is to be found, the first token of all is looked at."""
        looks, copied = (max(4, n // sequences) for n in (self.looks, self.copies))
        out: dict[str, list[Pair]] = {"first": [], "last": [], "copy": []}
        ends = [n for n, _ in made.prompts[1:]] + [len(made.ids)]
        # A question before its document is forgotten by the window's own words: nothing to look for from there.
        asked = [
            (n, t) for (n, t), end in zip(made.prompts, ends)
            if end <= length and all(made.facts[f][1] < n - WINDOW for f in t.evidence)
        ]  # fmt: skip
        for number, (n, turn) in enumerate(r.sample(asked, min(looks, len(asked)))):
            window = [n - WINDOW + i for i in r.sample(range(WINDOW), self.rows)]
            for name, found in (("first", turn.first), ("last", turn.last)):
                out[name] += [(window, [made.told(f)]) for f in found] or [(window, [(0, 1)])]
            twins = copies(made, n, turn, facts)
            for f in turn.copied if number < copied else ():
                pairs = [pair for g, pair in twins if g == f]
                # Where a value begins is what is hard to find: each next token is the one after the last.
                out["copy"] += pairs[:1] * 2 + pairs
                out["last"] += [(rows, [made.told(f)]) for rows, _ in pairs[:1] + r.sample(pairs, 1)]
        return out

    def sequence(self, shape: Shape, i: int, kinds: tuple[str, ...]) -> Sequence:
        r = random.Random(f"train-{self.seed}-{shape.step}-{i}")
        T = shape.length
        made, d = self.dialogue(r, shape, kinds)
        pairs = self.pairs(r, made, d.facts, T, shape.sequences)
        return Sequence(made, gapped_positions(r, T), pairs, going_on(r, made, T) if self.selects(shape) else None)

    def asked(self, step: int, length: int) -> list[Example]:
        """Single questions on one document, or on two where that tells of less; with FastKV they cannot be one dialogue."""
        purpose, mix = f"train-{self.seed}-compressed-{step}", kind_mix(1.0, self.others)
        return examples(
            self.tokenizer, self.novels, purpose, length, ASKED, mix, per_document=ASKED, fact_share=(0.15, 0.8), kinds=self.kinds(step)
        )  # fmt: skip

    def batch(self, shape: Shape) -> Batch:
        kinds, T = self.kinds(shape.step), shape.length
        made = [self.sequence(shape, i, kinds) for i in range(shape.sequences)]
        looks = {name: look([s.pairs[name] for s in made], T, 1 if name == "copy" else self.rows) for name in made[0].pairs}
        if self.again:
            looks["again"] = looks["last"]
        if self.copy_again:
            looks["copy again"] = looks["copy"]
        return Batch(
            torch.tensor([s.made.ids[: T + 1] for s in made]), torch.tensor([s.made.weights[1 : T + 1] for s in made]),
            torch.tensor(np.stack([s.positions for s in made])), looks,
            None if made[0].going_on is None else torch.tensor(made[0].going_on),
        )  # fmt: skip


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


def header_tokens(tokenizer: Tokenizer) -> int:
    """Of the system part that every prompt begins with."""
    made = Ids(tokenizer)
    made.system()
    return len(made.ids)


def example(tokenizer: Tokenizer, d: Document, turn: Turn) -> Example:
    made = Ids(tokenizer)
    made.system()
    made.turn(turn, d)
    n = made.prompts[0][0]
    return Example(d, turn, made.ids[:n], made.ids[n:-len(tokenizer.encode("\n"))], [made.facts[f] for f in turn.evidence])


def examples(
    tokenizer: Tokenizer, novels: Novels | None, purpose: str, tokens: int, count: int, mix: dict[str, float] | None = None,
    styles: tuple[str, ...] = Request.styles, per_document: int = 10, fact_share: tuple[float, float] = Request.share,
    kinds: tuple[str, ...] = Request.kinds,
) -> list[Example]:
    """`count` questions on documents that make prompts of about `tokens`; `purpose` names the random stream.

    fact_share: between which shares of the text tell facts; kinds: of things."""
    out: list[Example] = []
    number = 0
    while len(out) < count:
        r = random.Random(f"{purpose}-{tokens}-{number}")
        number += 1
        d = document(r, Request(max(40, tokens - 50), fact_share, styles, kinds=kinds), novels)
        made = [example(tokenizer, d, t) for t in questions(r, d, mix or kind_mix(1.0), per_document)]
        out += [e for e in made if len(e.prompt) + len(e.answer) <= MAX_POSITION]
    return out[:count]


def by_document(made: list[Example]) -> Iterator[list[Example]]:
    for _, group in groupby(made, lambda e: id(e.document)):
        yield list(group)
