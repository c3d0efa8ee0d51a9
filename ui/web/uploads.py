"""Files that come in through the browser: straight to disk, counted, probed, never lost.

An upload is written to `uploads/<uuid>.part`, checked, and becomes `uploads/<uuid>` with its name
beside it in `<uuid>.json`. It leaves the folder only into the library.
"""

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tools.errors import RefusedRequest, UnreadableMedia
from tools.files.disk import FULL
from tools.files.durable import adopt, claim, sweep, write_bytes
from tools.sandbox import Child
from tools.text.clean import clean_title
from tools.vision.user_image import is_picture, small_jpeg

PIECE = 1 << 20
AT_ONCE = 4
"""Uploads that are read at the same time; further ones wait with their first byte unread."""
QUOTA = 5
"""All uploads together may take so many times the limit of one."""
OVERHEAD = 64 << 10
"""What the multipart form may add to the file."""
SPARE = 256 << 20
"""Bytes of the disk that an upload leaves free."""
HEADER = 32 << 10
"""A file name may be long; it is cut, not refused."""


class TooLarge(RefusedRequest):
    """Above the limit for a file, the quota, or what the disk holds."""


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
    """The folder of one library's uploads."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit, self._quota = limit, limit * QUOTA
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._reserved = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def receive(
        self, body: AsyncIterator[bytes], content_type: str, declared: int | None
    ) -> Upload | Picture:
        """Stream a multipart form to disk; RefusedRequest or UnreadableMedia leave nothing.

        What begins like a picture is one, whatever it is called, and does not stay.
        """
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not content_type.startswith("multipart/form-data") or not boundary:
            raise RefusedRequest("an upload is a multipart form with a field named file")
        if declared is not None and declared > self._limit + OVERHEAD:
            raise self._too_large()
        async with self._turn:
            room = await asyncio.to_thread(self._room)
            if (declared or 1) > room:
                raise self._no_room()
            most = min(declared or self._limit, room)
            self._reserved += most
            part = self._folder / f"{uuid.uuid4()}.part"
            try:
                part.touch(0o600)
                with claim(part):  # the next start removes what nobody holds
                    name = await self._write(body, boundary, part, most)
                    if await asyncio.to_thread(is_picture, part):
                        content = await asyncio.to_thread(small_jpeg, part)
                        return Picture(part.stem, title_of(name), content)
                    await asyncio.to_thread(_check, part)
                    return await asyncio.to_thread(self._keep, part, name)
            except OSError as error:
                if error.errno in FULL:
                    raise self._no_room() from error
                raise
            finally:
                self._reserved -= most
                part.unlink(missing_ok=True)

    async def _write(
        self, body: AsyncIterator[bytes], boundary: bytes, part: Path, most: int
    ) -> str:
        form = _Form(boundary)
        written = 0
        with part.open("wb") as file:
            async for chunk in body:
                form.feed(chunk)
                if written + len(form.held) > min(self._limit, most):
                    raise self._too_large()
                if len(form.held) >= PIECE:
                    written += await asyncio.to_thread(file.write, form.take())
            written += await asyncio.to_thread(file.write, form.take())
        if not form.complete or not written:
            raise RefusedRequest("the upload broke off or holds no file: send it again")
        return form.name

    def _keep(self, part: Path, name: str) -> Upload:
        kept = part.with_suffix("")
        title = title_of(name)
        write_bytes(kept.with_suffix(".json"), json.dumps({"title": title}).encode())
        adopt(part, kept)
        return Upload(kept.name, title, kept)

    def waiting(self) -> list[Upload]:
        """Complete uploads that no one has indexed; what broke off is removed."""
        sweep(self._folder, "*.part")
        found: list[Upload] = []
        for path in sorted(self._folder.iterdir()):
            kept = self._folder / path.name.lstrip(".").partition(".")[0]
            if path == kept:
                found.append(self.get(path.name) or Upload(path.name, "untitled", path))
            elif not kept.with_suffix(".part").exists() and not kept.exists():
                path.unlink(missing_ok=True)  # a name without its file
        return found

    def get(self, id: str) -> Upload | None:
        """A waiting upload by its id."""
        path = self._folder / str(uuid.UUID(id))
        try:
            title = json.loads(path.with_suffix(".json").read_bytes())["title"]
        except (FileNotFoundError, ValueError, KeyError):
            return None
        return Upload(path.name, title, path) if path.exists() else None

    def forget(self, upload: Upload) -> None:
        """Remove what is left of an upload once the library has it, or cannot read it."""
        upload.path.unlink(missing_ok=True)
        upload.path.with_suffix(".json").unlink(missing_ok=True)

    def _room(self) -> int:
        """Bytes that may still come: of the quota over all uploads, and of the disk."""
        folder = self._folder.parent
        taken = sum(p.stat().st_size for p in self._folder.glob("*") if p.suffix != ".part")
        taken += sum(
            p.stat().st_size for p in folder.glob("videos/*/original*") if not p.is_symlink()
        )
        free = shutil.disk_usage(self._folder).free - SPARE
        return max(min(self._quota - taken, free) - self._reserved, 0)

    def _no_room(self) -> TooLarge:
        return TooLarge("there is no room for this file: remove a video first")

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the file is larger than {self._limit >> 20} MB, the limit of this server")


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


class _Form:
    """The bytes of the field `file`, taken out of a multipart stream as they come."""

    def __init__(self, boundary: bytes) -> None:
        self.held = bytearray()
        self.name = ""
        self.complete = False
        self._wanted = self._seen = False
        self._field = self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_part_data": self._on_data,
                "on_end": self._on_end,
            },
            max_header_size=HEADER,
        )

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise RefusedRequest("the upload is not a well-formed form") from error

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
