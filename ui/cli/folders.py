"""The videos in a folder: told by their names, else by their first bytes, before any is opened."""

import os
from collections.abc import Iterator
from pathlib import Path

from tools.errors import RefusedRequest

MOST, LOOKED_AT = 10_000, 200_000
"""Videos of one folder, and files and folders that are looked at, at most."""
_VIDEO_ENDINGS = """
    .mp4 .m4v .mov .qt .mkv .webm .avi .divx .wmv .asf .flv .f4v .mpg .mpeg .mpe .m1v .m2v .vob .mts
    .m2ts .m2t .mxf .ogv .ogm .3gp .3g2 .rm .rmvb .dv .y4m .h264 .264 .avc .h265 .265 .hevc"""
_OTHER_ENDINGS = """
    .mp3 .m4a .m4b .aac .ac3 .flac .wav .ogg .oga .opus .wma .mka .aif .aiff .amr
    .jpg .jpeg .png .gif .webp .bmp .tif .tiff .heic .heif .avif .svg
    .srt .vtt .ass .ssa .sub .idx .sup .sbv .lrc .smi .sami .ttml .dfxp .xml .txt
    .part .partial .crdownload .download .opdownload .unfinished .tmp .temp .ytdl .aria2 .!ut .!qb
    .bc!"""
_VIDEOS, _OTHERS = frozenset(_VIDEO_ENDINGS.split()), frozenset(_OTHER_ENDINGS.split())
"""The others, sound, pictures, subtitles and unfinished downloads, are never opened."""
_UNFINISHED = (".aria2", ".ytdl", ".part")
"""Endings of a file beside a download that is not whole yet."""
_SYNC = 0x47
"""First byte of a packet of a transport stream, of 188 bytes, or of 192 with a time before each."""


def videos_in(folder: Path, library: Path) -> list[Path]:
    """Find the videos in a folder and below it, by name, without those of the library itself.

    Hidden files and folders are left out, and so is what a link leads to outside of the folder.
    RefusedRequest where there are none, or too many to be meant.
    """
    found: dict[Path, Path] = {}
    root, inside = folder.resolve(), library.resolve()
    for looked, path in enumerate(_files(folder, inside)):
        if looked >= LOOKED_AT or len(found) > MOST:
            raise RefusedRequest(
                f"{str(folder)!r} holds more than {MOST:,} videos or {LOOKED_AT:,} files: name "
                "a folder further down"
            )
        target = path.resolve()
        if target.is_relative_to(root) and _is_video(path):
            found.setdefault(target, path)
    if not found:
        raise RefusedRequest(
            f"there is no video in {str(folder)!r}: sound and pictures are indexed when they are "
            "named one by one"
        )
    return list(found.values())


def _files(folder: Path, library: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and Path(place, name).resolve() != library
        )
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _is_video(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix in _OTHERS or not path.is_file():
        return False
    if any(path.with_name(path.name + ending).exists() for ending in _UNFINISHED):
        return False
    if suffix in _VIDEOS:
        return True
    try:
        with path.open("rb") as file:
            return _begins_as_video(file.read(400))
    except OSError:
        return False


def _begins_as_video(head: bytes) -> bool:
    packets = any(
        len(head) > at + 2 * size and {head[at], head[at + size]} == {_SYNC}
        for at, size in ((0, 188), (4, 192))
    )
    return packets or (
        head[4:8] in (b"ftyp", b"moov")
        or head.startswith((b"\x1aE\xdf\xa3", b"FLV\x01", b"\x00\x00\x01\xba", b"0&\xb2u\x8ef\xcf"))
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
    )
