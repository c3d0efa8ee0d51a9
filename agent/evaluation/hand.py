"""Hands: people who make films and ask about them, each in words of their own.

A hand is one file of `hands/`. `[words]` lists what its films are made of. A table of `[said]` or
`[written]` is a relation: its `subjects` and `values` are names of lists, or values are a range of
numbers, "clock" or "price"; `tells` states {v} of {s}, `asks` asks for it, and no film answers what
stands in `adjacent`. What a right answer must contain of a value stands between asterisks, where it
is not all of it. Tables of `[questions]` are all other questions, by kind and name. `casual` is the
share of questions without capitals and question marks, `slips` of those with two letters swapped.
"""

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from tools.text import numbers

HANDS = ("complaints", "editor", "guard", "learner", "pupil")
HELD_OUT = HANDS[0]
"""The hand whose misses are not looked at; its figure is the published one."""
NUMBERS = {number: word for word, number in numbers.NUMBERS.items() if 2 <= number <= 20}
_KEY = re.compile(r"\*(.+?)\*")


@dataclass(frozen=True)
class Relation:
    """A fact of the subjects of a film, in speech or in writing, and questions for it."""

    kind: Literal["said", "written"]
    subjects: str
    values: str | Sequence[int]
    tells: Sequence[str]
    asks: Sequence[str]
    adjacent: Sequence[str] = ()


@dataclass(frozen=True)
class Hand:
    """Words, relations and questions of one hand; a question has its kind and its phrasings."""

    words: Mapping[str, Sequence[str]]
    relations: Mapping[str, Relation]
    questions: Mapping[str, tuple[str, Sequence[str]]]
    times: Sequence[str]
    casual: float
    slips: float

    def names(self, kind: str) -> list[str]:
        """Names of the relations that are told in speech, or in writing."""
        return [name for name, relation in self.relations.items() if relation.kind == kind]

    def subjects(self, relation: str) -> list[str]:
        """Everything that a relation can be about; signs are in capitals, questions are not."""
        told = self.relations[relation]
        texts = [text.replace("*", "") for text in self.words[told.subjects]]
        return texts if told.kind == "said" else [text.lower() for text in texts]

    def draw(self, relation: str, rng: random.Random) -> tuple[str, str]:
        """Draw what is told as the value, and what a right answer must contain of it."""
        values, spelled = self.relations[relation].values, self.relations[relation].kind == "said"
        if values == "clock":
            told = f"{rng.randint(8, 20)}:{rng.choice((0, 10, 15, 20, 30, 40, 45, 50)):02}"
        elif values == "price":
            told = f"{rng.randint(11, 99) / 10:.2f}"
        elif isinstance(values, str):
            told = rng.choice(self.words[values])
        else:
            number = rng.randint(*values)
            return NUMBERS.get(number, str(number)) if spelled else str(number), str(number)
        key = _KEY.search(told)
        return told.replace("*", ""), key[1] if key else told

    def typed(self, text: str, rng: random.Random) -> str:
        """A question as this hand types it."""
        if rng.random() < self.casual:
            text = text.lower().rstrip("?.")
        places = [match.start() for match in re.finditer(r"(?<=[a-z])[a-z]{2}(?=[a-z])", text)]
        if places and rng.random() < self.slips:
            at = rng.choice(places)
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text


@cache
def load_hand(name: str) -> Hand:
    """The hand of this name."""
    file = files("agent.evaluation") / "hands" / f"{name}.toml"
    table: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    relations = {
        name: Relation(kind, **fields)
        for kind in ("said", "written")
        for name, fields in table.pop(kind).items()
    }
    questions = {
        name: (kind, phrasings)
        for kind, group in table.pop("questions").items()
        for name, phrasings in group.items()
    }
    return Hand(relations=relations, questions=questions, **table)
