"""Time of recording from a file beside a video, as cameras and photo programs write it.

`NAME.xmp` and `NAME.mp4.xmp` (XMP), `NAMEM01.xml` (Sony), `NAME.mp4.json` (Google Takeout). Nothing
in them is believed but one time; they are searched as text, so no entity is followed.
"""

import json
import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Any

from tools.clock.sources import plausible

LARGEST = 1 << 20
"""Bytes of a sidecar, at most: a larger one is none."""
_ENDINGS = ("{stem}.xmp", "{name}.xmp", "{stem}M01.xml", "{stem}.xml", "{name}.json")
_STAMP = r"(\d{4}[-:]\d\d[-:]\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)"
_NAMES = (
    "exif:DateTimeOriginal", "xmp:CreateDate", "photoshop:DateCreated", "CreationDate",
)  # fmt: skip
"""Names of the time of recording in XMP and XML, the best first."""


def clock_sidecars(video: Path) -> list[Path]:
    """Files beside a video that may say when it was recorded."""
    names = (ending.format(stem=video.stem, name=video.name) for ending in _ENDINGS)
    paths = (video.with_name(name) for name in dict.fromkeys(names))
    found: list[Path] = []
    for path in paths:
        with suppress(OSError, ValueError):
            facts = path.stat()
            if S_ISREG(facts.st_mode) and 0 < facts.st_size <= LARGEST:
                found.append(path)
    return found


def sidecar_time(path: Path, now: datetime | None = None) -> datetime | None:
    """Time in a sidecar, without a zone where it names none; None for a file without any."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for ever
        with open(os.open(path, flags), "rb") as file:
            text = file.read(LARGEST + 1)[:LARGEST].decode("utf-8", "replace")
    except OSError:
        return None
    if path.suffix.lower() == ".json":
        return _takeout(text, now)
    for name in _NAMES:
        pattern = rf"(?<![\w:])(?:\w+:)?{name.split(':')[-1]}\b[^<>\d]{{0,40}}[>\"']\s*{_STAMP}"
        if match := re.search(pattern, text):
            return _time(match[1], now)
    return None


def _time(stamp: str, now: datetime | None) -> datetime | None:
    text = stamp[:10].replace(":", "-") + stamp[10:]
    at = plausible(text, now)
    zoned = re.search(r"(?:Z|[+-]\d\d:?\d\d)$", text)
    return at if at is None or zoned else at.replace(tzinfo=None)


def _takeout(text: str, now: datetime | None) -> datetime | None:
    """Time in the JSON that Google's Takeout puts beside a video."""
    try:
        data: Any = json.loads(text)
        at = datetime.fromtimestamp(int(data["photoTakenTime"]["timestamp"]), UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None
    return plausible(at.isoformat(), now)
