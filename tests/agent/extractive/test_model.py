"""The whole agent without a language model, on the sample, whose truth is known."""

import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.extractive.quote import nth
from agent.extractive.reference import Referring, resolve
from agent.settings import Settings
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence
from tools.toolbox import Toolbox

pytestmark = pytest.mark.xdist_group("lighthouse")
Talk = Callable[..., Awaitable[list[Answer]]]
TRUTH = json.loads((Path(__file__).parents[3] / "samples" / "lighthouse.json").read_text())
TIME = re.compile(r"\b\d+:\d\d(?:\.\d)?\b")


@pytest.fixture(scope="module")
def box(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    """The sample, indexed once for all files and processes of a run."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    library = Library(base / "lighthouse")
    ingest(library, sample)  # waits for, and keeps, what another process makes
    return Toolbox(library)


@pytest.fixture
def talk(box: Toolbox) -> Talk:
    """Ask some questions one after another; every answer is checked for what holds of all."""

    async def run(*questions: str) -> list[Answer]:
        answers: list[Answer] = []
        thread: str | None = None
        async with open_agent(Settings(home=box.library.home), toolbox=box) as agent:
            for question in questions:
                *_, last = [event async for event in ask(agent, question, thread=thread)]
                assert isinstance(last, Answer)
                answers.append(last)
                thread = last.thread
        for one in answers:
            check(one)
        check_handles(answers)
        return answers

    return run


def check(answer: Answer) -> None:
    """Every time is cited, every quotation is in its evidence, nothing is found without any."""
    cited = {one.handle: one.evidence for one in answer.evidence}
    assert answer.found == bool(cited)
    assert len(answer.coverage) == 1
    assert set(map(int, re.findall(r"\[(\d+)\]", answer.answer))) == set(cited)
    assert {handle for claim in answer.claims for handle in claim.citations} == set(cited)
    rest = answer.answer.split("\n\nLooked at")[0]
    for claim in answer.claims:
        for quote in re.findall(r'"([^"]+)"', claim.text):
            assert any(quote in cited[handle].text for handle in claim.citations), quote
        assert claim.verdict != "unsupported"
    for sentence in re.split(r"(?<=\])\.\s+", rest):
        if TIME.search(sentence):
            assert re.search(r"\[\d+\]\.?$", sentence.strip()), sentence
    if not answer.found:
        assert answer.claims == () and not TIME.search(rest)
        assert "Looked at" in answer.answer


def check_handles(answers: list[Answer]) -> None:
    """A handle stands for one piece of evidence for ever, and a piece has one handle."""
    pairs = {(c.handle, c.evidence.id) for a in answers for c in (*a.evidence, *a.nearest)}
    assert len({handle for handle, _ in pairs}) == len({id for _, id in pairs}) == len(pairs)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_the_last_and_the_nth_of_a_list_that_may_be_shorter(length: int) -> None:
    found = list(range(1, length + 1))
    assert nth(found, -1) == found[-1:] and nth(found, 2) == found[1:2]


def only(answer: Answer) -> Evidence:
    (cited,) = answer.evidence
    return cited.evidence


def start(answer: Answer) -> float:
    return only(answer).start


@pytest.mark.parametrize(
    ("question", "begins", "words"),
    [
        ("What does she say about Paris?", 37.8, "made in Paris"),
        ("who has kept the lamp?", 27.6, "Ada"),
        ("How many steps does Ada climb?", 32.2, "one hundred and twelve"),
        ("how many fishermen does she carry?", 22.6, "two fishermen"),
        ("How heavy is the glass?", 37.8, "two tons"),
        ("when does the sun go down?", 75.2, "behind Stone Island"),
        ("What is told about the sailors?", 42.0, "from far away"),
        ("what colour is the boat that sails out at noon?", 17.8, "red boat"),
    ],
)
async def test_what_is_said(talk: Talk, question: str, begins: float, words: str) -> None:
    (answer,) = await talk(question)
    one = only(answer)
    assert (one.kind, one.start) == ("speech", begins)
    assert words in answer.answer


@pytest.mark.parametrize(
    ("question", "inside", "words"),
    [
        ("What does the slide say about the range?", (37.4, 46.0), "24 nautical miles"),
        ("Where can I read about channel 12?", (58.0, 64.0), "channel 12"),
        ("when does it say closed on Mondays?", (91.5, 98.0), "closed on Mondays"),
        ("what is written on the pier?", (0.0, 9.0), "PIER 2"),
    ],
)
async def test_what_is_to_be_read(
    talk: Talk, question: str, inside: tuple[float, float], words: str
) -> None:
    (answer,) = await talk(question)
    one = only(answer)
    assert one.kind == "screen" and words in answer.answer
    assert inside[0] - 0.5 <= (one.start + one.end) / 2 <= inside[1] + 0.5


async def test_first_last_and_every_mention(talk: Talk) -> None:
    first, last, often = await talk(
        "When is the first mention of Marigold?", "and the last time?", "how often?"
    )
    assert start(first) == 17.8 and start(last) == 64.8
    assert [c.evidence.start for c in often.evidence] == [17.8, 64.8]
    assert "twice" in often.answer
    (horn,) = await talk("How often is the fog horn mentioned?")
    assert [c.evidence.start for c in horn.evidence] == [46.6, 83.4]
    (pots,) = await talk("every time forty crab pots are mentioned")
    assert [c.evidence.start for c in pots.evidence] == [22.6, 69.4]
    (island,) = await talk("When is Stone Island mentioned for the last time?")
    assert start(island) == 75.2


async def test_the_nth_of_them(talk: Talk) -> None:
    _, second, third = await talk(
        "when is the fog horn mentioned for the first time?", "and the second?", "and the third?"
    )
    assert start(second) == 83.4
    assert not third.found and "twice" in third.answer


async def test_cuts_and_scenes(talk: Talk) -> None:
    (last,) = await talk("when is the last cut?")
    assert start(last) == 91.0 and last.claims[0].verdict == "verified"
    _, longest, said = await talk("list the scenes", "which is the longest?", "what is said in it?")
    assert start(longest) == 46.0 and "11.0 seconds" in longest.answer
    assert [c.evidence.start for c in said.evidence] == [46.6, 53.4]
    (inside,) = await talk("what is said about gulls in the first scene?")
    assert start(inside) == 5.0
    (written,) = await talk("what is written in scene 5?")
    assert "Built in 1887" in written.answer and len(written.evidence) == 3
    (none,) = await talk("when is scene 40?")
    assert not none.found and "only 11 scenes" in none.answer


async def test_words_that_only_mean_the_same(talk: Talk) -> None:
    (shut,) = await talk("which day of the week is the place shut?")
    assert "closed on Mondays" in shut.answer
    assert 'The word "shut" never occurs.' in shut.answer
    (years,) = await talk("For how many years has Ada been doing her job?")
    assert start(years) == 27.6


async def test_which_comes_first(talk: Talk) -> None:
    (answer,) = await talk("Which comes first, the storm warning or the crab pots?")
    assert [c.evidence.start for c in answer.evidence] == [22.6, pytest.approx(57.0, abs=0.5)]
    assert 'So "crab pots" comes before "storm warning".' in answer.answer
    (answer,) = await talk("Is Ada mentioned before the ferry?")
    assert 'So "ferry" comes before "ada".' in answer.answer
    (absent,) = await talk("What is shown earlier: Paris or a submarine?")
    assert not absent.found and '"submarine" never occurs' in absent.answer
    assert [c.evidence.start for c in absent.nearest] == [37.8]


async def test_colour_and_light(talk: Talk) -> None:
    orange, said = await talk("When is it mostly orange?", "what is said there?")
    assert (only(orange).kind, only(orange).start) == ("frame", 0.0) and only(orange).end <= 9.0
    assert {c.evidence.start for c in said.evidence} == {0.8, 5.0}
    (dark,) = await talk("Which is the darkest part?")
    assert 81.0 <= only(dark).start <= only(dark).end <= 91.0
    (red,) = await talk("when is the picture mostly red?")
    assert 73.6 <= only(red).start <= only(red).end <= 82.8


async def test_chapters_and_highlights_are_told_with_their_spans(talk: Talk) -> None:
    chapters, highlights = await talk("What are the chapters?", "And the highlights?")
    assert chapters.found and highlights.found
    assert {claim.verdict for claim in chapters.claims} == {"verified"}
    spans = [(cited.evidence.start, cited.evidence.end) for cited in chapters.evidence]
    assert len(spans) > 1 and spans[0][0] == 0.0
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert "chapter 1 of" in chapters.answer and "loud" in highlights.answer


async def test_a_summary_cites_each_of_its_sentences(talk: Talk) -> None:
    answer, again = await talk("Summarise the video", "what was said in [2]?")
    assert answer.found and len(answer.claims) >= 4
    assert all(len(claim.citations) == 1 for claim in answer.claims)
    starts = [c.evidence.start for c in answer.evidence if c.evidence.kind == "speech"]
    assert starts == sorted(starts) and starts[0] < 10 and starts[-1] > 75
    assert only(again).id == answer.evidence[1].evidence.id and again.evidence[0].handle == 2


async def test_scenes_and_the_third_of_them(talk: Talk) -> None:
    answer, third = await talk("List the scenes", "when does the third one start?")
    starts = [c.evidence.start for c in answer.evidence]
    expected = [scene["start"] for scene in TRUTH["scenes"]]
    assert starts == pytest.approx(expected, abs=0.5)
    assert start(third) == 17.0 and third.evidence[0].handle == 3


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How long is the video?", "98.0 seconds"),
        ("how many scenes are there?", "11 scenes"),
        ("What is the resolution?", "960 x 540"),
        ("is there any sound?", "with sound"),
        ("When was this video recorded?", "2026-05-14"),
    ],
)
async def test_facts_of_the_whole_video(talk: Talk, question: str, words: str) -> None:
    (answer,) = await talk(question)
    assert only(answer).kind == "video" and words in answer.answer


@pytest.mark.parametrize(
    ("question", "truth"),
    [
        ("What is said at 1:24?", (83.4, 85.996)),
        ("what is on screen at 0:40?", (37.0, 46.0)),
        ("what is on screen at 0:50?", (46.0, 57.0)),
        ("What is said between 0:30 and 0:36?", (32.2, 35.674)),
        ("what is said between 51 and 56 seconds?", (53.4, 55.555)),
        ("what happens in the first 8 seconds?", (0.0, 9.0)),
        ("What happens at the end?", (91.0, 98.0)),
        ("how does it begin?", (0.0, 9.0)),
    ],
)
async def test_what_is_there_at_a_time(
    talk: Talk, question: str, truth: tuple[float, float]
) -> None:
    (answer,) = await talk(question)
    assert 1 <= len(answer.evidence) <= 3
    for cited in answer.evidence:
        middle = (cited.evidence.start + cited.evidence.end) / 2
        assert truth[0] - 0.5 <= middle <= truth[1] + 0.5


async def test_beside_and_later(talk: Talk) -> None:
    paris, before, shown = await talk(
        "What does she say about Paris?", "and before that?", "what was on screen there?"
    )
    assert (start(paris), start(before)) == (37.8, 32.2)
    assert (only(shown).text, only(shown).kind) == ("ADA, KEEPER", "screen")
    _, later, then = await talk("When is Paris mentioned?", "ten seconds later", "what comes next?")
    assert start(later) == 46.6
    assert start(then) == 53.4
    _, when, there = await talk("who has kept the lamp?", "when was that?", "what is said there?")
    assert start(when) == start(there) == 27.6
    assert when.evidence[0].handle == 1


async def test_a_pronoun_and_another_word(talk: Talk) -> None:
    _, steps, kept = await talk(
        "who is Ada?", "how many steps does she climb?", "how long has she kept it?"
    )
    assert (start(steps), start(kept)) == (32.2, 27.6)
    _, london = await talk("When is Paris mentioned?", "and London?")
    assert not london.found and '"london"' in london.answer.lower()


async def test_a_question_is_understood_once(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    understood: list[str] = []

    def counted(question: str, *arguments: Any) -> Referring:
        understood.append(question)
        return resolve(question, *arguments)

    monkeypatch.setattr("agent.extractive.model.resolve", counted)
    questions = ["When is Paris mentioned?", "ten seconds later", "and the last time?"]
    answers = await talk(*questions)
    assert [start(answer) for answer in answers[:2]] == [37.8, 46.6]
    assert understood == questions


async def test_turns_without_their_plan_are_understood_anew(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.extractive.model.kept", lambda data: None)
    _, later = await talk("When is Paris mentioned?", "ten seconds later")
    assert start(later) == 46.6


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("When does a whale jump?", "whale"),
        ("what was said about a helicopter?", "helicopter"),
        ("How much is a ticket?", "ticket"),
        ("what is written about parking?", "parking"),
        ("Where is the Eiffel tower?", "eiffel"),
        ("how often is a dragon mentioned?", "dragon"),
        ("when is the first mention of a piano?", "piano"),
    ],
)
async def test_what_is_absent_is_not_found(talk: Talk, question: str, word: str) -> None:
    (answer,) = await talk(question)
    assert not answer.found and answer.evidence == ()
    assert f'"{word}"' in answer.answer and "never occur" in answer.answer
    assert answer.coverage[0].duration == pytest.approx(98.0, abs=0.1)
    assert answer.coverage[0].speech == "complete"


async def test_what_came_closest_can_be_pointed_at(talk: Talk) -> None:
    absent, said = await talk("What is Ada's surname?", "show me [1]")
    assert not absent.found and absent.nearest
    assert all("ada" in c.evidence.text.lower() for c in absent.nearest)
    assert said.found
    assert absent.nearest[0].evidence.id in {c.evidence.id for c in said.evidence}


async def test_a_time_beyond_the_end_is_not_found(talk: Talk) -> None:
    (answer,) = await talk("What is said at 5:00?")
    assert not answer.found


async def test_the_same_question_gets_the_same_answer(talk: Talk) -> None:
    (one,), (two,) = (
        await talk("When is the ferry mentioned?"),
        await talk("When is the ferry mentioned?"),
    )
    assert (one.answer, one.thread == two.thread) == (two.answer, False)
    assert (one.model, one.tokens, one.cost_usd) == ("extractive", (0, 0), None)


def test_on_screen_text_is_found_at_its_time(box: Toolbox) -> None:
    hits = box.search_screen_text("storm warning")
    assert hits[0].text == "STORM WARNING"
    assert (hits[0].start, hits[0].end) == pytest.approx((57.0, 64.0), abs=0.5)
    assert box.search_screen_text("helicopter landing") == []
    assert len(box.find_words(["gull point harbour"])) == 4
