"""Recognisers on known speech, on what is no speech, and a stage that is killed between chunks."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.tiny_whisper import write_whisper
from tools.audio.loudness import RATE
from tools.errors import ProviderUnavailable
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import DOUBTFUL
from tools.models import registry as models
from tools.models.providers import Providers
from tools.transcript import hallucinations
from tools.transcript.asr import Chunk, Word
from tools.transcript.recognisers import load_transcriber, resolve_transcriber
from tools.transcript.whisper import FILES, largest

GIB = 1 << 30
MODELS = Path(os.environ.get("CUEPOINT_MODELS", "models")).absolute()
DRAFT = Providers("none", "auto", "draft", "none", "none")


def words(text: str, start: float = 0.0, step: float = 0.4, confidence: float = 0.9) -> list[Word]:
    return [
        Word(start + i * step, start + (i + 1) * step, f" {one}", confidence)
        for i, one in enumerate(text.split())
    ]


def said(found: list[Word]) -> str:
    return "".join(word.text for word in found).strip()


# The guard


def test_nothing_is_said_where_nobody_speaks():
    heard = [*words("we open at nine"), *words("thank you for watching", 30.0)]
    kept, dropped = hallucinations.filter_words(heard, [(0.0, 2.0)])
    assert said(kept) == "we open at nine"
    assert dropped == ["outside of all speech: 'thank you for watching' at 30.0 s"]


def test_a_word_after_a_pause_starts_where_speech_goes_on():
    stretched = [Word(8.2, 8.5, "room"), Word(8.5, 12.0, "different"), Word(12.0, 12.4, "from")]
    kept, dropped = hallucinations.filter_words(stretched, [(6.6, 8.9), (11.5, 14.3)])
    assert [(one.text, one.start, one.end) for one in kept] == [
        ("room", 8.2, 8.5),
        ("different", 11.5, 12.0),
        ("from", 12.0, 12.4),
    ]
    assert dropped == []


def test_loops_are_said_once_but_people_may_repeat_themselves():
    voiced = [(0.0, 100.0)]
    kept, dropped = hallucinations.filter_words(words("the end " + "of the road " * 6), voiced)
    assert said(kept) == "the end of the road" and dropped
    for honest in ("no no no not there", "bye bye see you see you then"):
        assert hallucinations.filter_words(words(honest), voiced) == (words(honest), [])


def test_whispers_own_rules_and_what_it_writes_on_silence():
    voiced = [(0.0, 100.0)]
    some = words("the mill was built by two brothers")
    assert hallucinations.filter_words(some, voiced, log_probability=-1.2, no_speech=0.8)[0] == []
    assert hallucinations.filter_words(some, voiced, log_probability=-0.3, no_speech=0.8)[0] == some
    assert (
        hallucinations.filter_words(words("Thanks for watching!", confidence=0.3), voiced)[0] == []
    )
    noise = words("I don't know what I'm talking about.", confidence=0.35)
    assert hallucinations.filter_words(noise, voiced, log_probability=-1.5, no_speech=0.48)[0] == []
    assert (
        hallucinations.filter_words(noise, voiced, log_probability=-1.5, no_speech=0.2)[0] == noise
    )
    counted = words("2 -3 " + "-4 " * 100, step=0.1, confidence=0.5)
    assert (
        hallucinations.filter_words(counted, voiced, log_probability=-0.1, no_speech=0.3)[0] == []
    )
    sure = words("Thanks for watching!", confidence=0.95)
    assert hallucinations.filter_words(sure, voiced)[0] == sure


def test_utterances_have_the_times_of_their_words_and_end_at_pauses_and_sentences():
    heard = [*words("Of course she can. She may stay."), *words("as long", 5.0, confidence=0.2)]
    found = hallucinations.utterances("v" * 16, heard, "draft")
    assert [(one.start, one.end, one.text) for one in found] == [
        (0.0, 1.6, "Of course she can."),
        (1.6, 2.8, "She may stay."),
        (5.0, 5.8, "as long"),
    ]
    assert [one.confidence < DOUBTFUL for one in found] == [False, False, True]
    characters = [Word(n / 5, (n + 1) / 5, one) for n, one in enumerate("你好吗。")]
    assert hallucinations.utterances("v" * 16, characters, "whisper:base")[0].text == "你好吗。"
    long = hallucinations.utterances("v" * 16, words("word " * 60), "draft")
    assert max(one.end - one.start for one in long) <= hallucinations.LONGEST + 1


# Which recogniser


def test_auto_takes_the_best_that_is_there_and_fits(tmp_path: Path):
    assert resolve_transcriber("auto", tmp_path, 8, 64 * GIB) == "draft"
    for size in ("tiny", "small", "large-v3"):
        folder = tmp_path / f"whisper-{size}"
        folder.mkdir()
        for name in (*FILES[:-1], "vocabulary.json"):
            (folder / name).touch()
    assert resolve_transcriber("auto", tmp_path, 8, 64 * GIB) == "whisper:large-v3"
    assert resolve_transcriber("auto", tmp_path, 2, 8 * GIB) == "whisper:small"
    assert resolve_transcriber("auto", tmp_path, 1, 1 * GIB) == "whisper:tiny"
    (tmp_path / "whisper-large-v3" / "tokenizer.json").unlink()  # would be downloaded
    assert resolve_transcriber("auto", tmp_path, 8, 64 * GIB) == "whisper:small"


@pytest.mark.parametrize("lost", ["bytes", "one bit", "vocabulary.json"])
def test_weights_that_are_not_what_was_downloaded_are_not_loaded(tmp_path: Path, lost: str):
    folder = write_whisper(tmp_path / "models" / "whisper-tiny")
    models.seal(folder, "whisper:tiny")
    assert resolve_transcriber("auto", tmp_path / "models", 1, GIB) == "whisper:tiny"
    weights = (folder / "model.bin").read_bytes()
    if lost == "vocabulary.json":
        (folder / lost).unlink()
    else:
        other = weights[:-7] if lost == "bytes" else weights[:-1] + bytes([weights[-1] ^ 1])
        (folder / "model.bin").write_bytes(other)
    auto = resolve_transcriber("auto", tmp_path / "models", 1, GIB)
    assert auto == ("whisper:tiny" if lost == "one bit" else "draft")  # sizes are seen at once
    with pytest.raises(ProviderUnavailable, match=r"damaged: .*; run: cuepoint models pull whi"):
        load_transcriber("whisper:tiny", tmp_path / "models", 1, GIB)


def test_missing_and_damaged_weights_name_the_command(tmp_path: Path):
    for name in ("whisper:small", "whisper:auto"):
        with pytest.raises(ProviderUnavailable, match="cuepoint models pull whisper:small"):
            load_transcriber(name, tmp_path, 1, GIB)
    folder = tmp_path / "whisper-small"
    folder.mkdir()
    for name in (*FILES[:-1], "vocabulary.txt"):
        (folder / name).write_text("{}")
    with pytest.raises(ProviderUnavailable, match="cannot be read"):
        load_transcriber("whisper:small", tmp_path, 1, GIB)
    with pytest.raises(ProviderUnavailable, match="known: auto"):
        load_transcriber("parrot", tmp_path, 1, GIB)


def test_a_real_whisper_of_random_weights_decodes_chunks_to_their_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_whisper(tmp_path / "whisper-tiny")
    whisper = load_transcriber("auto", tmp_path, 1, GIB)
    assert whisper.name == "whisper:tiny"
    noise = np.random.default_rng(3).normal(0, 0.1, 6 * RATE).astype(np.float32)
    starts = (100.0, 250.0)
    seen: list[list[Word]] = []

    def note(heard: list[Word], *rest: Any) -> tuple[list[Word], list[str]]:
        seen.append(heard)
        return heard, []

    monkeypatch.setattr(
        hallucinations, "filter_words", note
    )  # it would rightly throw all of it away
    found = whisper.transcribe([Chunk(start, noise, ((start, start + 6),)) for start in starts])
    assert len(found) == len(starts) and all(seen)
    assert {one.language for one in found} <= {"en", "de", "fr"}
    for start, heard in zip(starts, found, strict=True):
        assert heard.words and all(start <= w.start <= w.end <= start + 30 for w in heard.words)
        assert all(0 <= word.confidence <= 1 for word in heard.words)


def test_a_language_that_was_chosen_is_not_detected(tmp_path: Path):
    write_whisper(tmp_path / "whisper-tiny")
    whisper: Any = load_transcriber("auto", tmp_path, 1, GIB, "cpu", "fr")
    whisper._model.detect_language = None  # it would fail
    noise = np.random.default_rng(3).normal(0, 0.1, 3 * RATE).astype(np.float32)
    (heard,) = whisper.transcribe([Chunk(0.0, noise, ((0.0, 3.0),))], "de")
    assert (heard.language, heard.certainty) == ("fr", 1.0)


def test_the_draft_says_that_it_hears_english_only(tmp_path: Path):
    with pytest.raises(ProviderUnavailable, match="English only, not French: cuepoint models pull"):
        load_transcriber("auto", tmp_path, 1, GIB, "cpu", "fr")
    for language in ("auto", "en"):
        assert load_transcriber("draft", tmp_path, 1, GIB, "cpu", language).name == "draft"


def test_what_whisper_stopped_before_is_heard_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_whisper(tmp_path / "whisper-tiny")
    whisper: Any = load_transcriber("auto", tmp_path, 1, GIB)
    lengths: list[float] = []

    def four_seconds(chunks: list[Chunk], _: str) -> list[list[Any]]:
        """Each is heard for so long, as if another one spoke then."""
        lengths.extend(len(chunk.samples) / RATE for chunk in chunks)
        word = SimpleNamespace(start=0.0, end=4.0, word=" so", probability=0.9)
        segment = SimpleNamespace(words=[word], avg_logprob=-0.1, no_speech_prob=0.0)
        return [[(segment, chunk.start)] for chunk in chunks]

    monkeypatch.setattr(whisper, "_segments", four_seconds)
    silence = np.zeros(12 * RATE, np.float32)
    (heard,) = whisper.transcribe([Chunk(100.0, silence, ((100.0, 103.0), (105.0, 109.5)))])
    assert [word.start for word in heard.words] == [100.0, 105.0]
    assert lengths == [12.0, 7.0]  # half a second that is left is not worth it


def test_real_whisper_hears_jfk(media: Path, tmp_path: Path):
    if largest(MODELS, 99, 99 * GIB) is None:
        pytest.skip("no weights of Whisper (CUEPOINT_MODELS)")
    made = ingest_speech(media / "speech" / "jfk.flac", tmp_path, MODELS, "whisper:auto")
    text = " ".join(one.text for one in made).casefold()
    assert "ask not what your country can do for you" in text


def ingest_speech(path: Path, folder: Path, models: Path | None, name: str) -> list[Any]:
    library = Library(folder / "home")
    if models:
        library.home.mkdir(parents=True)
        (library.home / "models").symlink_to(models)
    video = ingest(library, path, providers=Providers("none", "auto", name, "none", "none"))
    return library.utterances(video.id)


# The draft


def test_the_draft_finds_known_words_at_their_times(media: Path, tmp_path: Path):
    found = ingest_speech(media / "speech" / "jfk.flac", tmp_path, None, "draft")
    assert {one.source for one in found} == {"draft"}
    (country,) = [one for one in found if "what your country can do for you" in one.text]
    assert 5.0 < country.start < 6.0 and 10.0 < country.end < 11.0
    assert any("my fellow america" in one.text and one.start < 1 for one in found)


def test_music_and_silence_say_nothing(media: Path, tmp_path: Path):
    for place, name in enumerate(("h5r_ImF.mp4", "moviepy_bbb_0_30.webm", "dvr_traffic.mp4")):
        assert ingest_speech(media / "clips" / name, tmp_path / str(place), None, "draft") == []


def test_subtitles_are_taken_before_any_recogniser(sample: Path, tmp_path: Path):
    library = Library(tmp_path)
    video = ingest(library, sample, providers=DRAFT)
    assert video.stages["speech"].state == "skipped"
    assert {one.source for one in library.utterances(video.id)} == {"subtitles"}


# The stage


def test_made_up_speech_is_recognised(tmp_path: Path):
    path = tmp_path / "made.wav"
    try:
        text = "the weather is good. the people walk in the street."
        subprocess.run(["espeak-ng", "-s", "140", "-w", str(path), text], check=True)
    except FileNotFoundError:
        pytest.skip("no espeak-ng")
    found = " ".join(one.text for one in ingest_speech(path, tmp_path, None, "draft"))
    assert found, "a voice that a machine makes is a voice"
