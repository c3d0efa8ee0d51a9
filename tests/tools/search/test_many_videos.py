"""A video is found and answered the same alone and beside fifty others and a two-hour talk."""

import random
import re
from pathlib import Path

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tests.tools.store.made import Cue, write_words
from tools.library import Library
from tools.search import chroma
from tools.toolbox import Toolbox

COMMON = str.split("""
water house people time work year day way man world life hand part child eye woman place week case
point company group problem fact night road money story month lot right study book side kind head
open small large early young important public same able high long great little own old big good
""")
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "il")]
ASKED, OTHERS, TALK = 4, 50, 1800
"""Videos that are asked about, videos beside them, and cues of the talk."""
QUESTIONS = 50
"""Questions about each of them."""


def own_words(title: str) -> list[str]:
    drawn = random.Random(title)
    return ["".join(drawn.choices(SYLLABLES, k=4)) for _ in range(20)]


def cues(title: str, count: int) -> list[Cue]:
    drawn, own = random.Random(f"cues of {title}"), own_words(title)
    made: list[Cue] = []
    for number in range(count):
        words = [*drawn.sample(COMMON, 6), *drawn.sample(own, 2)]
        drawn.shuffle(words)
        made.append((number * 4.0, number * 4.0 + 4.0, f"{' '.join(words).capitalize()}."))
    return made


def shown(title: str) -> list[Cue]:
    drawn, own = random.Random(f"lines of {title}"), own_words(title)
    return [(at * 10.0, at * 10.0 + 8, " ".join(drawn.sample(own, 2)).upper()) for at in range(8)]


def questions(title: str) -> list[str]:
    drawn, own = random.Random(f"questions about {title}"), own_words(title)
    return [
        f"What is said about the {drawn.choice(own)} and the {drawn.choice(COMMON)}?"
        for _ in range(QUESTIONS)
    ]


@pytest.fixture(scope="module")
def titles() -> list[str]:
    return [f"Film {number}" for number in range(ASKED)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, titles: list[str]) -> dict[str, Library]:
    made: dict[str, Library] = {}
    for title in titles:
        made[title] = Library(tmp_path_factory.mktemp("alone"))
        write_words(made[title], title, cues(title, 60), shown(title))
        made[title].catalog.sync()
    return made


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory, titles: list[str]) -> Library:
    library = Library(tmp_path_factory.mktemp("crowd"))
    for title in (*titles, *(f"Other {number}" for number in range(OTHERS))):
        write_words(library, title, cues(title, 60), shown(title))
    write_words(library, "Talk", cues("Talk", TALK))
    library.catalog.sync()
    return library


def test_what_is_found_of_a_video_does_not_depend_on_the_others(
    alone: dict[str, Library], crowd: Library
) -> None:
    beside = Toolbox(crowd)
    asked = 0
    for title, library in alone.items():
        own, video = Toolbox(library), library.get(title).id
        for question in questions(title):
            for search in ("search_transcript", "search_screen_text"):
                told = [(one.id, one.score) for one in getattr(own, search)(question)]
                named = getattr(beside, search)(question, videos=[video])
                assert [(one.id, one.score) for one in named] == told
                every = [(one.id, one.score) for one in getattr(beside, search)(question)]
                inside = [one for one in every if video in one[0]]
                assert inside == told[: len(inside)] and (inside or not told)
            asked += 1
    assert asked == ASKED * QUESTIONS


async def test_an_answer_about_a_video_does_not_depend_on_the_others(
    alone: dict[str, Library], crowd: Library
) -> None:
    async def answers(home: Path, asked: list[str]) -> list[tuple[bool, str, list[str]]]:
        told: list[tuple[bool, str, list[str]]] = []
        async with open_agent(Settings(home=home)) as agent:
            for question in asked:
                async for event in ask(agent, question):
                    if isinstance(event, Answer):
                        ids = [one.evidence.id for one in event.evidence]
                        text = re.sub(r"Film \d+ \u00b7 ", "", event.answer)
                        told.append((event.found, text if event.found else "", ids))
        return told

    for title, library in alone.items():
        asked = questions(title)[:5]
        assert await answers(library.home, asked) == await answers(crowd.home, asked)


def test_a_removed_video_leaves_no_byte_in_the_library(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    videos = {t: write_words(library, t, cues(t, 40), shown(t)) for t in ("Film 1", "Film 2")}
    library.catalog.sync()
    chroma.fill(library.catalog, videos.values())
    assert chroma.collection_counts(library.catalog, videos["Film 1"])

    def held() -> bytes:
        files = (path for path in library.root.rglob("*") if path.is_file())
        return b"".join(path.read_bytes() for path in files).lower()

    traces = [word.encode() for word in own_words("Film 1")[:5]] + [videos["Film 1"].encode()]
    assert all(trace in held() for trace in traces)
    library.remove(videos["Film 1"])
    left = held()
    assert not [trace for trace in traces if trace in left]
    assert Toolbox(library).search_transcript(questions("Film 2")[0])
