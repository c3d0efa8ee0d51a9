"""Originals as an edit list names them: by path, or by the name that their owner knows."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from tools.export.files import file_name
from tools.library import Library
from tools.media import Video

_HEAD = 64
"""Bytes of a file that tell its kind."""
_BRANDS = {b"qt  ": ".mov", b"M4V ": ".m4v", b"M4A ": ".m4a", b"3gp4": ".3gp", b"3gp5": ".3gp"}
_ENDINGS = {
    "mpegts": ".ts", "mpeg": ".mpg", "asf": ".wmv", "ogg": ".ogv", "matroska,webm": ".mkv",
    "mov,mp4,m4a,3gp,3g2,mj2": ".mp4",
}  # fmt: skip
"""Endings of names that are not those of their format."""


def media_url(library: Library, video: Video) -> str:
    """Address of a video's file; of one that was moved into the library its name alone.

    The library keeps it without its name, where no editing program looks: it is found by its name,
    beside the edit list or in the folder that the program is shown.
    """
    manifest = library.manifest(video.id)
    path = Path(video.path)
    if manifest["source"]["linked"]:
        return path.as_uri()
    return quote(file_name(manifest["title"], _ending(path, manifest["probe"]["format"])))


def _ending(path: Path, format: str) -> str:
    head = b""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(_HEAD)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], ".mp4")
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free"):
        return ".mov"  # as QuickTime wrote them before brands
    if format == "matroska,webm" and b"webm" in head:
        return ".webm"
    return _ENDINGS.get(format, f".{format}")
