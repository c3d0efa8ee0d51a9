"""Downloads of models that the browser asked for, followed from here."""

import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from agent.settings import Settings
from tools.errors import Interrupted, VideoError
from tools.models import download, registry

_log = logging.getLogger(__name__)


@dataclass
class Download:
    """One model on its way here."""

    name: str
    total: int
    """Bytes in all, and so far."""
    so_far: int = 0
    done: bool = False
    trouble: str = ""
    stopped: bool = False
    """Stopped by a person; what came is kept, and the next try goes on from there."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


class Downloads:
    """Models one after another, in a thread of their own."""

    def __init__(self, settings: Settings) -> None:
        self._home, self._hub = settings.home, settings.hub
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="download")
        self._closed = False
        self.listed: dict[str, Download] = {}
        """Downloads by id, until they are done or dismissed."""

    @property
    def possible(self) -> bool:
        """True unless downloads are switched off."""
        return self._hub != download.OFF

    def start(self, name: str) -> Download:
        """Download a model, unless it is on its way already."""
        for known in self.listed.values():
            if known.name == name and not known.trouble:
                return known
        made = Download(name, registry.get(name).size)
        self.listed[made.id] = made
        self._thread.submit(self._run, made)
        return made

    def stop(self, one: Download) -> None:
        """Stop a download, or take one that failed off the list."""
        one.stopped = True
        self.listed.pop(one.id, None)

    def close(self) -> None:
        """Stop them all."""
        self._closed = True
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _run(self, one: Download) -> None:
        def advance(so_far: int, total: int) -> None:
            if one.stopped or self._closed:
                raise Interrupted("the download was stopped")
            one.so_far, one.total = so_far, total or one.total

        try:
            if one.stopped:
                return
            download.pull(self._home, one.name, advance, self._hub)
        except VideoError as error:
            if not one.stopped:
                one.trouble = str(error)
        except Exception:
            _log.exception("downloading %s", one.name)
            one.trouble = "something went wrong; the log of the server says what"
        else:
            one.done = True
            self.listed.pop(one.id, None)
