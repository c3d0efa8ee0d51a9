"""A talk is asked while it is indexed: three answers with three coverages."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tools.ingest.pipeline import ingest
from tools.ingest.run import Progress
from tools.library import Library
from tools.media import Utterance
from tools.transcript.asr import Chunk, Recognition, Word

ROOT = Path(__file__).parents[1]
SAID = ("Who was the last person to leave?", "Hester Lamb")
SHOWN = ("What is written about leek soup?", "leek soup")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first nine minutes of the talk that is measured with, at a frame a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        maker: Any = importlib.import_module("benchmarks.talk")
        patch.setattr(maker, "FPS", 1)
        return maker.make(tmp_path_factory.mktemp("talk"), minutes=9)


async def answer(home: Path, question: str) -> Answer:
    async with open_agent(Settings(home=home)) as agent:
        async for event in ask(agent, question):
            if isinstance(event, Answer):
                return event
    raise AssertionError("no answer")


async def test_three_answers_have_three_coverages(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr("tools.ingest.run.CHECKPOINT_SECONDS", 0.0)  # each picture is seen at once
    home, loop = tmp_path / "home", asyncio.get_running_loop()
    answers: dict[str, list[Answer]] = {}

    def asks(when: str) -> None:
        """In the middle of a stage: indexing goes on once the answer is there."""
        for question, _ in (SAID, SHOWN):
            running = asyncio.run_coroutine_threadsafe(answer(home, question), loop)
            answers.setdefault(when, []).append(running.result())

    def visible(video: str) -> float:
        return Library(home).coverage(video).ready["screen"]

    def watch(progress: Progress) -> None:
        if progress.stage == "keyframes" and progress.state == "done":
            asks("first")
        halfway = progress.stage == "screen" and progress.fraction >= 0.5
        # What is visible so far comes to the disk a little later than it is read.
        if halfway and "middle" not in answers and visible(progress.video) >= 0.5:
            asks("middle")

    video = await asyncio.to_thread(ingest, Library(home), talk, on_progress=watch)
    assert video.state == "ready" and set(answers) == {"first", "middle"}
    await asyncio.to_thread(asks, "last")
    for when, (said, _) in answers.items():  # subtitles were there before anything else
        assert said.found and SAID[1] in said.answer, when
    first, middle, last = (answers[when][1] for when in ("first", "middle", "last"))
    ready = [one.coverage[0].ready for one in (first, middle, last)]
    assert ready[0] == {"frames": 0.0, "speech": 1.0, "screen": 0.0}
    assert ready[1]["frames"] == 1.0 and 0.5 <= ready[1]["screen"] < 1.0
    assert ready[2] == {"frames": 1.0, "speech": 1.0, "screen": 1.0}
    gaps = [one.coverage[0].longest_gap for one in (first, middle, last)]
    assert gaps[0] > 5 >= gaps[1] == gaps[2]
    assert not first.found and "on-screen text 0 %" in first.answer
    assert last.found and SHOWN[1] in last.answer
    truth = json.loads(talk.with_name("talk.json").read_text())
    slides = [s for s in truth["slides"] if any(SHOWN[1] in line for line in s["lines"])]
    cited = last.evidence[0].evidence
    assert any(s["start"] - 1 <= cited.start < s["end"] for s in slides)


class Listener:
    """A recogniser that hears one sentence a chunk, and lets somebody ask between two."""

    name, batch_size = "whisper:tiny", 1

    def __init__(self) -> None:
        self.heard = 0

    def transcribe(self, chunks: list[Chunk], language: str = "") -> list[Recognition]:
        self.heard += 1
        (chunk,) = chunks
        text = [" the", " kettle", f" number{self.heard}", " sings"]
        start = chunk.voiced[0][0]
        words = [Word(start + n / 5, start + (n + 1) / 5, one, 0.9) for n, one in enumerate(text)]
        return [Recognition(tuple(words), "en", 0.9)]


@pytest.fixture
def spoken(tmp_path: Path, media: Path) -> Iterator[Path]:
    yield media / "speech" / "livekit_long.mp3"


def test_speech_is_found_chunk_by_chunk_and_goes_on_after_a_kill(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.ingest.run.CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr("tools.ingest.run.REPORT_SECONDS", 0.0)
    listener = Listener()
    monkeypatch.setattr("tools.ingest.stages.audio.load_transcriber", lambda *_: listener)
    library = Library(tmp_path / "home")
    seen: list[tuple[float, int]] = []

    class Killed(BaseException):
        """Nothing of ours catches it, as nothing catches a signal."""

    def watch(progress: Progress) -> None:
        if progress.stage == "speech" and progress.state == "running":
            found: list[Utterance] = Library(library.home).utterances(progress.video)
            seen.append(
                (Library(library.home).coverage(progress.video).ready["speech"], len(found))
            )
            if len(seen) == 3:
                raise Killed

    with pytest.raises(Killed):
        ingest(library, spoken, on_progress=watch)
    assert seen == [(0.0, 0), (0.5, 0), (0.99, 1)]
    before = listener.heard
    (video,) = Library(library.home).list()
    kept = Library(library.home).utterances(video.id)
    assert kept and Library(library.home).coverage(video.id).speech == "partial"
    video = ingest(library, spoken)
    found = Library(library.home).utterances(video.id)
    assert [one.id for one in found[: len(kept)]] == [one.id for one in kept]
    assert len({one.id for one in found}) == len(found)
    assert listener.heard - before == len(found) - len(kept)  # nothing kept is heard again
    assert Library(library.home).coverage(video.id).ready["speech"] == 1.0
