"""Relations: what a spoken line can state of its subject, and how people ask for it.

The phrasings of these and of all other questions are in `phrasings.toml`.
"""

import random
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from agent.evaluation.vocabulary import NUMBERS, WORDS

_FILE = files("agent.evaluation") / "phrasings.toml"
_PHRASINGS: dict[str, Any] = tomllib.loads(_FILE.read_text("utf-8"))
QUESTIONS: dict[str, tuple[str, Sequence[str]]] = {
    name: (kind, phrasings)
    for kind, group in _PHRASINGS["questions"].items()
    for name, phrasings in group.items()
}
"""Kind and phrasings of each question."""
Draw = Callable[[random.Random], tuple[str, str]]
"""Draws what is said as the value of a fact, and the word that a right answer must contain."""


@dataclass(frozen=True)
class Relation:
    """Statements with {s} for the subject and {v} for the value, and questions with {s}.

    No statement of any relation answers the unanswerable questions.
    """

    subjects: Sequence[str]
    draw: Draw
    statements: Sequence[str]
    questions: Sequence[str]
    unanswerable: Sequence[str] = ()


def _pair(values: Sequence[tuple[str, str]]) -> Draw:
    return lambda rng: rng.choice(values)


def _word(values: Sequence[str]) -> Draw:
    return _pair([(value, value) for value in values])


def _number(low: int, high: int) -> Draw:
    return _pair([(NUMBERS.get(n, str(n)), str(n)) for n in range(low, high + 1)])


_person = _pair([(name, name.split()[0]) for name in WORDS["people"]])


def _clock(rng: random.Random) -> tuple[str, str]:
    said = f"{rng.randint(8, 20)}:{rng.choice((0, 10, 15, 20, 30, 40, 45, 50)):02}"
    return said, said


_DRAWS: dict[str, tuple[Sequence[str], Draw]] = {
    "price": (WORDS["things"], _number(12, 95)),
    "weight": (WORDS["things"], _number(3, 80)),
    "origin": (WORDS["things"], _word(WORDS["towns"])),
    "buyer": (WORDS["things"], _person),
    "material": (WORDS["things"], _word(WORDS["materials"])),
    "repair": (WORDS["things"], _pair(WORDS["reasons"])),
    "role": (WORDS["roles"], _person),
    "childhood": (WORDS["people"], _word(WORDS["towns"])),
    "age": (WORDS["people"], _number(21, 90)),
    "favourite": (WORDS["people"], _word(WORDS["foods"])),
    "journey": (WORDS["people"], _word(WORDS["towns"])),
    "service": (WORDS["people"], _number(3, 45)),
    "start": (WORDS["events"], _clock),
    "venue": (WORDS["events"], _word(WORDS["places"])),
    "storage": (WORDS["stored"], _word(WORDS["places"])),
    "stock": (WORDS["stored"], _number(7, 99)),
    "opening": (WORDS["buildings"], _number(1870, 1999)),
}
RELATIONS = {
    name: Relation(subjects, draw, **_PHRASINGS["relations"][name])
    for name, (subjects, draw) in _DRAWS.items()
}
