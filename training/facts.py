"""Invented facts: things with names drawn from an open set, what is said of them, and how it is asked for.

Names, numbers and codes are drawn afresh for each document, so an answer can come from the document alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

ONSETS = "b br c cl d dr f fl g gr h j k l m n p pr qu r s sh st t th tr v w z".split()
VOWELS = "a e i o u a e i o ai ea ou".split()
CODAS = "l n r s t nd rn th m x ck ll".split()
ENDINGS = "a en is or an el on us ia er in o y".split()
PLACES = "ford wick ton mere holm bury stead gate haven moor".split()
COLORS = "red blue green amber violet white black silver golden crimson teal orange pink grey brown scarlet".split()
ANIMALS = "cat dog parrot goat fox raven turtle horse rabbit owl ferret donkey goose otter lizard hedgehog".split()
FOODS = (
    "plum soup,rye bread,smoked eel,goat cheese,honey cake,lentil stew,apple pie,roast chestnuts,fish broth,"
    "barley porridge,pickled beets,mushroom pie,black beans,walnut tart,onion soup,fresh figs"
).split(",")
JOBS = (
    "baker carpenter surgeon clockmaker farmer painter teacher weaver sailor judge miner gardener potter printer "
    "glassblower astronomer"
).split()
CARGOES = "salt,copper,timber,wool,tea,marble,grain,silk,coal,olive oil,iron,paper,spices,glass,cotton,tin".split(",")
TASKS = (
    "sweeping the halls,counting seeds,sorting letters,mending nets,guarding the gate,watering plants,"
    "polishing lenses,carrying stones"
).split(",")
ADJECTIVES = (
    "quiet bright hollow northern silver old broken gentle iron amber distant early frozen hidden lucky narrow painted "
    "restless royal salty secret stormy sunken tall velvet wandering wild windy wooden young"
).split()
NOUNS = (
    "falcon lantern harbor meadow compass orchard anchor willow ember canyon thistle beacon river summit mirror kettle "
    "badger comet cradle dagger feather glacier hammer island jewel ladder marsh needle oak pebble raven saddle tower "
    "valley whistle"
).split()


def syllables(r: random.Random, count: int) -> str:
    return "".join(
        r.choice(ONSETS) + r.choice(VOWELS) + (r.choice(CODAS) if r.random() < 1 / 3 else "") for _ in range(count)
    )


def person(r: random.Random) -> str:
    return f"{(syllables(r, 1) + r.choice(ENDINGS)).capitalize()} {syllables(r, r.choice((1, 2))).capitalize()}"


def place(r: random.Random) -> str:
    return (syllables(r, 1) + r.choice(PLACES)).capitalize()


def title(r: random.Random) -> str:
    return f"{r.choice(ADJECTIVES).capitalize()} {r.choice(NOUNS).capitalize()}"


def digits(r: random.Random, count: int) -> str:
    return "".join(r.choice("0123456789") for _ in range(count))


def year(r: random.Random) -> str:
    return str(r.randint(1500, 2020))


def number(r: random.Random) -> str:
    return str(r.randint(11, 999))


def code(r: random.Random) -> str:
    return digits(r, r.choice((4, 5, 6)))


def serial(r: random.Random) -> str:
    return "".join(r.choice("ABCDEFGHKLMNPRSTVWXZ") for _ in range(2)) + "-" + digits(r, 3)


Draw = Callable[[random.Random], str]


@dataclass(frozen=True)
class Attribute:
    """{e} stands for the thing, {v} for the value."""

    value: Draw | list[str]
    """A list is a closed set: its members can be counted."""
    facts: tuple[str, ...]
    questions: tuple[str, ...]
    role: str = ""
    """How a person is spoken of through this attribute: "the keeper of the {e}"."""
    count: str = ""
    """A question that counts the things with this value."""
    answer: str = "It is {v}."
    """A word or two come first, so that a value is spelled in the same tokens as in the document."""

    def draw(self, r: random.Random) -> str:
        return r.choice(self.value) if isinstance(self.value, list) else self.value(r)


@dataclass(frozen=True)
class Kind:
    name: Draw
    attributes: dict[str, Attribute]


def say(value: Draw | list[str], facts: str, questions: str, role: str = "", count: str = "", answer: str = "It is {v}.") -> Attribute:
    return Attribute(value, tuple(facts.split("|")), tuple(questions.split("|")), role, count, answer)


KINDS: dict[str, Kind] = {
    "lighthouse": Kind(lambda r: f"{place(r)} Lighthouse", {
        "keeper": say(person, "The keeper of the {e} is {v}.|{v} keeps the {e}.|The {e} has been kept by {v} for years.",
                      "Who is the keeper of the {e}?|Who keeps the {e}?", role="the keeper of the {e}"),
        "built": say(year, "The {e} was built in {v}.|Builders finished the {e} in {v}.",
                     "When was the {e} built?|In which year was the {e} built?", answer="In {v}."),
        "lamp": say(COLORS, "The lamp of the {e} is {v}.|At night the {e} shows a {v} lamp.",
                    "What color is the lamp of the {e}?", count="How many lighthouses have a {v} lamp?"),
        "height": say(number, "The {e} stands {v} feet tall.|The height of the {e} is {v} feet.",
                      "How tall is the {e} in feet?|What is the height of the {e}?", answer="It is {v} feet."),
    }),
    "ship": Kind(lambda r: f"ship {title(r)}", {
        "captain": say(person, "The captain of the {e} is {v}.|{v} commands the {e}.",
                       "Who is the captain of the {e}?|Who commands the {e}?", role="the captain of the {e}"),
        "cargo": say(CARGOES, "The {e} carries {v}.|The hold of the {e} is full of {v}.",
                     "What does the {e} carry?|What is the cargo of the {e}?", count="How many ships carry {v}?", answer="It carries {v}."),
        "port": say(place, "The home port of the {e} is {v}.|The {e} sails from {v}.",
                    "What is the home port of the {e}?|Where does the {e} sail from?"),
        "crew": say(number, "The {e} has a crew of {v}.|A crew of {v} works on the {e}.", "How large is the crew of the {e}?", answer="A crew of {v}."),
    }),
    "person": Kind(person, {
        "job": say(JOBS, "{e} works as a {v}.|By trade, {e} is a {v}.", "What is the job of {e}?|What does {e} work as?",
                   count="How many people work as a {v}?", answer="A {v}."),
        "home": say(place, "{e} lives in {v}.|The home of {e} is in {v}.", "Where does {e} live?|Where is the home of {e}?", answer="In {v}."),
        "pet": say(ANIMALS, "{e} has a pet {v}.|The pet of {e} is a {v}.", "What pet does {e} have?|What is the pet of {e}?",
                   count="How many people have a pet {v}?", answer="A {v}."),
        "food": say(FOODS, "The favorite food of {e} is {v}.|{e} loves to eat {v}.",
                    "What is the favorite food of {e}?|What does {e} love to eat?"),
        "born": say(year, "{e} was born in {v}.|The birth year of {e} is {v}.",
                    "When was {e} born?|In which year was {e} born?", answer="In {v}."),
    }),
    "vault": Kind(lambda r: f"{r.choice(ADJECTIVES)} {r.choice(NOUNS)} vault", {
        "code": say(code, "The access code of the {e} is {v}.|To open the {e}, use the code {v}.",
                    "What is the access code of the {e}?|Which code opens the {e}?"),
        "owner": say(person, "The owner of the {e} is {v}.|{v} owns the {e}.", "Who is the owner of the {e}?|Who owns the {e}?",
                     role="the owner of the {e}"),
        "door": say(COLORS, "The door of the {e} is {v}.|A {v} door leads into the {e}.", "What color is the door of the {e}?",
                    count="How many vaults have a {v} door?"),
    }),
    "robot": Kind(lambda r: f"robot {syllables(r, 2).capitalize()}", {
        "serial": say(serial, "The serial number of the {e} is {v}.|On the back of the {e} is stamped {v}.",
                      "What is the serial number of the {e}?"),
        "maker": say(person, "The {e} was made by {v}.|{v} made the {e}.", "Who made the {e}?", role="the maker of the {e}"),
        "task": say(TASKS, "The task of the {e} is {v}.|The {e} spends its days {v}.", "What is the task of the {e}?"),
    }),
    "book": Kind(lambda r: f"book The {title(r)}", {
        "author": say(person, "The author of the {e} is {v}.|{v} wrote the {e}.", "Who is the author of the {e}?|Who wrote the {e}?",
                      role="the author of the {e}"),
        "year": say(year, "The {e} was printed in {v}.|Printers first set the {e} in {v}.", "When was the {e} printed?", answer="In {v}."),
        "pages": say(number, "The {e} has {v} pages.|There are {v} pages in the {e}.", "How many pages does the {e} have?", answer="It has {v} pages."),
    }),
    "inn": Kind(lambda r: f"{title(r)} Inn", {
        "host": say(person, "The {e} is run by {v}.|{v} is the host of the {e}.", "Who runs the {e}?|Who is the host of the {e}?",
                    role="the host of the {e}"),
        "town": say(place, "The {e} is in {v}.|You find the {e} in {v}.", "Where is the {e}?|In which town is the {e}?", answer="In {v}."),
        "rooms": say(number, "The {e} has {v} rooms.|There are {v} rooms in the {e}.", "How many rooms does the {e} have?", answer="It has {v} rooms."),
        "dish": say(FOODS, "The {e} serves {v}.|Guests of the {e} are given {v}.", "What does the {e} serve?",
                    count="How many inns serve {v}?", answer="It serves {v}."),
    }),
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
        return self.about.answer.format(v=self.value)


def sentence_case(text: str) -> str:
    """The first letter large, the others as they are (str.capitalize makes those small)."""
    return text[0].upper() + text[1:]


def fact(r: random.Random, kind: str, entity: str, attribute: str, value: str) -> Fact:
    form = r.choice(KINDS[kind].attributes[attribute].facts)
    before = form[: form.index("{v}")].format(e=entity)
    return Fact(kind, entity, attribute, value, sentence_case(form.format(e=entity, v=value)), len(before))


def facts(r: random.Random, count: int, linked: float = 0.0, narrow: bool = False) -> list[Fact]:
    """`count` facts, one to four of them on a thing, and no thing named twice.

    linked: how often a person that a fact names is told of too, for questions in two steps.
    narrow: closed values come from three each, so that some are shared and can be counted."""
    few = {id(a.value): r.sample(a.value, 3) for k in KINDS.values() for a in k.attributes.values() if isinstance(a.value, list)}
    out: list[Fact] = []
    used: set[str] = set()
    waiting: list[str] = []
    while len(out) < count:
        kind = "person" if waiting else r.choice(list(KINDS))
        entity = waiting.pop() if waiting else KINDS[kind].name(r)
        if entity in used:
            continue
        used.add(entity)
        names = list(KINDS[kind].attributes)
        for attribute in r.sample(names, min(len(names), r.randint(1, 4), count - len(out))):
            a = KINDS[kind].attributes[attribute]
            value = r.choice(few[id(a.value)]) if narrow and isinstance(a.value, list) else a.draw(r)
            out.append(fact(r, kind, entity, attribute, value))
            if a.role and r.random() < linked:
                waiting.append(value)
    return out
