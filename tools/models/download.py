"""Download models of the registry: whole or not at all, and exactly the pinned files.

`huggingface_hub.snapshot_download` is not enough for that: of a file that broke off it keeps
nothing for the next run, it takes more bytes than were announced, and it compares no digest.
"""

import contextlib
import fnmatch
import io
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, NamedTuple

from tools.errors import ProviderUnavailable, RefusedRequest, VideoError
from tools.files.disk import FULL, SPARE_BYTES, disk_error
from tools.files.durable import digest, lock, move_into_place, remove_folder, sync_folder
from tools.models import pins
from tools.models import registry as models

HUB = "https://huggingface.co"
OFF = "off"
"""Address of a hub that means that nothing is downloaded."""
TIMEOUT = 3.0
"""Seconds to wait for the hub's first answer."""
LEAST, WINDOW = 100_000, 60.0
"""Bytes that must come in as many seconds: a hub may drip for ever."""

Progress = Callable[[int, int], None]
"""Callback that gets the bytes that are there, and all bytes."""


class _RemoteFile(NamedTuple):
    """File of a repository; `place` is relative to the model's folder, `size` in bytes."""

    repository: str
    revision: str
    name: str
    place: Path
    size: int
    sha256: str | None


def pull(home: Path, name: str, on_progress: Progress | None = None, hub: str = HUB) -> Path:
    """Download what is missing or damaged of a model; returns its folder.

    One VideoError where the hub is silent, breaks off or sends something else, and where the disk
    is too small. What came of it is kept aside, and the next call goes on from there.
    """
    place = models.folder(home, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    with lock(place.parent / f".{place.name}.lock"):
        with contextlib.suppress(ProviderUnavailable):
            return models.intact_folder(home, name, thorough=True)
        if hub == OFF:
            raise ProviderUnavailable(
                f"the model {name} is not there and downloads are switched off: set CUEPOINT_HUB "
                f"to {HUB} or to a mirror of it"
            )
        partial = place.parent / f".part-{place.name}"
        partial.mkdir(exist_ok=True)
        try:
            files = _fetch(home, name, partial, on_progress or (lambda done, total: None), hub)
            models.seal(partial, name, {file.repository: file.revision for file in files})
        except VideoError:
            raise
        except Exception as error:  # what a hub sends, and how its client takes it, is foreign
            if isinstance(error, OSError) and error.errno in FULL:
                shutil.rmtree(partial, ignore_errors=True)
            raise _translated(name, hub, error) from error
        finally:
            if not any(path.is_file() and path.stat().st_size for path in partial.rglob("*")):
                shutil.rmtree(partial, ignore_errors=True)
        remove_folder(place, place.parent / ".removed")
        partial.rename(place)
        sync_folder(place.parent)
    return place


def _remote_files(home: Path, name: str, hub: str) -> list[_RemoteFile]:
    """Files of a model on the hub, whose names are foreign and must stay inside the folder.

    A repository without a pin is taken at the commit that was recorded at the first download.
    """
    from huggingface_hub import HfApi

    files: list[_RemoteFile] = []
    revisions, digests = models.recorded_pins(home, name)
    for source in models.get(name).sources:
        repository = source.repository
        recorded = revisions.get(repository)
        revision = pins.REVISIONS.get(repository, recorded)
        info = HfApi(endpoint=hub, token=False).model_info(
            repository, revision=revision, files_metadata=True, timeout=TIMEOUT
        )
        if revision and info.sha != revision:
            raise ProviderUnavailable(
                f"{hub} has {repository} at {info.sha}, and not at {revision}: "
                f"the model {name} is not taken from there"
            )
        pinned = pins.DIGESTS.get(repository, {})
        listed = {sibling.rfilename: sibling for sibling in info.siblings or ()}
        patterns = source.files + source.optional
        wanted = {file for pattern in patterns for file in fnmatch.filter(listed, pattern)}
        for pattern in source.files:
            if not fnmatch.filter(listed, pattern):
                raise ProviderUnavailable(
                    f"{repository} at {hub} holds no {pattern}: "
                    f"the model {name} cannot be made of it"
                )
        for file, sibling in listed.items():
            if file not in wanted or ".." in PurePosixPath(file).parts:
                continue
            place = Path(source.folder, file)
            before = digests.get(place.as_posix()) if revision and recorded == revision else None
            announced = sibling.lfs.sha256 if sibling.lfs else None
            sha256 = pinned.get(file) or before or announced
            if announced and announced != sha256:
                folder = models.folder(home, name)
                advice = "" if file in pinned else f"; to take it, remove {folder}"
                raise ProviderUnavailable(
                    f"{file} of the model {name} is another one at {hub} than the one that is "
                    f"pinned, and is not taken{advice}"
                )
            commit = info.sha or "main"
            files.append(_RemoteFile(repository, commit, file, place, sibling.size or 0, sha256))
    return files


def _fetch(
    home: Path, name: str, folder: Path, on_progress: Progress, hub: str
) -> list[_RemoteFile]:
    """Download the files that are not in the folder yet; returns all files."""
    from huggingface_hub import file_download, hf_hub_url, utils

    client: Any = file_download
    utils.logging.set_verbosity_error()  # what it tries again is no news
    _bound_pace(name, hub)
    files = _remote_files(home, name, hub)
    _clear(folder, files)
    done = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    total = sum(file.size for file in files)
    free = shutil.disk_usage(folder).free
    if free < total - done + SPARE_BYTES:
        raise RefusedRequest(
            f"the model {name} takes {total - done >> 20} MB and only {free >> 20} MB are free "
            f"below {folder.parent.parent}; "
            f"free {(total - done + SPARE_BYTES - free >> 20) + 1} MB"
        )

    def update(more: int) -> None:
        nonlocal done
        done += more
        on_progress(min(done, total), total)

    def bar(**_: Any) -> Any:  # each file's, which goes on with the one before it
        return contextlib.nullcontext(SimpleNamespace(update=update))

    on_progress(0, total)
    update(0)
    for file in files:
        path, partial = folder / file.place, _partial_path(folder, file)
        if path.is_file():
            continue
        _bound_pace(name, hub)  # anew: what was fetched before took its time to be compared
        path.parent.mkdir(parents=True, exist_ok=True)
        url = hf_hub_url(file.repository, file.name, revision=file.revision, endpoint=hub)
        mismatch = ProviderUnavailable(
            f"{file.name} of the model {name} is not what {hub} announced; "
            f"run again: cuepoint models pull {name}"
        )
        try:
            with _BoundedFile(partial, file.size, mismatch) as target:
                resumed = target.tell()
                client.http_get(
                    url, target, expected_size=file.size, resume_size=resumed, tqdm_class=bar
                )
            if partial.stat().st_size != file.size or (
                file.sha256 and digest(partial) != file.sha256
            ):
                raise mismatch
        except ProviderUnavailable as error:
            if error is mismatch:  # nothing of such a hub is kept
                shutil.rmtree(folder)
            raise
        move_into_place(partial, path)
    return files


def _partial_path(folder: Path, file: _RemoteFile) -> Path:
    """Path of an unfinished file: beside the whole one, under the name of its commit."""
    return folder / file.place.with_name(f"{file.place.name}.{file.revision[:12]}.part")


def _clear(folder: Path, files: list[_RemoteFile]) -> None:
    """Delete what an earlier call left and this one cannot use: other files, wrong digests."""
    begun = {_partial_path(folder, file): file.size for file in files}
    whole = {folder / file.place: file.sha256 for file in files if file.sha256}
    for path in filter(Path.is_file, list(folder.rglob("*"))):
        fits = path.stat().st_size <= begun.get(path, -1)
        if not fits and (path not in whole or digest(path) != whole[path]):
            path.unlink()


def _bound_pace(name: str, hub: str) -> None:
    """Make the hub's client give up on a slow hub; by itself it bounds the wait for a piece."""
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

    def bound(response: httpx.Response) -> None:
        response.stream = Paced(response.stream)

    session = get_session()
    session.event_hooks = {**session.event_hooks, "response": [bound]}


class _BoundedFile(io.BufferedWriter):
    """File that takes a number of bytes, and raises at the next: a hub may send for ever."""

    def __init__(self, path: Path, size: int, error: ProviderUnavailable) -> None:
        super().__init__(io.FileIO(path, "ab"))
        self._size, self._error = size, error

    def write(self, data: Any, /) -> int:
        if self.tell() + memoryview(data).nbytes > self._size:
            raise self._error
        return super().write(data)


def _translated(name: str, hub: str, error: Exception) -> VideoError:
    """Translate an error of the hub, of its client or of the disk."""
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import httpx

    again = f"run again: cuepoint models pull {name}"
    if isinstance(error, HfHubHTTPError):
        trouble = f"says {error.response.status_code}"
    elif isinstance(error, httpx.TimeoutException):
        trouble = "does not answer"
    elif isinstance(error, httpx.ConnectError):
        trouble = "cannot be reached"
    elif isinstance(error, httpx.TransportError):
        trouble = "broke off"
    elif isinstance(error, OSError) and error.errno in FULL:
        return RefusedRequest(
            f"the disk became full while the model {name} was fetched, and nothing of it is kept; "
            f"free more space and {again}"
        )
    elif isinstance(error, OSError) and (refused := disk_error(error)):
        return refused
    else:
        words = str(error).strip().splitlines() or [type(error).__name__]
        trouble = f"sent what cannot be used ({words[0]})"
    return ProviderUnavailable(f"the hub {hub} {trouble}; the model {name} is not there; {again}")
