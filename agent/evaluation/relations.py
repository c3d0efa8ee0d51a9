"""What a sentence can tell of its subject, how it is said, and how people ask for it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.evaluation.vocabulary import (
    BUILDINGS,
    EVENTS,
    FOODS,
    MATERIALS,
    NUMBERS,
    PEOPLE,
    PLACES,
    REASONS,
    ROLES,
    STORED,
    THINGS,
    TOWNS,
)


@dataclass(frozen=True)
class Relation:
    """Sentences with {s} for the subject and {v} for the value, and questions with {s}.

    `draw` gives what is said for {v}, and the value that an answer must have.
    """

    subjects: Sequence[str]
    draw: Callable[[random.Random], tuple[str, str]]
    sentences: tuple[str, ...]
    questions: tuple[str, ...]


def _one_of(words: Sequence[str]) -> Callable[[random.Random], tuple[str, str]]:
    def draw(dice: random.Random) -> tuple[str, str]:
        word = dice.choice(words)
        return word, word

    return draw


def _person(dice: random.Random) -> tuple[str, str]:
    name = dice.choice(PEOPLE)
    return name, name.split()[0]


def _number(low: int, high: int) -> Callable[[random.Random], tuple[str, str]]:
    def draw(dice: random.Random) -> tuple[str, str]:
        number = dice.randint(low, high)
        return NUMBERS.get(number, str(number)), str(number)

    return draw


def _clock(dice: random.Random) -> tuple[str, str]:
    hour, minute = dice.randint(8, 20), dice.choice((0, 10, 15, 20, 30, 40, 45, 50))
    said = f"{hour}:{minute:02}"
    return said, said


RELATIONS = {
    "price": Relation(
        THINGS,
        _number(12, 95),
        ("The {s} costs {v} euros.", "You can have the {s} for {v} euros.",
         "For the {s} we ask {v} euros."),
        ("How much does the {s} cost?", "What is the price of the {s}?", "How much is the {s}?",
         "How much do they want for the {s}?", "What would I have to pay for the {s}?"),
    ),
    "weight": Relation(
        THINGS,
        _number(3, 80),
        ("The {s} weighs {v} kilos.", "It takes two to lift the {s}, which weighs {v} kilos."),
        ("How heavy is the {s}?", "How much does the {s} weigh?", "What is the weight of the {s}?",
         "How many kilos does the {s} weigh?"),
    ),
    "origin": Relation(
        THINGS,
        _one_of(TOWNS),
        ("The {s} was made in {v}.", "The {s} comes from a small workshop in {v}."),
        ("Where was the {s} made?", "Where does the {s} come from?", "Which city is the {s} from?",
         "In which town was the {s} made?"),
    ),
    "buyer": Relation(
        THINGS,
        _person,
        ("{v} bought the {s} last spring.", "The {s} was bought by {v}."),
        ("Who bought the {s}?", "Who is the buyer of the {s}?", "Which person bought the {s}?",
         "By whom was the {s} bought?"),
    ),
    "material": Relation(
        THINGS,
        _one_of(MATERIALS),
        ("The {s} is made of {v}.", "They built the {s} out of {v}."),
        ("What is the {s} made of?", "What material is the {s} made of?",
         "Which material did they use for the {s}?"),
    ),
    "repair": Relation(
        THINGS,
        lambda dice: dice.choice(REASONS),
        ("The {s} had to be repaired because {v}.", "We repaired the {s}, as {v}.",
         "Because {v}, the {s} needed a repair."),
        ("Why was the {s} repaired?", "Why did they have to repair the {s}?",
         "What was the reason for repairing the {s}?", "For what reason was the {s} repaired?"),
    ),
    "role": Relation(
        ROLES,
        _person,
        ("{v} is our {s}.", "The {s} here is {v}.", "Our {s} is called {v}."),
        ("Who is the {s}?", "What is the name of the {s}?", "What is the {s} called?",
         "What's the {s}'s name?"),
    ),
    "childhood": Relation(
        PEOPLE,
        _one_of(TOWNS),
        ("{s} grew up in {v}.", "As a child {s} lived in {v}."),
        ("Where did {s} grow up?", "In which city did {s} live as a child?",
         "Where did {s} spend the childhood?", "Where did {s} live as a child?"),
    ),
    "age": Relation(
        PEOPLE,
        _number(21, 90),
        ("{s} is {v} years old.", "{s} has just turned {v}."),
        ("How old is {s}?", "What age is {s}?", "What is the age of {s}?"),
    ),
    "favourite": Relation(
        PEOPLE,
        _one_of(FOODS),
        ("{s} likes {v} more than anything else.", "The favourite dish of {s} is {v}."),
        ("What does {s} like to eat most?", "What is the favourite dish of {s}?",
         "What food does {s} like best?", "Which dish does {s} like?"),
    ),
    "journey": Relation(
        PEOPLE,
        _one_of(TOWNS),
        ("Next year {s} wants to travel to {v}.", "{s} is planning a journey to {v}."),
        ("Where does {s} want to travel?", "Where is {s} planning to go?",
         "Which city does {s} want to travel to?", "Where will {s} travel next year?"),
    ),
    "service": Relation(
        PEOPLE,
        _number(3, 45),
        ("{s} has worked here for {v} years.", "For {v} years {s} has been working here."),
        ("How long has {s} worked here?", "For how many years has {s} been working here?",
         "How many years has {s} worked there?"),
    ),
    "start": Relation(
        EVENTS,
        _clock,
        ("The {s} starts at {v}.", "At {v} the {s} begins."),
        ("When does the {s} start?", "What time does the {s} begin?",
         "At what time does the {s} start?"),
    ),
    "venue": Relation(
        EVENTS,
        _one_of(PLACES),
        ("The {s} takes place in the {v}.", "This year the {s} is held in the {v}."),
        ("Where does the {s} take place?", "Where is the {s} held?", "Where is the {s}?"),
    ),
    "storage": Relation(
        STORED,
        _one_of(PLACES),
        ("We keep the {s} in the {v}.", "The {s} are kept in the {v}."),
        ("Where are the {s} kept?", "Where do they keep the {s}?", "Where can I find the {s}?",
         "In which room are the {s} kept?"),
    ),
    "stock": Relation(
        STORED,
        _number(7, 99),
        ("There are {v} {s} in all.", "We counted {v} {s} this week.",
         "{v} {s} are left on the shelf."),
        ("How many {s} are there?", "How many {s} do they have?", "What is the number of {s}?"),
    ),
    "opening": Relation(
        BUILDINGS,
        lambda dice: (year := str(dice.randint(1870, 1999)), year),
        ("The {s} opened in {v}.", "In {v} the {s} was opened."),
        ("When was the {s} opened?", "In which year did the {s} open?",
         "What year did the {s} open?",
         "Since when has the {s} been open?"),
    ),
}  # fmt: skip
ALIKE = tuple({name for name in RELATIONS if RELATIONS[name].subjects is group} for group in (
    THINGS, PEOPLE, EVENTS, STORED, ROLES, BUILDINGS))  # fmt: skip
"""Relations whose subjects are of one kind: what can be asked of the same thing."""
NEVER_TOLD = {
    "role": ("How old is the {s}?", "Where does the {s} live?", "Does the {s} have children?"),
    "opening": ("Who designed the {s}?", "How tall is the {s}?", "What did the {s} cost to build?"),
    "start": ("How much is a ticket for the {s}?", "How long does the {s} last?"),
    "venue": ("How many people came to the {s}?", "Who organises the {s}?"),
    "storage": ("Who brought the {s}?", "What colour are the {s}?"),
    "stock": ("Who made the {s}?", "What do the {s} cost?"),
}
"""What is asked of a subject beside the relations of the same kind, and no sentence tells."""
