"""Subtitle files that were given for a video, kept in its folder of the library."""

from pathlib import Path

from tools.errors import RefusedRequest, UnreadableMedia
from tools.files.durable import digest, write_bytes
from tools.text.clean import clean_title
from tools.transcript.subtitles import MAX_BYTES, MAX_SIDECARS, SIDECAR_TYPES, read_sidecar

GIVEN = "subtitles"
"""Folder of them in that of a video, and their entry in its manifest: checksums by name."""


def given_files(folder: Path) -> list[Path]:
    """Subtitle files given for a video; whatever else lies there is left alone."""
    paths = sorted((folder / GIVEN).glob("[!.]*"))
    return [p for p in paths if p.suffix.lower() in SIDECAR_TYPES and p.is_file()][:MAX_SIDECARS]


def given_name(path: Path, title: str) -> Path:
    """Name that a subtitle file shares with its video; marks such as a language follow it."""
    whole = path.stem.casefold()
    if whole == title.casefold() or whole.startswith(f"{title.casefold()}."):
        return Path(f"{title}.video")
    return Path(f"{path.stem.partition('.')[0]}.video")


def check(path: Path, title: str) -> None:
    """Raise RefusedRequest, or UnreadableMedia, unless a file can be read as subtitles."""
    if path.suffix.lower() not in SIDECAR_TYPES:
        known = ", ".join(sorted(SIDECAR_TYPES))
        raise RefusedRequest(f"{path.name!r} is no subtitle file: its name ends in one of {known}")
    if not path.is_file():
        raise UnreadableMedia(f"there is no file {str(path)!r}")
    track = read_sidecar(path, given_name(path, title))
    if not track.cues:
        raise UnreadableMedia(f"{path.name!r}: {track.trouble or 'holds no subtitles'}")


def keep(path: Path, folder: Path) -> dict[str, str]:
    """Copy a subtitle file into the folder of a video, over one of that name; its checksum."""
    stem = clean_title(path.stem)[-60:].lstrip(". ") or GIVEN  # its end holds the marks
    name = stem + path.suffix.lower()
    there = given_files(folder)
    if len(there) >= MAX_SIDECARS and all(other.name != name for other in there):
        raise RefusedRequest(f"{MAX_SIDECARS} subtitle files are there already")
    target = folder / GIVEN / name
    target.parent.mkdir(exist_ok=True)
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if not target.is_file() or target.read_bytes() != data:  # the same again changes nothing
        write_bytes(target, data)
    return {name: digest(target)}
