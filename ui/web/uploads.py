"""Files that come in through the browser: straight to disk, counted, probed, never lost.

An upload is written to `uploads/<uuid>.part`, checked, and becomes `uploads/<uuid>` with its name
beside it in `<uuid>.json`, which also says whether a message was sent with it: only then is it
indexed. From there it leaves the folder only into the library.
"""

import asyncio
import json
import shutil
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tools.errors import RefusedRequest, UnreadableMedia
from tools.files.disk import FULL, best_effort
from tools.files.durable import delete_unlocked, lock_existing, move_into_place, write_bytes
from tools.files.handles import share
from tools.sandbox import Child
from tools.text.clean import clean_title
from tools.vision.user_image import is_picture, small_jpeg
from ui.web.host_guard import is_uuid

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PIECE = 1 << 20
AT_ONCE = 4
"""Uploads that are written, and as many that are probed, at the same time."""
OPEN = 32
"""Uploads that may come in at the same time; a browser opens six connections at most."""
FILES = 4
"""What one of them holds open: its connection, its file twice, its record."""
OVERHEAD = 64 << 10
"""What the multipart form may add to the file."""
SPARE = 256 << 20
"""Bytes of the disk that an upload leaves free."""
HEADER = 32 << 10
"""A file name may be long; it is cut, not refused."""
ABANDONED = 86400.0
"""Seconds after which a file that was attached, and never sent with a message, is removed."""
_T = TypeVar("_T")


class NotTaken(RefusedRequest):
    """An upload that is broken off from here; status is HTTP's word for why."""

    status = 503


class TooLarge(NotTaken):
    """Above the limit for a file, the room for uploads, or what the disk holds."""

    status = 413


class Stalled(NotTaken):
    """No byte came for too long."""

    status = 408


@dataclass(frozen=True)
class Upload:
    """A complete, readable file that waits to be indexed."""

    id: str
    title: str
    path: Path


@dataclass(frozen=True)
class Picture:
    """A picture that a question is about: a small JPEG made of what was sent, on no disk."""

    id: str
    title: str
    content: bytes


class Uploads:
    """The folder of one library's uploads.

    limit is of one file, room of all uploads and the videos made of them (0: what the disk has), in
    bytes; stall is the seconds without a byte after which an upload is given up.
    """

    def __init__(self, folder: Path, limit: int, room: int = 0, stall: float = 60.0) -> None:
        self._folder = folder
        self._limit, self._all, self._stall = limit, room, stall
        self._disk = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="upload")
        self._probing = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe")
        self._records = threading.Lock()
        self._reserved = self._open = 0
        with best_effort("uploads"):
            self._make()

    async def receive(
        self, body: AsyncIterator[bytes], content_type: str, declared: int | None
    ) -> Upload | Picture:
        """Stream a multipart form to disk; RefusedRequest or UnreadableMedia leave nothing.

        What begins like a picture is one, whatever it is called, and does not stay.
        """
        form = _Form(content_type)
        if declared is not None and declared > self._limit + OVERHEAD:
            raise self._too_large()
        if self._open >= share(OPEN, FILES):
            raise NotTaken("too many files come in at once: send this one again in a moment")
        self._open += 1
        part = self._folder / f"{uuid.uuid4()}.part"
        reserved = 0
        try:
            self._make()
            room, refusal = self._room(*await _run(self._disk, self._taken))
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
                    return Picture(part.stem, title, content)
                await _run(self._probing, _check, part)
                return await _run(self._disk, self._keep, part, title)
        except OSError as error:
            if error.errno in FULL:
                raise self._no_room() from error
            raise
        finally:
            self._open -= 1
            self._reserved -= reserved
            part.unlink(missing_ok=True)

    async def _write(
        self,
        body: AsyncIterator[bytes],
        form: "_Form",
        part: Path,
        room: int,
        refusal: TooLarge,
    ) -> None:
        written = 0
        with part.open("wb") as file:
            async for chunk in self._pieces(body):
                form.feed(chunk)
                if written + len(form.held) > self._limit:
                    raise self._too_large()
                if written + len(form.held) > room:
                    raise refusal
                if len(form.held) >= PIECE:
                    written += await _run(self._disk, file.write, form.take())
            written += await _run(self._disk, file.write, form.take())
        if not form.complete or not written:
            raise RefusedRequest("the upload broke off or holds no file: send it again")

    async def _pieces(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """What comes, as long as something does."""
        with suppress(StopAsyncIteration):
            while True:
                try:
                    async with asyncio.timeout(self._stall):
                        piece = await anext(body)
                except TimeoutError:
                    raise Stalled(
                        f"no byte of this file came for {self._stall:g} s: send it again"
                    ) from None
                yield piece

    def _keep(self, part: Path, title: str) -> Upload:
        kept = part.with_suffix("")
        self._note(kept, title, sent=False)
        move_into_place(part, kept)
        return Upload(kept.name, title, kept)

    def waiting(self) -> list[Upload]:
        """Complete uploads that a message was sent with and no one has indexed, by id.

        What broke off is removed, and what was attached long ago and never sent. What is not ours
        stays where it is.
        """
        delete_unlocked(self._folder, "*.part")
        self._forget_abandoned()
        found: list[Upload] = []
        for path in sorted(self._folder.glob("*")):
            kept = self._folder / path.name.lstrip(".").partition(".")[0]
            if not is_uuid(kept.name) or not path.is_file():
                continue
            if path != kept:
                if not kept.with_suffix(".part").exists() and not kept.exists():
                    with best_effort("leftovers"):
                        path.unlink(missing_ok=True)  # a name without its file
            elif self._record(kept).get("sent", True):
                found.append(self._upload(kept))
        return found

    def accept(self, id: str) -> Upload | None:
        """Take up what a message brings: from now on it is indexed, whatever stops meanwhile.

        None where it is not there (any more).
        """
        with self._records:
            path = self._folder / id
            if not is_uuid(id) or not path.is_file():
                return None
            upload = self._upload(path)
            self._note(path, upload.title, sent=True)
            return upload

    def forget(self, upload: Upload) -> None:
        """Remove what is left of an upload once the library has it, or cannot read it."""
        upload.path.unlink(missing_ok=True)
        upload.path.with_suffix(".json").unlink(missing_ok=True)

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
        """What is known of an upload. Who wrote no `sent`, an older release, indexed them all."""
        try:
            found = json.loads(path.with_suffix(".json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _note(self, path: Path, title: str, sent: bool) -> None:
        record = json.dumps({"title": title, "sent": sent})
        write_bytes(path.with_suffix(".json"), record.encode())

    def _taken(self) -> tuple[int, int]:
        """Bytes that uploads and what was made of them take, and bytes free on the disk."""
        self._forget_abandoned()
        taken = 0
        if self._all:
            taken = sum(_size(path) for path in self._folder.glob("*") if path.suffix != ".part")
            taken += sum(map(_size, self._folder.parent.glob("videos/*/original*")))
        return taken, shutil.disk_usage(self._folder).free - SPARE

    def _room(self, taken: int, free: int) -> tuple[int, TooLarge]:
        """Bytes that may still come, and what to say to more: of the setting, or of the disk."""
        left = self._all - taken
        if self._all and left < free:
            refusal = TooLarge(
                f"uploads may take {_told(self._all)} in all, and {_told(taken)} are used: remove "
                "a video, or raise CUEPOINT_UPLOAD_ROOM"
            )
            return max(left - self._reserved, 0), refusal
        return max(free - self._reserved, 0), self._no_room()

    def _no_room(self) -> TooLarge:
        return TooLarge("there is no room for this file on the disk: free some, or remove a video")

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the file is larger than {_told(self._limit)}, the limit of this server")


async def _run(pool: ThreadPoolExecutor, work: Callable[..., _T], *arguments: object) -> _T:
    return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)


def _size(path: Path) -> int:
    """Bytes of a file of ours; nothing for one that went away meanwhile."""
    with suppress(FileNotFoundError):
        if not path.is_symlink():
            return path.stat().st_size
    return 0


def _told(count: int) -> str:
    """Bytes as 20 GB, 19.8 GB, 4 MB."""
    name, unit = next(
        ((name, unit) for name, unit in (("GB", 1 << 30), ("MB", 1 << 20)) if count >= unit),
        ("kB", 1 << 10),
    )
    return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"


def title_of(name: str) -> str:
    """A file name from outside as a title: never a path, no direction marks, no ending."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    return clean_title(stem if dot and stem and len(ending) <= 5 else last)


def _check(part: Path) -> None:
    """What it is, is decided by reading it, not by its name or declared type."""
    with Child() as child:
        for _ in child.call("tools.video.container:probe", path=str(part)):
            return
    raise UnreadableMedia("this file holds no video that can be read")


@contextmanager
def _well_formed() -> Generator[None]:
    try:
        yield
    except FormParserError as error:
        raise RefusedRequest("the upload is not a well-formed form") from error


class _Form:
    """The bytes of the field `file`, taken out of a multipart stream as they come."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise RefusedRequest("an upload is a multipart form with a field named file")
        self.held = bytearray()
        self.name = ""
        self.complete = False
        self._wanted = self._seen = False
        self._field = self._value = b""
        handlers: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }
        with _well_formed():
            self._parser = MultipartParser(boundary, handlers, max_header_size=HEADER)

    def feed(self, chunk: bytes) -> None:
        with _well_formed():
            self._parser.write(chunk)

    def take(self) -> bytes:
        taken, self.held = bytes(self.held), bytearray()
        return taken

    def _begin(self) -> None:
        self._wanted = False
        self._field = self._value = b""

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        if self._field.lower() == b"content-disposition" and not self._seen:
            options = parse_options_header(self._value)[1]
            if options.get(b"name") == b"file" and b"filename" in options:
                self._wanted = self._seen = True
                self.name = options[b"filename"].decode("utf-8", "replace")
        self._field = self._value = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self.held += data[start:end]

    def _on_end(self) -> None:
        self.complete = True
