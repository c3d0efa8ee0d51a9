"""Fetch models of the registry from the hub: whole or not at all, and exactly the pinned ones.

`huggingface_hub.snapshot_download` is not enough for that: of a file that broke off it keeps
nothing for the next run, it takes more bytes than were announced, and it compares no digest.
"""

import contextlib
import io
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.errors import ProviderUnavailable, RefusedRequest, VideoError
from tools.files.disk import FULL, SPARE_BYTES, disk_error
from tools.files.durable import digest, lock, move_into_place, remove_folder, sync_folder
from tools.models import pins
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

    One VideoError where the hub is silent, breaks off or sends something else, and where the disk
    is too small. What came of it is kept aside, and the next call goes on from there.
    """
    place = models.folder(home, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    with lock(place.parent / f".{place.name}.lock"):
        with contextlib.suppress(ProviderUnavailable):
            return models.checked(home, name, thorough=True)
        if hub == OFF:
            raise ProviderUnavailable(
                f"the model {name} is not there and downloads are switched off: set CUEPOINT_HUB "
                f"to {HUB} or to a mirror of it"
            )
        made = place.parent / f".part-{place.name}"
        made.mkdir(exist_ok=True)
        try:
            revisions = _fetch(home, name, made, on_progress or _unheard, hub)
            models.seal(made, name, revisions)
        except VideoError:
            raise
        except Exception as error:  # what a hub sends, and how its client takes it, is foreign
            if isinstance(error, OSError) and error.errno in FULL:
                shutil.rmtree(made, ignore_errors=True)
            raise _told(name, hub, error) from error
        finally:
            if not any(path.is_file() and path.stat().st_size for path in made.rglob("*")):
                shutil.rmtree(made, ignore_errors=True)
        remove_folder(place, place.parent / ".removed")
        made.rename(place)
        sync_folder(place.parent)
    return place


def _unheard(done: int, total: int) -> None:
    pass


def _parts(home: Path, name: str, hub: str) -> list[_Part]:
    """What is to be fetched; the hub's names are foreign and must stay inside the folder.

    A repository without a pin is taken at the commit that was sealed at the first download.
    """
    from huggingface_hub import HfApi

    parts: list[_Part] = []
    revisions, digests = models.sealed_before(home, name)
    for source in models.known(name).sources:
        known = revisions.get(source.repository)
        revision = pins.REVISIONS.get(source.repository, known)
        about = HfApi(endpoint=hub, token=False).model_info(
            source.repository, revision=revision, files_metadata=True, timeout=PATIENCE
        )
        if revision and about.sha != revision:
            raise ProviderUnavailable(
                f"{hub} has {source.repository} at {about.sha}, and not at {revision}: "
                f"the model {name} is not taken from there"
            )
        pinned = pins.DIGESTS.get(source.repository, {})
        listed = {one.rfilename: one for one in about.siblings or ()}
        for file, one in listed.items():
            if source.wants(file) and ".." not in PurePosixPath(file).parts:
                place = Path(source.folder, file)
                before = digests.get(place.as_posix()) if revision and known == revision else None
                told = one.lfs.sha256 if one.lfs else None
                sha256 = pinned.get(file) or before or told
                if told and told != sha256:
                    own = (
                        ""
                        if file in pinned
                        else f"; to take it, remove {models.folder(home, name)}"
                    )
                    raise ProviderUnavailable(
                        f"{file} of the model {name} is another one at {hub} than the one that is "
                        f"pinned, and is not taken{own}"
                    )
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


def _fetch(home: Path, name: str, folder: Path, on_progress: Progress, hub: str) -> dict[str, str]:
    """Fetch what is not in the folder yet; returns the commits by repository."""
    from huggingface_hub import file_download, hf_hub_url, utils

    client: Any = file_download
    utils.logging.set_verbosity_error()  # what it tries again is no news
    _pace(name, hub)
    parts = _parts(home, name, hub)
    _clear(folder, parts)
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    total = sum(part.size for part in parts)
    free = shutil.disk_usage(folder).free
    if free < total - there + SPARE_BYTES:
        raise RefusedRequest(
            f"the model {name} takes {total - there >> 20} MB and only {free >> 20} MB are free "
            f"below {folder.parent.parent}; "
            f"free {(total - there + SPARE_BYTES - free >> 20) + 1} MB"
        )
    on_progress(0, total)
    bar = _bar(on_progress, total)
    bar().update(there)
    for part in parts:
        path, began = folder / part.place, _began(folder, part)
        if path.is_file():
            continue
        _pace(name, hub)  # anew: what was fetched before took its time to be compared
        path.parent.mkdir(parents=True, exist_ok=True)
        url = hf_hub_url(part.repository, part.file, revision=part.revision, endpoint=hub)
        unlike = ProviderUnavailable(
            f"{part.file} of the model {name} is not what {hub} announced; "
            f"run again: cuepoint models pull {name}"
        )
        try:
            with _Bounded(began, part.size, unlike) as file:
                resumed = file.tell()
                client.http_get(
                    url, file, expected_size=part.size, resume_size=resumed, tqdm_class=bar
                )
            if began.stat().st_size != part.size or (part.sha256 and digest(began) != part.sha256):
                raise unlike
        except ProviderUnavailable as error:
            if error is unlike:  # nothing of such a hub is kept
                shutil.rmtree(folder)
            raise
        move_into_place(began, path)
    return {part.repository: part.revision for part in parts}


def _began(folder: Path, part: _Part) -> Path:
    """Where a part of a file lies: beside it, under the name of its commit."""
    return folder / part.place.with_name(f"{part.place.name}.{part.revision[:12]}.part")


def _clear(folder: Path, parts: list[_Part]) -> None:
    """Delete what an earlier call left and this one cannot go on with: other files, no digest."""
    begun = {_began(folder, part): part.size for part in parts}
    whole = {folder / part.place: part.sha256 for part in parts if part.sha256}
    for path in filter(Path.is_file, list(folder.rglob("*"))):
        fits = path.stat().st_size <= begun.get(path, -1)
        if not fits and (path not in whole or digest(path) != whole[path]):
            path.unlink()


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
    """A file that takes so many bytes more, and raises at the next: a hub may send for ever."""

    def __init__(self, path: Path, size: int, unlike: ProviderUnavailable) -> None:
        super().__init__(io.FileIO(path, "ab"))
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
            on_progress(min(done, total), total)

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
    elif isinstance(error, OSError) and (of_the_disk := disk_error(error)):
        return of_the_disk
    else:
        words = str(error).strip().splitlines() or [type(error).__name__]
        said = f"sent what cannot be used ({words[0]})"
    return ProviderUnavailable(f"the hub {hub} {said}; the model {name} is not there; {again}")
