"""Store of generated summaries: what a language model wrote of a video, a file for each call.

Written as soon as a call returns, so that nothing is paid for twice, and read by later questions.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.errors import UnknownVideo
from tools.files.checksums import dump_checked, load_checked
from tools.files.durable import write_bytes
from tools.store.store import Store

CitedText = tuple[str, tuple[str, ...]]
"""A sentence, and the ids of the evidence that it cites."""

FOLDER = "summary"
"""Name of the folder inside a video's folder."""


@dataclass(frozen=True)
class GeneratedSummary:
    """Title, claims and events that a language model wrote of a span of a video."""

    start: float
    end: float
    title: str
    claims: tuple[CitedText, ...]
    events: tuple[CitedText, ...] = ()
    level: str = "scene"
    model: str = ""


def cache_key(*parts: str) -> str:
    """Name of a generated summary: a hash of evidence, prompt and model."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def write(store: Store, video: str, name: str, summary: GeneratedSummary) -> None:
    """Store a summary; UnknownVideo if the video was removed meanwhile."""
    folder = store.folder(video) / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        write_bytes(folder / f"{name}.json", dump_checked(asdict(summary)))
    except FileNotFoundError as error:
        raise UnknownVideo(f"{video} was removed") from error


def read(store: Store, video: str, name: str) -> GeneratedSummary | None:
    """The summary of this name; None if it is missing or damaged."""
    return _parse(store.folder(video) / FOLDER / f"{name}.json")


def read_level(store: Store, video: str, level: str) -> list[GeneratedSummary]:
    """The summaries of one level, by time; the latest of each span."""
    folder = store.folder(video) / FOLDER
    paths = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    summaries = [one for path in paths if (one := _parse(path)) and one.level == level]
    latest = {(one.start, one.end): one for one in summaries}
    return sorted(latest.values(), key=lambda one: one.start)


def damaged(folder: Path) -> list[Path]:
    """Damaged files of a video's folder, given that folder."""
    return [path for path in sorted((folder / FOLDER).glob("*")) if _parse(path) is None]


def _parse(path: Path) -> GeneratedSummary | None:
    try:
        row = load_checked(path.read_bytes())
        claims, events = (
            tuple((str(text), tuple(map(str, ids))) for text, ids in row[name])
            for name in ("claims", "events")
        )
        span = float(row["start"]), float(row["end"])
        return GeneratedSummary(
            *span, str(row["title"]), claims, events, row["level"], row["model"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
