"""Fetch models of the registry from the hub, whole or not at all."""

import contextlib
import io
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.errors import ProviderUnavailable, RefusedRequest, VideoError
from tools.files.disk import FULL, SPARE_BYTES, refusal
from tools.files.durable import digest, discard, lock, sync_folder, workplace
from tools.models import registry as models

if TYPE_CHECKING:
    from typing_extensions import Buffer  # Python 3.12 has it

HUB = "https://huggingface.co"
OFF = "off"
"""The address that means that nothing is downloaded."""
PATIENCE = 3.0
"""Seconds for the hub to show a first sign of life."""
LEAST, WINDOW = 100_000, 60.0
"""Bytes that are to come in so many seconds: a hub may drip for ever."""

Progress = Callable[[int, int], None]
"""Is told how many bytes are there, and of how many."""


class _Part(NamedTuple):
    repository: str
    revision: str
    file: str
    place: Path  # relative to the model's folder
    size: int
    sha256: str | None


def pull(home: Path, name: str, on_progress: Progress | None = None, hub: str = HUB) -> Path:
    """The folder of a model that is whole; what is missing or damaged is fetched anew.

    One VideoError, and nothing left behind, where the hub is silent, breaks off or sends something
    else, and where the disk is too small.
    """
    place = models.folder(home, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    with lock(place.parent / f".{place.name}.lock"):
        with contextlib.suppress(ProviderUnavailable):
            return models.checked(home, name)
        if hub == OFF:
            raise ProviderUnavailable(
                f"the model {name} is not there and downloads are switched off: set CUEPOINT_HUB "
                f"to {HUB} or to a mirror of it"
            )
        with workplace(place.parent, ".pull-") as scratch:
            made = scratch / place.name
            made.mkdir()
            try:
                _fetch(name, made, on_progress or _unheard, hub)
                models.seal(made, name)
            except VideoError:
                raise
            except Exception as error:  # what a hub sends, and how its client takes it, is foreign
                raise _told(name, hub, error) from error
            discard(place, place.parent / ".removed")
            made.rename(place)
        sync_folder(place.parent)
    return place


def _unheard(done: int, total: int) -> None:
    pass


def _parts(name: str, hub: str) -> list[_Part]:
    """What is to be fetched; the hub's names are foreign and must stay inside the folder."""
    from huggingface_hub import HfApi

    parts: list[_Part] = []
    for source in models.known(name).sources:
        about = HfApi(endpoint=hub, token=False).model_info(
            source.repository, files_metadata=True, timeout=PATIENCE
        )
        listed = {one.rfilename: one for one in about.siblings or ()}
        for file, one in listed.items():
            if source.wants(file) and ".." not in PurePosixPath(file).parts:
                sha256 = one.lfs.sha256 if one.lfs else None
                place = Path(source.folder, file)
                parts.append(
                    _Part(
                        source.repository, about.sha or "main", file, place, one.size or 0, sha256
                    )
                )
        for pattern in source.files:
            if not any(PurePosixPath(file).match(pattern) for file in listed):
                raise ProviderUnavailable(
                    f"{source.repository} at {hub} holds no {pattern}: "
                    f"the model {name} cannot be made of it"
                )
    return parts


def _fetch(name: str, folder: Path, on_progress: Progress, hub: str) -> None:
    from huggingface_hub import file_download, hf_hub_url, utils

    client: Any = file_download
    utils.logging.set_verbosity_error()  # what it tries again is no news
    _pace(name, hub)
    parts = _parts(name, hub)
    total = sum(part.size for part in parts)
    free = shutil.disk_usage(folder).free
    if free < total + SPARE_BYTES:
        raise RefusedRequest(
            f"the model {name} takes {total >> 20} MB and only {free >> 20} MB are free "
            f"below {folder.parent.parent}; free {(total + SPARE_BYTES - free >> 20) + 1} MB"
        )
    on_progress(0, total)
    bar = _bar(on_progress, total)
    for part in parts:
        _pace(name, hub)  # anew: what was fetched before took its time to be compared
        path = folder / part.place
        path.parent.mkdir(parents=True, exist_ok=True)
        url = hf_hub_url(part.repository, part.file, revision=part.revision, endpoint=hub)
        unlike = ProviderUnavailable(
            f"{part.file} of the model {name} is not what {hub} announced; "
            f"run again: cuepoint models pull {name}"
        )
        with _Bounded(path, part.size, unlike) as file:
            client.http_get(url, file, expected_size=part.size, tqdm_class=bar)
            file.flush()
            os.fsync(file.fileno())
        if path.stat().st_size != part.size or (part.sha256 and digest(path) != part.sha256):
            raise unlike


def _pace(name: str, hub: str) -> None:
    """Have the hub's client give up on one that drips; it bounds the wait for a piece alone."""
    from huggingface_hub.utils import get_session, httpx

    since, taken = time.monotonic(), 0

    class Paced(httpx.SyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            nonlocal since, taken
            for piece in self._stream:
                taken += len(piece)
                if (now := time.monotonic()) > since + WINDOW:
                    if taken < LEAST:
                        raise ProviderUnavailable(
                            f"the hub {hub} is too slow; the model {name} is not there; "
                            f"run again: cuepoint models pull {name}"
                        )
                    since, taken = now, 0
                yield piece

        def close(self) -> None:
            self._stream.close()

    def pace(response: httpx.Response) -> None:
        response.stream = Paced(response.stream)

    session = get_session()
    session.event_hooks = {**session.event_hooks, "response": [pace]}


class _Bounded(io.BufferedWriter):
    """A file that takes so many bytes, and raises at the next: a hub may send without an end."""

    def __init__(self, path: Path, size: int, unlike: ProviderUnavailable) -> None:
        super().__init__(io.FileIO(path, "wb"))
        self._size, self._unlike = size, unlike

    def write(self, data: "Buffer", /) -> int:
        if self.tell() + memoryview(data).nbytes > self._size:
            raise self._unlike
        return super().write(data)


def _bar(on_progress: Progress, total: int) -> Any:
    """What the hub's client takes for a progress bar, over all files together."""
    done = 0

    class Bar:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, more: int) -> None:
            nonlocal done
            done += more
            on_progress(done, total)

    return Bar


def _told(name: str, hub: str, error: Exception) -> VideoError:
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import httpx

    again = f"run again: cuepoint models pull {name}"
    if isinstance(error, HfHubHTTPError):
        said = f"says {error.response.status_code}"
    elif isinstance(error, httpx.TimeoutException):
        said = "does not answer"
    elif isinstance(error, httpx.ConnectError):
        said = "cannot be reached"
    elif isinstance(error, httpx.TransportError):
        said = "broke off"
    elif isinstance(error, OSError) and error.errno in FULL:
        return RefusedRequest(
            f"the disk became full while the model {name} was fetched, and nothing of it is kept; "
            f"free more space and {again}"
        )
    elif isinstance(error, OSError) and (of_the_disk := refusal(error)):
        return of_the_disk
    else:
        words = str(error).strip().splitlines() or [type(error).__name__]
        said = f"sent what cannot be used ({words[0]})"
    return ProviderUnavailable(f"the hub {hub} {said}; the model {name} is not there; {again}")
