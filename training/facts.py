"""Invented facts: things with names put together anew from parts, what is said of them, and how it is asked for.

The words are in words.json, which the engine's evaluation reads too. Names, numbers and codes are drawn afresh for each
document, so an answer can come from the document alone. A name is made of parts that are a token each, and a sentence names
the thing before the value: a token knows only what is before it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

WORDS = json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))
LISTS: dict[str, list[str]] = {name: words.split(",") for name, words in WORDS["lists"].items()}


NAMES_TRIED = 10_000
"""After as many that were taken, a document needs things of other kinds."""


def digits(r: random.Random, count: int) -> str:
    return "".join(r.choice("0123456789") for _ in range(count))


Draw = Callable[[random.Random], str]
NUMBERS: dict[str, Draw] = {
    "year": lambda r: str(r.randint(1500, 2020)),
    "number": lambda r: str(r.randint(11, 999)),
    "code": lambda r: digits(r, r.choice((4, 5, 6))),
    "serial": lambda r: "".join(r.choice("ABCDEFGHKLMNPRSTVWXZ") for _ in range(2)) + "-" + digits(r, 3),
}


def draw(r: random.Random, name: str) -> str:
    """One of a list, a number, or a name made of others."""
    if name in NUMBERS:
        return NUMBERS[name](r)
    return r.choice(LISTS[name]) if name in LISTS else fill(r, WORDS["names"][name])


def fill(r: random.Random, form: str) -> str:
    """With what its braces name drawn; capitalised where their name is."""
    return re.sub(r"\{(\w)(\w+)\}", lambda m: (str.capitalize if m[1].isupper() else str)(draw(r, m[1].lower() + m[2])), form)


@dataclass(frozen=True)
class Attribute:
    """Forms with {thing} and {value}."""

    value: str
    """What is drawn. The members of a list can be counted."""
    facts: list[str]
    questions: list[str]
    answer: str
    """A word or two come before the value, so that it is spelled in the same tokens as in the document."""
    role: str = ""
    """How a person is spoken of through this attribute."""
    count: str = ""
    """A question that counts the things with this value."""


@dataclass(frozen=True)
class Kind:
    name: str
    attributes: dict[str, Attribute]


KINDS = {
    kind: Kind(words["name"], {name: Attribute(**a) for name, a in words["attributes"].items()})
    for kind, words in WORDS["kinds"].items()
}


@dataclass(frozen=True)
class Fact:
    kind: str
    entity: str
    attribute: str
    value: str
    sentence: str
    at: int
    """Where in the sentence the value begins, in letters."""

    @property
    def about(self) -> Attribute:
        return KINDS[self.kind].attributes[self.attribute]

    @property
    def answer(self) -> str:
        return self.about.answer.format(value=self.value)


def fact(r: random.Random, kind: str, entity: str, attribute: str, value: str) -> Fact:
    form = r.choice(KINDS[kind].attributes[attribute].facts)
    before = form[: form.index("{value}")].format(thing=entity)
    return Fact(kind, entity, attribute, value, form.format(thing=entity, value=value), len(before))


def facts(
    r: random.Random, count: int, linked: float = 0.0, narrow: bool = False, kinds: tuple[str, ...] = tuple(KINDS)
) -> list[Fact]:
    """`count` facts, one to four of them on a thing, and no thing named twice.

    linked: how often a person that a fact names is told of too, for questions in two steps.
    narrow: closed values come from three each, so that some are shared and can be counted.
    kinds: of things, but for those linked people, and unless their names run out."""
    few = {a.value: r.sample(LISTS[a.value], 3) for k in KINDS.values() for a in k.attributes.values() if a.value in LISTS}
    out: list[Fact] = []
    used: set[str] = set()
    waiting: list[str] = []
    taken = 0
    while len(out) < count:
        kind = "person" if waiting else r.choice(kinds)
        entity = waiting.pop() if waiting else fill(r, KINDS[kind].name)
        if entity in used:
            taken += 1
            kinds = kinds if taken < NAMES_TRIED else tuple(KINDS)
            continue
        used.add(entity)
        names = list(KINDS[kind].attributes)
        for attribute in r.sample(names, min(len(names), r.randint(1, 4), count - len(out))):
            a = KINDS[kind].attributes[attribute]
            value = r.choice(few[a.value]) if narrow and a.value in LISTS else draw(r, a.value)
            out.append(fact(r, kind, entity, attribute, value))
            if a.role and r.random() < linked:
                waiting.append(value)
    return out
