"""Speech that a draft recogniser heard: marked where it is quoted, and no proof of anything."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.fakes import MemoryToolbox, calling
from agent.settings import Settings
from agent.summary.summarize import caption, summarize
from tests.agent.extractive.answers import lead
from tests.agent.scripted import opened, run
from tests.made_library import list_files, video_id
from tools.evidence import MACHINE
from tools.files.durable import write_lines
from tools.library import Library
from tools.media import Coverage, ScreenText, Utterance
from tools.store.coverage import coverage, describe_coverage
from tools.summary.digest import digest
from tools.summary.titles import chapters
from tools.toolbox import Toolbox

VIDEO = video_id(7)
SOUNDING = {
    "format": "made", "duration": 60.0, "audio": [{"codec": "aac"}], "subtitles": [], "video": None,
}  # fmt: skip
HEARD = ("the heron waits beside the old weir.", "a red boat sails out to the island.",
         "the heron catches a fish at noon.")  # fmt: skip
SIGNS = ("TIDES OF THE BAY", "BIRDS OF THE WEIR", "THE WAY HOME")
ABSENT = re.compile(
    r"never|not more|neither|nobody|all of it was searched|^Nothing is\b(?!.*that I know of)",
    re.IGNORECASE | re.MULTILINE,
)
"""A denial; what is hedged is none."""
Make = Callable[..., Library]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """`made(source, shown)` is a library of one minute of speech by that recogniser, and signs."""

    def make(source: str = "draft", shown: tuple[str, ...] = ()) -> Library:
        library = Library(tmp_path / f"{source}{len(shown)}".replace(":", "-"))
        folder = library.folder(VIDEO)
        folder.mkdir(parents=True)
        said = [
            Utterance(VIDEO, 20.0 * n, 20.0 * n + 4, t, None, source) for n, t in enumerate(HEARD)
        ]
        box = (0.1, 0.1, 0.9, 0.2)
        read = [ScreenText(VIDEO, 20.0 * n, 20.0 * n + 15, t, box) for n, t in enumerate(shown)]
        written = {"heard": said if source else [], "screen": read, "frames": [], "scenes": []}
        for name, rows in {**written, "attributes": []}.items():
            write_lines(folder / f"{name}.jsonl", rows)
        files = {"screen": ["screen.jsonl"]}
        files["pass"] = ["frames.jsonl", "scenes.jsonl", "attributes.jsonl"]
        files |= {"speech": ["heard.jsonl"]} if source else {}
        list_files(folder, "Weir", 60.0, files, {"speech": source}, width=None, probe=SOUNDING)
        return library

    return make


async def asked(library: Library, question: str) -> Answer:
    async with open_agent(Settings(home=library.home), toolbox=Toolbox(library)) as agent:
        *_, last = [event async for event in ask(agent, question)]
    assert isinstance(last, Answer)
    return last


async def test_every_sentence_that_quotes_a_draft_says_so(made: Make) -> None:
    question = "How often is the heron mentioned?"
    answer = await asked(made(), question)
    assert lead(answer) == "Twice that I could make out: 0:00 and 0:40."
    assert answer.found and len(answer.claims) == 2 == answer.answer.count(MACHINE)
    assert {claim.verdict for claim in answer.claims} == {"weak"}
    assert all("is uncertain" in claim.why for claim in answer.claims)
    sure = await asked(made("whisper:small"), question)
    assert MACHINE not in sure.answer and lead(sure) == "Twice: 0:00 and 0:40."
    assert {claim.verdict for claim in sure.claims} == {"verified"}


@pytest.mark.parametrize(
    "question", ["What is said about the heron?", "What is said at 0:21?", "Summarise the video"]
)
async def test_no_quotation_of_a_draft_is_called_wrong_or_right(made: Make, question: str) -> None:
    answer = await asked(made(), question)
    assert answer.found and MACHINE in answer.answer
    assert {claim.verdict for claim in answer.claims} == {"weak"}


@pytest.mark.parametrize("source", ["draft", ""])
@pytest.mark.parametrize(
    "question",
    ["When is the whale mentioned?", "How often is the whale mentioned?",
     "When is the word \"submarine\" said for the fifth time?", "What is said about whales?",
     "When is the heron mentioned for the fifth time?", "How often is the heron mentioned?",
     "What is said at 0:15?", "What comes first, the whale or the heron?",
     "What is said after the whale jumps?", "What colour is the whale?"],
)  # fmt: skip
async def test_nothing_is_absent_where_not_all_of_the_speech_is_known(
    made: Make, question: str, source: str
) -> None:
    answer = await asked(made(source), question)
    assert not ABSENT.search(answer.answer), answer.answer
    assert answer.reason not in ("absent", "not_covered")
    assert not answer.found or not re.search("whale|submarine|fifth|0:15", question)
    if source and answer.reason == "unsure":
        assert MACHINE in answer.answer and "cuepoint models pull whisper" in answer.answer


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("When is the whale mentioned?",
         'Nothing is said or written about "whale"; all of it was searched.'),
        ("How often is the submarine mentioned?",
         'Nothing is said or written about "submarine"; all of it was searched.'),
        ("When is the heron mentioned for the fifth time?",
         '"heron" comes up twice, not more.'),
        ("What comes first, the whale or the heron?", '"whale" is neither said nor written.'),
    ],
)  # fmt: skip
async def test_what_is_known_wholly_may_be_said_to_be_absent(
    made: Make, question: str, told: str
) -> None:
    answer = await asked(made("whisper:small"), question)
    assert answer.reason == "absent" and MACHINE not in answer.answer
    assert lead(answer) == told


async def test_a_language_model_that_quotes_a_draft_is_marked_too(tmp_path: Path) -> None:
    script = calling("search_transcript", query="chain"), AIMessage("The chain has 116 links [e1].")
    async with opened(tmp_path, *script) as (agent, _):
        events, answer = await run(agent, "How many links?")
    assert answer.answer == f"The chain has 116 links [1]. ({MACHINE})"
    assert answer.claims[0].verdict == "weak" and answer.claims[0].text.endswith(f"({MACHINE})")
    assert "".join(event.text for event in events if hasattr(event, "text")) == answer.answer


async def test_a_language_model_that_denies_is_not_repeated_over_a_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = AIMessage("NOT FOUND: []\nNobody ever speaks of cheese. The talk is about bikes.")
    toolbox: Any = MemoryToolbox(tmp_path)
    ready = {"frames": 1.0, "speech": 1.0, "screen": 1.0}
    part = Coverage("b" * 16, 60.0, 30, 2.0, "draft", "complete", "none", ready=ready)
    monkeypatch.setattr(toolbox.library, "coverage", lambda _: part)
    async with opened(tmp_path, calling("list_videos"), told, toolbox=toolbox) as (agent, _):
        answer = (await run(agent, "Which cheese?", videos=["Fixing a bike"]))[1]
    assert not answer.found and "Nobody" not in answer.answer
    assert "The talk is about bikes." in answer.answer and MACHINE in answer.answer


def test_a_draft_is_no_summary_where_text_is_shown(made: Make) -> None:
    library = made("draft", SIGNS)
    found = digest(library, VIDEO)
    told = [*found.overview, *found.events, *(one for part in found.parts for one in part.evidence)]
    assert told and all(one.kind != "speech" for one in told)
    assert all(one.heading.startswith("screen:") for one in chapters(library, VIDEO))
    assert MACHINE not in caption(library, VIDEO, "narrative").answer


async def test_speech_that_is_too_unsure_to_be_quoted_is_no_silence(made: Make) -> None:
    for source, told in (("draft", "Somebody speaks"), ("", "Nobody speaks")):
        answer = await asked(made(source, SIGNS), "What is this video about?")
        assert answer.found and told in answer.answer, answer.answer


async def test_where_nobody_speaks_a_sign_says_something(made: Make) -> None:
    answer = await asked(made("", SIGNS), "What does it say at the end?")
    assert answer.found and SIGNS[-1] in answer.answer


def test_a_summary_that_has_a_draft_alone_marks_it(made: Make) -> None:
    found = summarize(made(), VIDEO)
    spoken = [claim for claim in found.overview if "heron" in claim.text]
    assert spoken and all(MACHINE in claim.text and claim.verdict == "weak" for claim in spoken)


def test_coverage_tells_a_draft_in_plain_words(made: Make) -> None:
    told = describe_coverage(coverage(made(), VIDEO))
    assert f"speech {MACHINE}" in told and "draft" not in told
