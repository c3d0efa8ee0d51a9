"""Speech in the index: chunk by chunk, over kills, and by whichever recogniser is best."""

import json
import wave
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.audio.loudness import RATE
from tools.errors import ProviderUnavailable
from tools.ingest.pipeline import ingest, recorded_options
from tools.ingest.run import Progress
from tools.ingest.stages import audio as hearing
from tools.ingest.trial import WORDS, try_recogniser
from tools.integrity.verify import verify
from tools.library import Library
from tools.models import registry as models
from tools.models.providers import BARE, Providers
from tools.transcript.asr import Chunk, Recognition, Word
from tools.transcript.diarization import SpeakerTurn
from tools.transcript.recognisers import resolve_transcriber

DRAFT = Providers("none", "auto", "draft", "none", "none")


class Parrot:
    """Hears one word in each chunk, each name a bit later; stops the program after so many."""

    batch_size = 1

    def __init__(self, stops: int, name: str = "whisper:tiny") -> None:
        self.heard: list[float] = []
        self.stops, self.name = stops, name

    def transcribe(self, chunks: list[Chunk], language: str = "") -> list[Recognition]:
        if len(self.heard) == self.stops:
            raise KeyboardInterrupt
        self.heard += [one.start for one in chunks]
        late = len(self.name) / 10
        return [
            Recognition(
                (Word(c.start + late, c.start + late + 1, f"w{c.start:.0f}"),),
                "de",
                dropped=("a loop",) * 60,
            )
            for c in chunks
        ]


def test_a_killed_run_goes_on_after_its_last_chunk(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tools.ingest.run.CHECKPOINT_SECONDS", 0.0)
    parrots = [Parrot(3), Parrot(99)]
    library = Library(tmp_path)
    path = media / "speech" / "lucier.mp3"
    monkeypatch.setattr(hearing, "load_transcriber", lambda *_: parrots[0])
    with pytest.raises(KeyboardInterrupt):
        ingest(library, path, providers=DRAFT)
    video = library.list()[0].id
    assert len(library.utterances(video)) == 3  # visible before the rest is done
    parrots.pop(0)
    ingest(library, path, providers=DRAFT)
    whole = library.utterances(video)
    assert len(whole) == 5 and len(parrots[0].heard) == 2
    assert [one.start for one in whole] == sorted({one.start for one in whole})
    assert json.loads(json.dumps(library.manifest(video)))["stages"]["speech"]["language"] == "de"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve seconds of noise, with speech at 0, 4 and 8 s as far as the stage is told."""
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        noise = np.random.default_rng(0).normal(0, 3000, 12 * RATE)
        file.writeframes(noise.astype("<i2").tobytes())
    for name in ("speech_spans", "chunks"):
        monkeypatch.setattr(hearing, name, lambda _: [(0.0, 3.0), (4.0, 7.0), (8.0, 11.0)])
    monkeypatch.setattr("tools.ingest.run.CHECKPOINT_SECONDS", 0.0)
    return path


def hear_as(name: str, monkeypatch: pytest.MonkeyPatch, stops: int = 99) -> Parrot:
    """The recogniser of that name is there."""
    parrot = Parrot(stops, name)
    monkeypatch.setattr(hearing, "load_transcriber", lambda *_: parrot)
    return parrot


def with_speech(name: str) -> Providers:
    return Providers("none", "auto", name, "none", "none")


@pytest.mark.parametrize("end", [KeyboardInterrupt, ProviderUnavailable])
def test_what_was_heard_stays_until_a_better_recogniser_is_through(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
):
    library = Library(tmp_path / "home")
    hear_as("whisper:tiny", monkeypatch)
    video = ingest(library, talk, providers=with_speech("whisper:tiny")).id
    old = [one.id for one in library.utterances(video)]
    better, seen = hear_as("whisper:medium", monkeypatch), []

    def watch(now: Progress) -> None:
        if now.stage == "speech":
            seen.append([one.id for one in library.utterances(video)])
            if len(seen) == 4:  # after a checkpoint of the second chunk
                raise end("no more")

    medium = with_speech("whisper:medium")
    with pytest.raises(end):
        ingest(library, talk, providers=medium, on_progress=watch)
    assert seen == [old] * 4 and [one.id for one in library.utterances(video)] == old
    assert library.get(video).stages["speech"].state == "done"
    before = len(better.heard)
    done = ingest(library, talk, providers=medium)
    assert len(better.heard) - before == 1  # it went on where it was
    assert "180 pieces of recognised speech" in done.stages["speech"].note
    new = [one.id for one in library.utterances(video)]
    assert len(new) == 3 and not {*new} & {*old}
    assert [library.evidence(one).text for one in old] == ["w0", "w4", "w8"]
    assert verify(library) == [] and not list(library.folder(video).glob("heard.*.jsonl"))


def test_what_was_cited_outlives_kills_and_other_recognisers(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    library, cited = Library(tmp_path / "home"), set[str]()
    for name, stops in (("whisper:tiny", 2), ("whisper:small", 1), ("whisper:medium", 99)):
        hear_as(name, monkeypatch, stops)
        with suppress(KeyboardInterrupt):
            ingest(library, talk, providers=with_speech(name))
        (video,) = library.list()
        cited |= {one.id for one in library.utterances(video.id)}
    assert len(cited) == 2 + 1 + 3
    assert all(library.evidence(one).text for one in cited)


def test_what_was_heard_can_be_cited_when_subtitles_come_and_go(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    library = Library(tmp_path / "home")
    hear_as("whisper:tiny", monkeypatch)
    tiny = with_speech("whisper:tiny")
    video = ingest(library, talk, providers=tiny).id
    cited = library.utterances(video)
    written = talk.with_suffix(".srt")
    written.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello there\n")
    ingest(library, talk, providers=tiny)
    cited += library.utterances(video)
    written.unlink()
    video = ingest(library, talk, providers=with_speech("none")).id
    assert len(cited) == 4 and library.utterances(video) == []
    assert [library.evidence(one.id).text for one in cited] == [one.text for one in cited]
    names = {path.name for path in library.folder(video).glob("*.jsonl")}
    assert names == {"heard_past.jsonl", "speech_past.jsonl"} and verify(library) == []


def test_speakers_are_told_apart_once_there_are_words(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Ear:
        name = "sherpa-onnx"

        def turns(self, _: Path) -> Generator[float, None, list[SpeakerTurn]]:
            yield 0.5
            return [SpeakerTurn(0.0, 12.0, 0)]

    monkeypatch.setattr(hearing, "load_diarizer", lambda *_: Ear())
    monkeypatch.setattr(hearing, "intact_folder", lambda *_: None)
    library = Library(tmp_path / "home")
    silent, spoken = (Providers("none", "auto", one, "none") for one in ("none", "whisper:tiny"))
    assert ingest(library, talk, providers=silent).stages["speakers"].state == "skipped"
    hear_as("whisper:tiny", monkeypatch)
    video = ingest(library, talk, providers=spoken)
    assert video.stages["speakers"].state == "done"
    assert [one.speaker for one in library.utterances(video.id)] == ["Speaker 1"] * 3


def test_other_weights_of_the_same_name_hear_again(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    library = Library(tmp_path / "home")
    parrot = hear_as("whisper:tiny", monkeypatch)
    place = library.home / "models" / "whisper-tiny"
    for weights, times in (("one", 1), ("one", 1), ("other", 2)):
        place.mkdir(parents=True, exist_ok=True)
        (place / "model.bin").write_text(weights)
        models.seal(place, "whisper:tiny")
        ingest(library, talk, providers=with_speech("whisper:tiny"))
        assert len(parrot.heard) == 3 * times


def test_auto_hears_again_only_with_a_better_recogniser(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    library = Library(tmp_path / "home")
    there = ("draft", "whisper:small", "whisper:tiny", "draft", "whisper:medium")
    heard: list[str] = []
    for name in there:
        hear_as(name, monkeypatch)
        monkeypatch.setattr(hearing, "resolve_transcriber", lambda *_, name=name: name)
        heard.append(ingest(library, talk, providers=with_speech("auto")).stages["speech"].provider)
    assert heard == ["draft", *["whisper:small"] * 3, "whisper:medium"]
    monkeypatch.setattr(hearing, "resolve_transcriber", resolve_transcriber)
    hear_as("draft", monkeypatch)
    asked = ingest(library, talk, providers=with_speech("draft"))  # by its name
    assert asked.stages["speech"].provider == "draft"


def test_another_language_hears_again_and_the_draft_hears_none_but_english(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    library = Library(tmp_path / "home")
    asked: list[str] = []

    def load(*given: Any) -> Parrot:
        asked.append(given[-1])
        return Parrot(99, given[0])

    monkeypatch.setattr(hearing, "load_transcriber", load)
    tiny = with_speech("whisper:tiny")
    for language in ("auto", "auto", "uk", "uk", "auto"):
        video = ingest(library, talk, providers=replace(tiny, speech_language=language))
        assert video.stages["speech"].state == "done"
        kept = recorded_options(library.manifest(video.id))["providers"]
        assert kept.speech_language == language
    assert asked == ["auto", "uk", "auto"]
    drafted = replace(with_speech("draft"), speech_language="uk")
    stage = ingest(library, talk, providers=drafted).stages["speech"]
    assert stage.state == "skipped" and "hears English only, not Ukrainian" in stage.note
    assert asked == ["auto", "uk", "auto"] and library.utterances(video.id) == []
    ingest(library, talk, providers=replace(drafted, speech_language="en"))
    assert asked[3:] == ["en"] and len(library.utterances(video.id)) == 3


def test_a_recogniser_is_tried_on_the_first_words_and_changes_nothing(
    media: Path, shots: Path, tmp_path: Path
):
    library = Library(tmp_path / "home")
    ingest(library, shots, title="a", providers=BARE)
    assert try_recogniser(library, [], DRAFT) is None  # nobody speaks
    video = ingest(library, media / "speech" / "jfk.flac", title="jfk", providers=BARE).id
    before = library.manifest(video)
    trial = try_recogniser(library, [], DRAFT)
    assert trial is not None and trial.video == video
    assert (trial.name, trial.language) == ("draft", "en") and trial.start < 1
    assert "my fellow america" in trial.text and len(trial.text) <= WORDS + 1
    assert library.manifest(video) == before and library.utterances(video) == []
    with pytest.raises(ProviderUnavailable, match="English only, not German"):
        try_recogniser(library, [video], replace(DRAFT, speech_language="de"))
