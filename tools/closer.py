"""A closer look at a span, taken when a question needs it, and kept.

The index holds a frame where the picture changed and at least one every few seconds; what a counter
showed at a given second, or what flashed up in between, is known after a look of a few frames a
second. A look is one file, whole or absent, named by its span: whoever writes it last changes
nothing, so it needs no lock and waits for no index.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tools.attributes import look_of_picture
from tools.embed import Vectors
from tools.files import write_bytes
from tools.media import Attributes, Frame, ScreenText
from tools.ocr import TextReader, read_screen
from tools.regions import Box, area
from tools.sealed import sealed, unsealed
from tools.spans import letters
from tools.words import screen_text

if TYPE_CHECKING:
    from tools.embed import ImageEmbedder
    from tools.library import Library

FOLDER = "closer"
PER_SECOND = 4.0
LONGEST = 12.0
"""Seconds of one look, of which at least one is taken; a longer span is looked at in its middle."""
READING = 8.0
"""Seconds that may go into reading text."""
NEAR = 0.5
"""Seconds from a kept frame within which a change of the picture was seen."""


@dataclass(frozen=True)
class Look:
    """What a look found; vectors has a row for each frame, or none without a picture model."""

    start: float
    end: float
    frames: list[Frame]
    attributes: list[Attributes]
    texts: list[ScreenText]
    reader: str = ""
    embedder: str = ""
    vectors: list[list[float]] | None = None


def span(start: float, end: float, duration: float) -> tuple[float, float]:
    """The span that is looked at: the asked one, its middle where it is too long, in tenths."""
    middle, half = (start + end) / 2, min(max(end - start, 1.0), LONGEST) / 2
    first, last = max(middle - half, 0.0), min(middle + half, duration)
    return round(first, 1), round(max(last, first + 0.1), 1)


def is_coarse(library: Library, video: str, start: float, end: float) -> bool:
    """Whether the picture changed in a span where the index holds no frame of it."""
    one = library.get(video)
    if one.width is None or any(s <= start and end <= e for s, e in _spans(library, video)):
        return False
    if one.stages["pass"].state != "done":
        return True
    rows = library.signals(video)
    inside = rows[(rows["seconds"] >= start) & (rows["seconds"] < max(end, start + 1e-3))]
    changed = inside["seconds"][inside["motion"] > 0]
    kept = np.array([frame.seconds for frame in library.frames(video)])
    return bool(len(changed)) and bool(
        np.abs(changed[:, None] - kept[None, :]).min(axis=1).max() > NEAR
    )


def _spans(library: Library, video: str) -> list[tuple[float, float]]:
    return [(look.start, look.end) for look in library.looks(video)]


def look(
    library: Library,
    video: str,
    start: float,
    end: float,
    reader: TextReader | None,
    embedder: ImageEmbedder | None,
) -> Look:
    """Look at [start, end) and keep what is found; a look that was taken before is given again."""
    start, end = span(start, end, library.get(video).duration)
    wanted = (reader.name if reader else "", embedder.name if embedder else "")
    for known in library.looks(video):
        if (known.start, known.end) == (start, end) and (known.reader, known.embedder) == wanted:
            return known
    from tools.frames import at_times  # which needs the library, and the library this module

    found = at_times(library, video, _times(start, end))
    paths = [library.picture(frame.image) for frame in found]
    texts: list[ScreenText] = []
    if reader and found:
        reading = read_screen(
            found, lambda frame: library.picture(frame.image), reader, end, budget=READING / end
        )
        while True:
            try:
                next(reading)
            except StopIteration as finished:
                texts, _ = finished.value
                break
    vectors = embedder.images(paths).astype(float).round(6).tolist() if embedder and paths else None
    looks = [look_of_picture(video, f.seconds, p) for f, p in zip(found, paths, strict=True)]
    made = Look(start, end, found, looks, texts, *wanted, vectors)
    folder = library.folder(video) / FOLDER
    folder.mkdir(exist_ok=True)
    name = f"{round(start * 1000)}-{round(end * 1000)}.json"
    write_bytes(folder / name, sealed(asdict(made)))
    return made


def _times(start: float, end: float) -> list[float]:
    """Evenly spaced, with the middle, which is what was asked for."""
    half = max(1, round((end - start) * PER_SECOND / 2))
    return np.linspace(start, end, 2 * half + 1)[:-1].tolist()


def read(folder: Path) -> list[Look]:
    """The looks that are kept in a video's folder, by time; a damaged one counts as not taken."""
    found: list[Look] = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            row = unsealed(path.read_bytes())
        except (OSError, ValueError):
            continue
        found.append(
            Look(
                row["start"],
                row["end"],
                [Frame(**one) for one in row["frames"]],
                [Attributes(**one) for one in row["attributes"]],
                [screen_text(one) for one in row["texts"]],
                row["reader"],
                row["embedder"],
                row["vectors"],
            )
        )
    return sorted(found, key=lambda one: (one.start, one.end))


def damaged(folder: Path) -> list[Path]:
    """The files of looks that are not what was written."""
    found: list[Path] = []
    for path in sorted((folder / FOLDER).glob("*")):
        try:
            unsealed(path.read_bytes())
        except (OSError, ValueError):
            found.append(path)
    return found


def with_frames(kept: list[Frame], looks: list[Look]) -> list[Frame]:
    """Frames of the index and of looks, by time, each once."""
    if not looks:
        return kept
    there = {one.id: one for look in looks for one in look.frames} | {one.id: one for one in kept}
    return sorted(there.values(), key=lambda one: one.seconds)


def with_attributes(kept: list[Attributes], looks: list[Look]) -> list[Attributes]:
    """The same for what the pixels tell; a look knows no motion, so it has that of the index."""
    if not looks:
        return kept
    times = [one.seconds for one in kept]
    there = {round(at * 1000) for at in times}
    added: list[Attributes] = []
    for one in (one for look in looks for one in look.attributes):
        if round(one.seconds * 1000) not in there:
            there.add(round(one.seconds * 1000))
            before = int(np.searchsorted(times, one.seconds)) - 1
            added.append(replace(one, motion=kept[max(before, 0)].motion if kept else 0.0))
    return sorted([*kept, *added], key=lambda one: one.seconds)


def with_texts(read: list[ScreenText], looks: list[Look]) -> list[ScreenText]:
    """Texts of the index, and what looks saw beside them or know to have stood more shortly."""
    if not looks:
        return read
    found = list(read)
    for one in (one for look in looks for one in look.texts):
        known = [o for o in found if o.start < one.end and one.start < o.end]
        same = [o for o in known if letters(o.text) == letters(one.text)]
        if not any(o.end - o.start < 2 * (one.end - one.start) for o in same):
            shared = sum((o.start, o.end) == (one.start, one.end) for o in known)
            found.append(replace(one, n=shared + 1))
    return sorted(found, key=lambda one: (one.start, one.end, one.n))


def with_vectors(made: Vectors, looks: list[Look]) -> Vectors:
    """Vectors of the index and of looks by the same model."""
    there, ids, rows = set(made.ids), list[str](), list[list[float]]()
    for look in looks:
        if look.vectors is not None and look.embedder == made.provider:
            for frame, row in zip(look.frames, look.vectors, strict=True):
                if frame.id not in there:
                    there.add(frame.id)
                    ids.append(frame.id)
                    rows.append(row)
    if not ids:
        return made
    return Vectors(
        [*made.ids, *ids], np.vstack([made.array, np.array(rows, np.float32)]), made.provider
    )


def at_moment(
    texts: list[ScreenText], looks: list[Look], start: float, end: float
) -> list[ScreenText]:
    """The texts of a span without those in whose place and time a closer look saw another."""

    seen = [one for look in looks for one in look.texts]

    def was_refuted(text: ScreenText) -> bool:
        return any(
            text.start <= one.start < text.end
            and one.end - one.start < text.end - text.start
            and _same_place(text.box, one.box)
            and letters(text.text) != letters(one.text)
            for one in seen
        )

    inside = (t for t in texts if t.start < end and start < max(t.end, t.start + 1e-3))
    return [text for text in inside if not was_refuted(text)]


def _same_place(one: Box, other: Box) -> bool:
    """Whether two boxes share most of the smaller one."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    shared = max(right - left, 0.0) * max(bottom - top, 0.0)
    return shared > 0.5 * min(area(one), area(other))
