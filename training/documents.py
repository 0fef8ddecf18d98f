"""Documents: facts planted in prose, as segments that know which fact they tell.

The prose is generated, or running text of novels. Segments join to the text without anything between them, and none of
their borders lies within a token."""

from __future__ import annotations

import lzma
import random
import re
from dataclasses import dataclass
from pathlib import Path

from facts import KINDS, Fact, draw, facts


@dataclass(frozen=True)
class Segment:
    text: str
    fact: int | None = None
    """Which of the document's facts this tells."""


@dataclass(frozen=True)
class Document:
    segments: list[Segment]
    facts: list[Fact]

    @property
    def text(self) -> str:
        return "".join(s.text for s in self.segments)


WINDS = "north,south,east,west,north-east,south-west".split(",")
SEAS = "calm,rough,grey and heavy,smooth as glass,short and steep".split(",")
SPEECH = (
    "I had not thought of it,It will rain again,We should go on,Nobody told me,It was long ago,You are late,"
    "Leave the lamp where it is,I remember the road,There is time enough,Ask me tomorrow"
).split(",")


def filler(r: random.Random) -> str:
    return draw(r, "filler")


def speech(r: random.Random) -> str:
    return f'"{r.choice(SPEECH)}," said {draw(r, "person").split()[0]}.'


def weather(r: random.Random) -> str:
    return f"Wind {r.choice(WINDS)}, sea {r.choice(SEAS)}."


class Novels:
    """Running text to plant facts in. The last ten novels are for evaluation alone."""

    HELD_OUT = 10

    def __init__(self, path: Path, held_out: bool = False) -> None:
        raw = lzma.open(path, "rt", encoding="utf-8").read() if path.suffix == ".xz" else path.read_text(encoding="utf-8")
        novels = re.split(r"^=== .*\n", raw, flags=re.MULTILINE)[1:]
        self.text = "\n\n".join(novels[-self.HELD_OUT :] if held_out else novels[: -self.HELD_OUT])

    def sentences(self, r: random.Random, letters: int) -> list[str]:
        """Whole sentences from somewhere, each with the white space before it; about `letters` letters."""
        start = r.randrange(max(1, len(self.text) - letters - 4000))
        piece = self.text[start : start + letters + 4000]
        piece = piece[max(0, piece.find("\n\n")) :].lstrip()
        out: list[str] = []
        length = 0
        for match in SENTENCE.finditer(piece):
            if length > letters:
                break
            space = "\n\n" if "\n" in match[1] else " "
            out.append(space + re.sub(r"\s+", " ", match[2]))
            length += len(match[0])
        return out


# Up to a full stop, question or exclamation mark and what closes a quotation, before white space.
SENTENCE = re.compile(r"(\s*)(\S.*?[.!?][\"'\u201d\u2019)]*(?=\s)|\S.*?(?=\n\n|\Z))", re.DOTALL)


def paragraphs(r: random.Random, told: list[Segment], low: int = 3, high: int = 7) -> list[Segment]:
    """Sentences as paragraphs of `low` to `high`."""
    out: list[Segment] = []
    left = 0
    for s in told:
        space = "" if not out else "\n\n" if left == 0 else " "
        left = r.randint(low, high) if left == 0 else left
        left -= 1
        out.append(Segment(space + s.text, s.fact))
    return out


def mixed(r: random.Random, told: list[Segment], others: list[Segment]) -> list[Segment]:
    every = told + others
    r.shuffle(every)
    return every


def plain(r: random.Random, told: list[Segment], others: int) -> list[Segment]:
    return paragraphs(r, mixed(r, told, [Segment(filler(r)) for _ in range(others)]))


def story(r: random.Random, told: list[Segment], others: int) -> list[Segment]:
    prose = [Segment(speech(r) if r.random() < 0.4 else filler(r)) for _ in range(others)]
    return paragraphs(r, mixed(r, told, prose), 2, 8)


def ships_log(r: random.Random, told: list[Segment], others: int) -> list[Segment]:
    """Days one after the other, each with its weather."""
    entries = mixed(r, told, [Segment(filler(r)) for _ in range(others * 2 // 3)])
    out: list[Segment] = []
    day = r.randint(1, 40)
    while entries:
        out.append(Segment(f"{chr(10) * 2 if out else ''}Day {day}. {weather(r)}"))
        day += r.randint(1, 3)
        for _ in range(r.randint(1, 4)):
            if entries:
                s = entries.pop()
                out.append(Segment(f" {s.text}", s.fact))
    return out


def register(r: random.Random, told: list[Segment], others: int) -> list[Segment]:
    """Numbered lines under the name of a town."""
    entries = mixed(r, told, [Segment(filler(r)) for _ in range(others)])
    out = [Segment(f"Register of the town of {draw(r, 'place')}.")]
    for i, s in enumerate(entries):
        out.append(Segment(f"\n{i + 1}."))
        out.append(Segment(f" {s.text}", s.fact))
    return out


def chapters(r: random.Random, told: list[Segment], others: int) -> list[Segment]:
    """Like a novel, of our own words: long sentences, talk, and chapters. For the page's sample; nothing is trained on it."""
    prose = [Segment(speech(r) if r.random() < 0.3 else long_sentence(r)) for _ in range(others * 3 // 5)]
    entries, out = mixed(r, told, prose), []
    for number, start in enumerate(range(0, len(entries), 40), 1):
        heading = f"{chr(10) * 2 if out else ''}CHAPTER {number}\n\n"
        first, *rest = paragraphs(r, entries[start : start + 40], 3, 9)
        out += [Segment(heading), first, *rest]
    return out


def long_sentence(r: random.Random) -> str:
    first, second = filler(r)[:-1], filler(r)
    return f"{first}{r.choice((', and', '; but', ', for', '; and then'))} {second[0].lower()}{second[1:]}"


STYLES = {"plain": plain, "story": story, "log": ships_log, "register": register, "chapters": chapters}
# Letters of an average generated sentence with its space; and how many letters of sentences to ask for to get a token of the
# whole, as measured: less where a style adds text of its own.
SENTENCE_LETTERS = 50
LETTERS_PER_TOKEN = {"plain": 4.0, "story": 4.25, "log": 3.45, "register": 3.2, "novel": 3.25, "chapters": 3.95}


def novel(r: random.Random, told: list[Segment], letters: int, novels: Novels) -> list[Segment]:
    """Running text of a novel, facts between its sentences."""
    out = [Segment(s) for s in novels.sentences(r, letters)]
    for s in told:
        out.insert(r.randint(1, len(out)) if out else 0, Segment(f" {s.text}", s.fact))
    out[0] = Segment(out[0].text.lstrip(), out[0].fact)
    return out


@dataclass(frozen=True)
class Request:
    tokens: int
    """About how long, with the tokenizer of this folder."""
    share: tuple[float, float] = (0.2, 0.8)
    """Between which shares of the text tell facts."""
    styles: tuple[str, ...] = ("plain", "story", "log", "register", "novel")
    linked: float = 0.3
    narrow: float = 0.3
    """How often values repeat, so that they can be counted."""
    kinds: tuple[str, ...] = tuple(KINDS)
    """Of things told of."""


def document(r: random.Random, request: Request, novels: Novels | None = None) -> Document:
    styles = [s for s in request.styles if s != "novel" or novels]
    style = r.choice(styles)
    letters = int(request.tokens * LETTERS_PER_TOKEN[style])
    share = r.uniform(*request.share)
    told = facts(r, max(2, int(letters * share / SENTENCE_LETTERS)), request.linked, r.random() < request.narrow, request.kinds)
    segments = [Segment(f.sentence, i) for i, f in enumerate(told)]
    others = letters - sum(len(f.sentence) + 1 for f in told)
    if style == "novel" and novels:
        return Document(novel(r, segments, max(0, others), novels), told)
    return Document(STYLES[style](r, segments, max(0, others) // SENTENCE_LETTERS), told)
