"""Questions on a document, their answers, and which facts each answer rests on."""

from __future__ import annotations

import random
from dataclasses import dataclass

from documents import Document
from facts import KINDS, LISTS, NAMES_TRIED, Fact, fill

SYSTEM = "You answer questions about the document."
NOT_THERE = "The document does not say."
NUMBERS = ["None.", "One.", "Two.", "Three.", "Four.", "Five.", "Six."]
SMALL_TALK = {
    "Hello.": "Hello. Give me a document and ask me about it.",
    "Hi there!": "Hello. Give me a document and ask me about it.",
    "What can you do?": "I answer short questions about a document.",
    "Who are you?": "I am a tiny model that reads documents.",
    "Thank you.": "You are welcome.",
    "Thanks!": "You are welcome.",
    "Goodbye.": "Goodbye.",
}


@dataclass(frozen=True)
class Turn:
    kind: str
    question: str
    answer: str
    evidence: tuple[int, ...] = ()
    """The facts that the answer rests on."""
    copied: tuple[int, ...] = ()
    """Those whose values it says, in this order, a sentence each."""

    @property
    def first(self) -> tuple[int, ...]:
        """The facts that the question's own words lead to."""
        return self.evidence[:1] if self.kind == "two-step" else self.evidence

    @property
    def last(self) -> tuple[int, ...]:
        """The facts that the answer is read from."""
        return self.copied or self.evidence


def single(r: random.Random, document: Document, i: int) -> Turn:
    f = document.facts[i]
    return Turn("single", r.choice(f.about.questions).format(thing=f.entity), f.answer, (i,), (i,))


def several(r: random.Random, document: Document, i: int) -> Turn | None:
    """Two facts on one thing, asked in one question."""
    f = document.facts[i]
    others = [j for j, g in enumerate(document.facts) if g.entity == f.entity and j != i]
    if not others:
        return None
    j = r.choice(others)
    first, second = (r.choice(document.facts[k].about.questions).format(thing=f.entity) for k in (i, j))
    question = f"{first[:-1]}, and {second[0].lower()}{second[1:]}"
    return Turn("several", question, f"{f.answer} {document.facts[j].answer}", (i, j), (i, j))


def two_step(r: random.Random, document: Document, i: int) -> Turn | None:
    """What is told of a person, who is named by what is told of a thing."""
    f = document.facts[i]
    links = [j for j, g in enumerate(document.facts) if g.value == f.entity and g.about.role]
    if not links:
        return None
    j = r.choice(links)
    role = document.facts[j].about.role.format(thing=document.facts[j].entity)
    return Turn("two-step", r.choice(f.about.questions).format(thing=role), f.answer, (j, i), (i,))


def count(r: random.Random, document: Document, i: int) -> Turn | None:
    """How many things have one value: this fact's, or now and then one that nothing has."""
    f = document.facts[i]
    if not f.about.count:
        return None
    value = f.value if r.random() < 0.85 else r.choice(LISTS[f.about.value])
    same = tuple(j for j, g in enumerate(document.facts) if (g.kind, g.attribute, g.value) == (f.kind, f.attribute, value))
    if len(same) >= len(NUMBERS):
        return None
    return Turn("count", f.about.count.format(value=value), NUMBERS[len(same)], same)


def absent(r: random.Random, document: Document, i: int) -> Turn | None:
    """Something that the document does not tell: of a thing in it, or of one that is not."""
    f = document.facts[i]
    names = {g.entity for g in document.facts}
    told = {(g.entity, g.attribute) for g in document.facts}
    untold = [a for a in KINDS[f.kind].attributes if (f.entity, a) not in told]
    entity, attribute = f.entity, r.choice(untold) if untold else f.attribute
    if not untold or r.random() < 0.5:
        entity, attribute = fresh(r, f, names), f.attribute
    if entity is None:
        return None
    question = r.choice(KINDS[f.kind].attributes[attribute].questions).format(thing=entity)
    return Turn("absent", question, NOT_THERE)


def fresh(r: random.Random, like: Fact, names: set[str]) -> str | None:
    """A thing's name that is not among `names`; none where a long document has nearly all of its kind."""
    drawn = (fill(r, KINDS[like.kind].name) for _ in range(NAMES_TRIED))
    return next((name for name in drawn if name not in names), None)


MAKERS = {"single": single, "several": several, "two-step": two_step, "count": count, "absent": absent}


def small_talk(r: random.Random) -> Turn:
    question = r.choice(list(SMALL_TALK))
    return Turn("chat", question, SMALL_TALK[question])


def on_named_people(document: Document) -> list[int]:
    """The facts that can be asked of in two steps: on people whom other facts name."""
    named = {f.value for f in document.facts if f.about.role}
    return [i for i, f in enumerate(document.facts) if f.entity in named]


def questions(r: random.Random, document: Document, mix: dict[str, float], limit: int, aimed: bool = False) -> list[Turn]:
    """At most `limit` turns in a random order, none asked twice; where a kind cannot be asked, a single fact is.

    aimed: that questions in two steps take a fact that they can be asked of, where there is one."""
    out: dict[str, Turn] = {}
    linked = on_named_people(document) if aimed else []
    for i in r.sample(range(len(document.facts)), min(limit, len(document.facts))):
        kind = r.choices(list(mix), list(mix.values()))[0]
        if kind == "two-step" and linked:
            i = r.choice(linked)
        turn = small_talk(r) if kind == "chat" else MAKERS[kind](r, document, i) or single(r, document, i)
        out.setdefault(turn.question, turn)
    return list(out.values())


def kind_mix(progress: float, others_weight: float = 1.0) -> dict[str, float]:
    """Single facts first; the others, so many times as often as in evaluation, join once looking up can be expected to work."""
    rest = others_weight * min(1.0, max(0.0, (progress - 0.15) * 4))
    others = {"several": 0.12, "two-step": 0.2, "count": 0.12, "absent": 0.12, "chat": 0.03}
    return {"single": 1.0, **{kind: share * rest for kind, share in others.items()}}

