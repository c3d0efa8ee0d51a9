"""The models that help most, suggested before they are missed; nothing is downloaded unasked."""

import os
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agent.settings import Settings
from ui.cli.common import with_library_chosen
from ui.cli.models import download_models

if TYPE_CHECKING:
    from tools.ingest.run import Progress
    from tools.library import Library
    from ui.cli.progress import IndexingBar

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
    _write(mark, outcome)


class SpeechOffer:
    """Progress of indexing that offers a speech model before speech is recognised without one."""

    _told: set[Path] = set()  # noqa: RUF012  # homes: once for a command is enough
    MISSED = "there are no subtitles and no speech model: speech is heard by machine, often wrong"

    def __init__(self, settings: Settings, library: "Library", bar: "IndexingBar") -> None:
        self._settings, self._library, self._bar = settings, library, bar

    def __call__(self, now: "Progress") -> None:
        """Show the progress; once the sound is known, offer what hears it better."""
        self._bar(now)
        home = self._settings.home
        if (now.stage, now.state) != ("sound", "done") or home in self._told:
            return
        if self._would_be_draft(now.video):
            self._told.add(home)
            self._offer()

    def _would_be_draft(self, video: str) -> bool:
        """True if somebody speaks, no subtitles tell what, and no weights of Whisper are there."""
        from tools.audio.loudness import chunks
        from tools.transcript.asr import DRAFT
        from tools.transcript.recognisers import resolve_transcriber

        name, models = self._settings.providers.transcriber, self._settings.home / "models"
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if (
            name != "auto"
            or resolve_transcriber(name, models, os.cpu_count() or 1, memory) != DRAFT
        ):
            return False
        if self._library.get(video).stages["subtitles"].state == "done":
            return False
        return bool(chunks(self._library.signals(video, "sound")))

    def _offer(self) -> None:
        from tools.models import download, registry

        hub, mark = self._settings.hub, self._settings.home / "models" / MARK
        model = registry.suggested("speech")
        command = with_library_chosen(f"cuepoint models pull {model.name}")
        better = f"{model.name} ({model.size / 1e6:.0f} MB) hears better"
        if hub == download.OFF:
            sys.stderr.write(f"{self.MISSED} (downloads are switched off)\n")
        elif not _is_interactive() or _was_declined(mark) or not _answers(hub):
            sys.stderr.write(f"{self.MISSED}; {better}: {command}\n")
        else:
            self._bar.stop()  # a bar that is drawn anew would overwrite the question
            question = f"{self.MISSED[:1].upper()}{self.MISSED[1:]}; {better}. Download it first?"
            if typer.confirm(question, err=True):
                list(download_models(self._settings, [model.name]))
            else:
                _write(mark, DECLINED)
            self._bar.start()


def _write(mark: Path, outcome: str) -> None:
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
        return _was_declined(mark) or time.time() - mark.stat().st_mtime < AGAIN
    except OSError:
        return False


def _was_declined(mark: Path) -> bool:
    try:
        return mark.read_text() == DECLINED
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
