"""Models are offered once, fetched only when somebody says so, and nobody waits for an answer."""

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.settings import Settings
from tools.ingest.run import Progress
from tools.media import Stage
from tools.models import download as hub
from tools.models.providers import Providers
from ui.cli import suggest_models

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", hub=NOWHERE)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Somebody at a terminal, who says no, and a hub that answers; what was asked."""
    questions: list[str] = []
    monkeypatch.setattr(suggest_models, "_is_interactive", lambda: True)
    monkeypatch.setattr(suggest_models, "_answers", lambda address: True)
    monkeypatch.setattr("typer.confirm", lambda text, **_: questions.append(text))
    return questions


def age(settings: Settings) -> None:
    """Let more than a day go by."""
    os.utime(settings.home / "models" / suggest_models.MARK, (0, 0))


def test_a_script_is_told_once_a_day_and_nothing_is_tried(
    settings: Settings, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggest_models, "_answers", lambda _: pytest.fail("the hub was tried"))
    for told in (1, 0, 0):
        suggest_models.suggest(settings)
        assert capsys.readouterr().err.count("minilm, siglip2 and whisper:small (2.0 GB)") == told
    age(settings)
    suggest_models.suggest(settings)
    assert "cuepoint models pull" in capsys.readouterr().err


def test_who_says_no_is_not_asked_again(settings: Settings, asked: list[str]) -> None:
    suggest_models.suggest(settings)
    age(settings)
    suggest_models.suggest(settings)
    assert len(asked) == 1 and "2.0 GB" in asked[0]


def test_who_says_yes_gets_them_and_a_failure_is_one_line(
    settings: Settings, asked: list[str], capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.confirm", lambda text, **_: True)
    pulled: list[str] = []

    def pull(home: Path, name: str, bar: Any, address: str) -> None:
        pulled.append(name)
        raise hub.ProviderUnavailable(f"the hub broke off with {name}")

    monkeypatch.setattr(hub, "pull", pull)
    suggest_models.suggest(settings)
    assert pulled == ["minilm", "siglip2", "whisper:small"]
    assert capsys.readouterr().err.count("cuepoint: the hub broke off") == 3


def test_a_hub_that_is_silent_is_tried_once_a_day(
    settings: Settings, asked: list[str], capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    knocks: list[str] = []
    monkeypatch.setattr(suggest_models, "_answers", lambda address: knocks.append(address))
    suggest_models.suggest(settings)
    suggest_models.suggest(settings)
    assert knocks == [NOWHERE] and asked == []
    assert capsys.readouterr().err.count("does not answer") == 1


def test_nothing_is_said_where_downloads_are_off_or_a_model_is_there(
    settings: Settings, capsys: Any, tiny: Any
) -> None:
    suggest_models.suggest(replace(settings, hub=hub.OFF))
    assert not settings.home.exists()
    tiny.install_pair(settings.home)
    suggest_models.suggest(settings)
    assert capsys.readouterr().err == ""


def test_what_is_switched_off_is_not_offered(settings: Settings, capsys: Any) -> None:
    off = Providers(transcriber="none", picture_embedder="none", embedder="wordllama")
    suggest_models.suggest(replace(settings, providers=off))
    assert not settings.home.exists()
    suggest_models.suggest(replace(settings, providers=replace(off, embedder="auto")))
    assert "with minilm (24 MB), long talks" in capsys.readouterr().err
    (settings.home / "models" / suggest_models.MARK).unlink()
    suggest_models.suggest(replace(settings, providers=Providers(picture_embedder="none")))
    told = capsys.readouterr().err
    assert "cuepoint models pull minilm whisper:small" in told
    assert "siglip2" not in told and "pictures" not in told


def test_a_port_that_nobody_listens_at_does_not_answer() -> None:
    assert not suggest_models._answers(NOWHERE)


class Bar:
    """A bar that is drawn: whether a question is asked into it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, now: Progress) -> None:
        self.calls.append(f"{now.stage} {now.state}")

    def stop(self) -> None:
        self.calls.append("stop")

    def start(self) -> None:
        self.calls.append("start")


@pytest.fixture
def spoken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`spoken(subtitles, voices)` indexes a video up to its sound, and then comes to its speech."""

    def index(subtitles: str = "skipped", voices: int = 1, **changed: Any) -> list[str]:
        stages = {"subtitles": Stage(subtitles)}  # type: ignore[arg-type]
        library: Any = SimpleNamespace(
            get=lambda _: SimpleNamespace(stages=stages), signals=lambda *_: None
        )
        monkeypatch.setattr("ui.cli.common.GlobalOptions.home", None)
        monkeypatch.setattr("tools.audio.loudness.chunks", lambda _: [(0.0, 3.0)] * voices)
        monkeypatch.setattr(suggest_models.SpeechOffer, "_told", set())
        bar: Any = Bar()
        offer = suggest_models.SpeechOffer(replace(settings, **changed), library, bar)
        for stage, state in (("subtitles", subtitles), ("sound", "done"), ("speech", "running")):
            offer(Progress("a" * 16, stage, state, 1.0, None))  # type: ignore[arg-type]
        return bar.calls

    return index


def test_a_script_is_told_before_speech_is_heard_without_a_model(spoken: Any, capsys: Any) -> None:
    spoken()
    told = capsys.readouterr().err
    assert "often wrong; whisper:small (486 MB) hears better: cuepoint models pull" in told
    assert len(told.splitlines()) == 1


def test_who_is_there_is_asked_before_the_draft_and_not_again_after_a_no(
    spoken: Any, asked: list[str], capsys: Any
) -> None:
    before, after = ["subtitles skipped", "sound done"], ["speech running"]
    assert spoken() == [*before, "stop", "start", *after]
    (question,) = asked
    assert "no speech model" in question and question.endswith("Download it first?")
    assert spoken() == [*before, *after] and len(asked) == 1
    assert "cuepoint models pull whisper:small" in capsys.readouterr().err


def test_who_says_yes_has_the_model_before_the_draft(
    spoken: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda text, **_: True)
    monkeypatch.setattr(hub, "pull", lambda home, name, *_: pulled.append(name))
    assert spoken()[-1] == "speech running" and pulled == ["whisper:small"]


def test_nothing_is_said_where_no_draft_is_to_come(
    spoken: Any, capsys: Any, settings: Settings
) -> None:
    spoken(subtitles="done")
    spoken(voices=0)
    spoken(providers=Providers(transcriber="none"))
    spoken(providers=Providers(transcriber="draft"))
    weights = settings.home / "models" / "whisper-tiny"
    weights.mkdir(parents=True)
    for name in ("model.bin", "tokenizer.json", "config.json", "vocabulary.txt"):
        (weights / name).write_text("weights")
    spoken()
    assert capsys.readouterr().err == ""


def test_where_downloads_are_off_no_command_is_named(spoken: Any, capsys: Any) -> None:
    spoken(hub=hub.OFF)
    told = capsys.readouterr().err
    assert "often wrong (downloads are switched off)" in told and "pull" not in told


def test_a_real_voice_is_announced_once_before_its_speech(
    media: Path, tmp_path: Path, cuepoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggest_models.SpeechOffer, "_told", set())
    monkeypatch.setenv("CUEPOINT_TEXT_READER", "none")
    status, out, err = cuepoint("index", media / "speech" / "jfk.flac")
    assert status == 0 and err.count(suggest_models.SpeechOffer.MISSED) == 1
    assert err.index(suggest_models.SpeechOffer.MISSED) < err.index("speech: done")
    assert "heard by machine and often wrong" in out
