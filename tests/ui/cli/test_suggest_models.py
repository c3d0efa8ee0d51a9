"""Models are offered once, fetched only when somebody says so, and nobody waits for an answer."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.settings import Settings
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
