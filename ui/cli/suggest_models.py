"""The models that help most, offered before the first video is indexed; nothing comes unasked."""

import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import typer

from agent.settings import Settings
from tools.errors import VideoError
from ui.cli.common import complain, for_this_library

MARK = "offered"
"""The file beside the models that says what became of it."""
AGAIN = 86_400.0
"""Seconds before a hub that did not answer is tried again, and what is missing is told again."""
DECLINED = "declined"
_GAINS = {
    "text": ("embedder", "long talks are understood better"),
    "picture": ("picture_embedder", "pictures are found by what they show"),
    "speech": ("transcriber", "speech is heard better"),
}
"""By kind of model: the setting that must be `auto` to use it, and what is better with it."""


def offer(settings: Settings) -> None:
    """Ask who sits at a terminal whether to download; tell others in one line, and do not wait."""
    from tools.models import download as hub
    from tools.models import registry as models

    mark = settings.home / "models" / MARK
    gains = {name: _GAINS[models.get(name).kind] for name in models.SUGGESTED}
    gains = {
        name: one for name, one in gains.items() if getattr(settings.providers, one[0]) == "auto"
    }
    if not gains or settings.hub == hub.OFF or models.installed(settings.home) or _said(mark):
        return
    size = sum(models.get(name).size for name in gains)
    told = f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
    what = f"{_listed(list(gains))} ({told})"
    named = "" if len(gains) == len(models.SUGGESTED) else " " + " ".join(gains)
    get = for_this_library(f"cuepoint models pull{named}")
    better = f"with {what}, {_listed([gain for _, gain in gains.values()])}"
    outcome = "told"
    if not _can_be_asked():
        sys.stderr.write(f"{better}: {get}\n")
    elif not _answers(settings.hub):
        sys.stderr.write(f"{better}, but {settings.hub} does not answer; later: {get}\n")
    elif typer.confirm(f"W{better[1:]}. Download them now?", err=True):
        _fetch(settings, gains)
    else:
        outcome = DECLINED
    with suppress(OSError):  # what stores the video tells it better
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(outcome)


def _listed(parts: list[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _can_be_asked() -> bool:
    """Whether somebody sits at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _said(mark: Path) -> bool:
    try:
        return mark.read_text() == DECLINED or time.time() - mark.stat().st_mtime < AGAIN
    except OSError:
        return False


def _answers(address: str) -> bool:
    """Whether the hub shows a sign of life; a name that is never resolved is not waited for."""
    from tools.models import download as hub
    from tools.models import registry as models

    alive = threading.Event()

    def knock() -> None:
        from huggingface_hub import HfApi

        repository = models.get(models.SUGGESTED[0]).sources[0].repository
        with suppress(Exception):  # whatever it is that a hub says wrong
            HfApi(endpoint=address, token=False).model_info(repository, timeout=hub.TIMEOUT)
            alive.set()

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(hub.TIMEOUT)
    return alive.is_set()


def _fetch(settings: Settings, names: Iterable[str]) -> None:
    from tools.models import download as hub
    from ui.cli.progress import DownloadBar

    for name in names:
        try:
            with DownloadBar(name, False) as bar:
                hub.pull(settings.home, name, bar, settings.hub)
        except VideoError as error:
            complain(error)
