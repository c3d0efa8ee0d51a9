"""The models that help most, suggested before the first video; nothing is downloaded unasked."""

import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import typer

from agent.settings import Settings
from ui.cli.common import with_library_chosen
from ui.cli.models import download_models

MARK = "offered"
"""Name of the file beside the models that holds the outcome of the last suggestion."""
AGAIN = 86_400.0
"""Seconds before a hub that did not answer is tried again, and what is missing is told again."""
DECLINED = "declined"
_GAINS = {
    "text": ("embedder", "long talks are understood better"),
    "picture": ("picture_embedder", "pictures are found by what they show"),
    "speech": ("transcriber", "speech is heard better"),
}
"""By kind of model: the setting that must be `auto` to use it, and what is better with it."""


def suggest(settings: Settings) -> None:
    """Ask on a terminal whether to download; elsewhere print one line and do not wait."""
    from tools.models import download, registry

    mark = settings.home / "models" / MARK
    kinds = {name: _GAINS[registry.get(name).kind] for name in registry.SUGGESTED}
    gains = {
        name: gain
        for name, (option, gain) in kinds.items()
        if getattr(settings.providers, option) == "auto"
    }
    if (
        not gains
        or settings.hub == download.OFF
        or registry.installed(settings.home)
        or _was_suggested(mark)
    ):
        return
    size = sum(registry.get(name).size for name in gains)
    total = f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
    names = "" if len(gains) == len(registry.SUGGESTED) else " " + " ".join(gains)
    command = with_library_chosen(f"cuepoint models pull{names}")
    better = f"with {_enumerated(gains)} ({total}), {_enumerated(gains.values())}"
    outcome = "told"
    if not _is_interactive():
        sys.stderr.write(f"{better}: {command}\n")
    elif not _answers(settings.hub):
        sys.stderr.write(f"{better}, but {settings.hub} does not answer; later: {command}\n")
    elif typer.confirm(f"W{better[1:]}. Download them now?", err=True):
        list(download_models(settings, gains))
    else:
        outcome = DECLINED
    with suppress(OSError):  # what stores the video tells it better
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(outcome)


def _enumerated(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _was_suggested(mark: Path) -> bool:
    try:
        return mark.read_text() == DECLINED or time.time() - mark.stat().st_mtime < AGAIN
    except OSError:
        return False


def _answers(address: str) -> bool:
    """True if the hub shows a sign of life; a name that is never resolved is not waited for."""
    from tools.models import download, registry

    alive = threading.Event()

    def knock() -> None:
        from huggingface_hub import HfApi

        repository = registry.get(registry.SUGGESTED[0]).sources[0].repository
        with suppress(Exception):  # whatever it is that a hub says wrong
            HfApi(endpoint=address, token=False).model_info(repository, timeout=download.TIMEOUT)
            alive.set()

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(download.TIMEOUT)
    return alive.is_set()
