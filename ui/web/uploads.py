"""Uploads of the browser: streamed to disk, limited, probed, never lost.

An upload is written to `uploads/<uuid>.part`, checked, and becomes `uploads/<uuid>` with its title
beside it in `<uuid>.json`, which also says whether a message was sent with it: only then is it
indexed. From there it leaves the folder only into the library.
"""

import asyncio
import json
import shutil
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState, parse_options_header

from tools.errors import RefusedRequest
from tools.fetch.sites import Fetched
from tools.files.disk import FULL, best_effort, size_text
from tools.files.durable import (
    delete_unlocked,
    lock_existing,
    move_into_place,
    temporary_folder,
    write_bytes,
)
from tools.files.handles import share
from tools.text.clean import clean_title, title_of
from tools.transcript.subtitles import SIDECAR_TYPES
from tools.vision.user_image import is_picture, small_jpeg
from ui.web.host_guard import is_uuid
from ui.web.probing import check_video, read_subtitles

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

BUFFER = 1 << 20
"""Bytes that are written to disk at once."""
FETCHES = 2
"""Files that are fetched from addresses at the same time."""
THREADS = 4
"""Uploads that are written to disk at the same time."""
PROBES = 2
"""Uploads that are probed at the same time: each takes a process of its own, with its memory."""
CONNECTIONS = 32
"""Uploads that may come in at the same time; a browser opens six connections at most."""
FILES = 4
"""Files that one of them keeps open: its connection, its file twice, its record."""
OVERHEAD = 64 << 10
"""Bytes that the multipart form may add to the file."""
SPARE = 256 << 20
"""Bytes of the disk that an upload leaves free."""
HEADER = 32 << 10
"""Bytes of a part's header: a file name may be long; it is cut, not refused."""
SUBTITLES = ".subtitles"
"""Ending of the folder of subtitle files that were sent with an upload."""
ABANDONED = 86400.0
"""Seconds after which a file that was attached, and never sent with a message, is removed."""
_T = TypeVar("_T")


class UploadRefused(HTTPException):
    """An upload that is broken off from here: 413 too large, 408 stalled, 503 too many."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason, {"connection": "close"})


@dataclass(frozen=True)
class Upload:
    """A complete, readable file that waits to be indexed."""

    id: str
    title: str
    path: Path

    @property
    def subtitles(self) -> list[Path]:
        """Subtitle files that were sent with it."""
        return sorted(self.path.with_suffix(SUBTITLES).glob("*"))


@dataclass(frozen=True)
class UserSubtitles:
    """A subtitle file that can be read, as it was sent; `title` is its name."""

    id: str
    title: str
    content: bytes


@dataclass(frozen=True)
class UserImage:
    """An image that a question is about: a small JPEG made of what was sent, on no disk."""

    id: str
    title: str
    content: bytes


class Uploads:
    """The folder of one library's uploads.

    limit is of one file, quota of all uploads and the videos made of them (0: what the disk has),
    in bytes; stall is the seconds without a byte after which an upload is given up.
    """

    def __init__(self, folder: Path, limit: int, quota: int = 0, stall: float = 60.0) -> None:
        self._folder = folder
        self._limit, self._quota, self._stall = limit, quota, stall
        self._disk = ThreadPoolExecutor(THREADS, thread_name_prefix="upload")
        self._probing = ThreadPoolExecutor(PROBES, thread_name_prefix="probe")
        self._fetching = ThreadPoolExecutor(FETCHES, thread_name_prefix="fetch")
        self._records = threading.Lock()
        self._reserved = self._open = 0
        with best_effort("uploads"):
            self._make()

    async def receive(
        self, body: AsyncIterator[bytes], content_type: str, declared: int | None
    ) -> Upload | UserImage | UserSubtitles:
        """Stream a multipart form to disk; RefusedRequest or UnreadableMedia leave nothing.

        A file that begins like an image is one, whatever its name; it does not stay, and neither do
        subtitles, which are told by their names.
        """
        if declared is not None and declared > self._limit + OVERHEAD:
            raise self._too_large()
        if self._open >= share(CONNECTIONS, FILES):
            reason = "too many files come in at once: send this one again in a moment"
            raise UploadRefused(503, reason)
        self._open += 1
        part = self._folder / f"{uuid.uuid4()}.part"
        reserved = 0
        try:
            form = _UploadForm(content_type)
            self._make()
            room, refusal = self._room(*await _run(self._disk, self._usage))
            if (declared or 1) > room:
                raise refusal
            reserved = min(declared or self._limit, room)
            self._reserved += reserved
            part.touch(0o600)
            with lock_existing(part):  # the next start removes what nobody holds
                await self._write(body, form, part, room, refusal)
                title = title_of(form.name)
                if await _run(self._disk, is_picture, part):
                    content = await _run(self._probing, small_jpeg, part)
                    return UserImage(part.stem, title, content)
                if (name := file_name(form.name)).suffix.lower() in SIDECAR_TYPES:
                    content = await _run(self._probing, read_subtitles, part, name)
                    return UserSubtitles(part.stem, name.name, content)
                await _run(self._probing, check_video, part)
                return await _run(self._disk, self._keep, part, title)
        except FormParserError as error:
            raise RefusedRequest("the upload is not a well-formed form") from error
        except OSError as error:
            if error.errno in FULL:
                raise _disk_full() from error
            raise
        finally:
            self._open -= 1
            self._reserved -= reserved
            part.unlink(missing_ok=True)

    async def fetch(self, bring: Callable[[Path, int], Fetched]) -> Upload:
        """Keep what `bring` puts into a folder, given the bytes that it may take; VideoErrors."""
        room, refusal = self._room(*await _run(self._disk, self._usage))
        if not room:
            raise RefusedRequest(refusal.detail)
        reserved = min(self._limit, room)
        self._reserved += reserved
        try:
            return await _run(self._fetching, self._fetch, bring, reserved)
        finally:
            self._reserved -= reserved

    def _fetch(self, bring: Callable[[Path, int], Fetched], limit: int) -> Upload:
        self._make()
        with temporary_folder(self._folder, "fetch-") as folder:
            fetched = bring(folder, limit)
            check_video(fetched.path)
            part = fetched.path.rename(folder / f"{uuid.uuid4()}.part")
            try:
                for path in fetched.subtitles:
                    self.add_subtitles(part.stem, path.name, path.read_bytes())
                return self._keep(part, fetched.title)
            except BaseException:
                self.forget(Upload(part.stem, fetched.title, self._folder / part.stem))
                raise

    async def _write(
        self,
        body: AsyncIterator[bytes],
        form: "_UploadForm",
        part: Path,
        room: int,
        full: Exception,
    ) -> None:
        written = 0
        with part.open("wb") as file:
            while chunk := await self._next(body):
                form.parser.write(chunk)
                size = written + len(form.buffer)
                if size > min(self._limit, room):
                    raise self._too_large() if size > self._limit else full
                if len(form.buffer) >= BUFFER:
                    written += await _run(self._disk, file.write, form.take())
            written += await _run(self._disk, file.write, form.take())
        if form.parser.state != MultipartState.END or not written:
            raise RefusedRequest("the upload broke off or holds no file: send it again")

    async def _next(self, body: AsyncIterator[bytes]) -> bytes:
        try:
            async with asyncio.timeout(self._stall):
                return await anext(body, b"")
        except TimeoutError:
            reason = f"no byte of this file came for {self._stall:g} s: send it again"
            raise UploadRefused(408, reason) from None

    def _keep(self, part: Path, title: str) -> Upload:
        path = self._folder / part.stem
        self._write_record(path, title, sent=False)
        move_into_place(part, path)
        return Upload(path.name, title, path)

    def waiting(self) -> list[Upload]:
        """Complete uploads that a message was sent with and no one has indexed, by id.

        Removes uploads that broke off, and those attached long ago and never sent. Files of others
        stay where they are.
        """
        delete_unlocked(self._folder, "*.part")
        self._forget_abandoned()
        uploads: list[Upload] = []
        for path in sorted(self._folder.glob("*")):
            upload = self._folder / path.name.lstrip(".").partition(".")[0]
            if is_uuid(upload.name) and path.suffix == SUBTITLES and not upload.exists():
                shutil.rmtree(path, ignore_errors=True)
            if not is_uuid(upload.name) or not path.is_file():
                continue
            if path == upload:
                if self._record(upload).get("sent", True):
                    uploads.append(self._upload(upload))
            elif not upload.with_suffix(".part").exists() and not upload.exists():
                with best_effort("leftovers"):
                    path.unlink(missing_ok=True)  # a record without its file
        return uploads

    def accept(self, id: str, sent: bool = True) -> Upload | None:
        """Mark an upload as sent with a message: it is indexed, even after a restart.

        None where it is not there (any more). With `sent` false it waits, a day at most.
        """
        with self._records:
            path = self._folder / id
            if not is_uuid(id) or not path.is_file():
                return None
            upload = self._upload(path)
            self._write_record(path, upload.title, sent)
            return upload

    def add_subtitles(self, upload: str, name: str, content: bytes) -> Path:
        """Keep a subtitle file under its name with an upload, or under an id of its own."""
        path = self._folder / f"{upload}{SUBTITLES}" / file_name(name).name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        write_bytes(path, content)
        return path

    def forget(self, upload: Upload) -> None:
        """Remove the files of an upload once the library has it, or cannot read it."""
        upload.path.unlink(missing_ok=True)
        upload.path.with_suffix(".json").unlink(missing_ok=True)
        shutil.rmtree(upload.path.with_suffix(SUBTITLES), ignore_errors=True)

    def _make(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _forget_abandoned(self) -> None:
        with self._records:
            for path in self._folder.glob("*"):
                if is_uuid(path.name) and not self._record(path).get("sent", True):
                    with suppress(FileNotFoundError):
                        if time.time() - path.stat().st_mtime > ABANDONED:
                            self.forget(self._upload(path))

    def _upload(self, path: Path) -> Upload:
        return Upload(path.name, clean_title(str(self._record(path).get("title", ""))), path)

    def _record(self, path: Path) -> dict[str, Any]:
        """Record of an upload. An older release wrote no `sent`, and indexed them all."""
        with suppress(OSError, ValueError):
            record = json.loads(path.with_suffix(".json").read_bytes())
            return record if isinstance(record, dict) else {}
        return {}

    def _write_record(self, path: Path, title: str, sent: bool) -> None:
        record = json.dumps({"title": title, "sent": sent})
        write_bytes(path.with_suffix(".json"), record.encode())

    def _usage(self) -> tuple[int, int]:
        """Bytes of uploads and of the videos made of them, and bytes free on the disk."""
        self._forget_abandoned()
        used = 0
        if self._quota:
            used = sum(_size(path) for path in self._folder.glob("*") if path.suffix != ".part")
            used += sum(map(_size, self._folder.parent.glob("videos/*/original*")))
        return used, shutil.disk_usage(self._folder).free - SPARE

    def _room(self, used: int, free: int) -> tuple[int, UploadRefused]:
        """Bytes that may still come, and the refusal of more: by the setting, or by the disk."""
        left, refusal = free, _disk_full()
        if self._quota and self._quota - used < free:
            left = self._quota - used
            refusal = UploadRefused(
                413,
                f"uploads may take {size_text(self._quota)} in all, and {size_text(used)} are "
                "used: remove a video, or raise CUEPOINT_UPLOAD_ROOM",
            )
        return max(left - self._reserved, 0), refusal

    def _too_large(self) -> UploadRefused:
        size = size_text(self._limit)
        return UploadRefused(413, f"the file is larger than {size}, the limit of this server")


def _disk_full() -> UploadRefused:
    reason = "there is no room for this file on the disk: free some, or remove a video"
    return UploadRefused(413, reason)


async def _run(pool: ThreadPoolExecutor, work: Callable[..., _T], *arguments: object) -> _T:
    return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)


def _size(path: Path) -> int:
    """Bytes of a file; 0 for a link, or a file that went away meanwhile."""
    with suppress(FileNotFoundError):
        if not path.is_symlink():
            return path.stat().st_size
    return 0


def file_name(name: str) -> Path:
    """File name made of one from outside: it keeps its ending, and its end where it is long."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return Path(clean_title(last[-60:]).lstrip(". ") or "subtitles")


class _UploadForm:
    """The bytes of the field `file`, taken out of a multipart stream as they come."""

    def __init__(self, content_type: str) -> None:
        media_type, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if media_type != b"multipart/form-data" or not boundary:
            raise RefusedRequest("an upload is a multipart form with a field named file")
        self.buffer = bytearray()
        self.name = ""
        self._in_file = self._seen = False
        self._header, self._value = bytearray(), bytearray()
        handlers: MultipartCallbacks = {
            "on_part_begin": self._on_part,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._on_header,
            "on_part_data": self._on_data,
        }
        self.parser = MultipartParser(boundary, handlers, max_header_size=HEADER)

    def take(self) -> bytes:
        taken, self.buffer = bytes(self.buffer), bytearray()
        return taken

    def _on_part(self) -> None:
        self._in_file = False

    def _on_header(self) -> None:
        if self._header.lower() == b"content-disposition" and not self._seen:
            options = parse_options_header(bytes(self._value))[1]
            if options.get(b"name") == b"file" and b"filename" in options:
                self._in_file = self._seen = True
                self.name = options[b"filename"].decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self.buffer += data[start:end]
