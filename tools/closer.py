"""A closer look at a span, taken when a question needs it, and kept.

The index holds a frame where the picture changed and at least one every few seconds; what a counter
showed at a given second, or what flashed up in between, is known after a look of a few frames a
second. A look at one second is one file, whole or absent: whoever writes it last changes nothing,
so it needs no lock and waits for no index.
"""

from __future__ import annotations

import math
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
PER_SECOND = 10
LONGEST = 12
"""Seconds that are looked at for one question; of a longer span the middle ones."""
READING = 8.0
"""Seconds of work that may go into reading text, for one question."""
SAME = 0.1
"""Seconds for which a frame stands where nothing is known of what comes after it."""


@dataclass(frozen=True)
class Look:
    """What a look at one second of a video found, from `second` on.

    vectors has a row for each frame, or is None without a picture model.
    """

    second: int
    frames: list[Frame]
    attributes: list[Attributes]
    texts: list[ScreenText]
    reader: str = ""
    embedder: str = ""
    vectors: list[list[float]] | None = None


def is_coarse(library: Library, video: str, at: float) -> bool:
    """Whether the picture has changed since the last frame that is held of a moment."""
    one = library.get(video)
    if one.width is None or any(look.second == int(at) for look in library.looks(video)):
        return False
    held = [frame.seconds for frame in library.frames(video) if frame.seconds <= at + 1e-3]
    if not held or one.stages["pass"].state != "done":
        return not held or at - held[-1] > SAME
    rows = library.signals(video)
    since = (rows["seconds"] > held[-1] + 1e-3) & (rows["seconds"] <= at + 1e-3)
    return bool((rows["motion"][since] > 0).any())


def look(
    library: Library,
    video: str,
    start: float,
    end: float,
    reader: TextReader | None,
    embedder: ImageEmbedder | None,
) -> None:
    """Look at every second of [start, end) that was not looked at with these, and keep that."""
    first, last = int(start), max(math.ceil(end), int(start) + 1)
    if last - first > LONGEST:
        first = (first + last - LONGEST) // 2
        last = first + LONGEST
    wanted = (reader.name if reader else "", embedder.name if embedder else "")
    known = {o.second for o in library.looks(video) if (o.reader, o.embedder) == wanted}
    missing = [second for second in range(first, last) if second not in known]
    duration = library.get(video).duration
    times = [n / PER_SECOND for s in missing for n in range(s * PER_SECOND, (s + 1) * PER_SECOND)]
    from tools.frames import at_times  # which needs the library, and the library this module

    held = at_times(library, video, [at for at in times if at < duration])
    folder = library.folder(video) / FOLDER
    for second in missing:
        frames = [frame for frame in held if int(frame.seconds) == second]
        if not frames:
            continue
        found = _found(library, second, frames, reader, embedder, READING / len(missing))
        folder.mkdir(exist_ok=True)
        write_bytes(folder / f"{second:06}.json", sealed(asdict(found)))


def _found(
    library: Library,
    second: int,
    frames: list[Frame],
    reader: TextReader | None,
    embedder: ImageEmbedder | None,
    budget: float,
) -> Look:
    texts: list[ScreenText] = []
    if reader:
        end = float(second + 1)
        reading = read_screen(
            frames, lambda frame: library.picture(frame.image), reader, end, budget=budget / end
        )
        while True:
            try:
                next(reading)
            except StopIteration as finished:
                texts, _ = finished.value
                break
    paths = [library.picture(frame.image) for frame in frames]
    pixels = [look_of_picture(f.video, f.seconds, p) for f, p in zip(frames, paths, strict=True)]
    vectors = embedder.images(paths).astype(float).round(6).tolist() if embedder else None
    names = (reader.name if reader else "", embedder.name if embedder else "")
    return Look(second, frames, pixels, texts, *names, vectors)


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
                row["second"],
                [Frame(**one) for one in row["frames"]],
                [Attributes(**one) for one in row["attributes"]],
                [screen_text(one) for one in row["texts"]],
                row["reader"],
                row["embedder"],
                row["vectors"],
            )
        )
    return found


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
    """Texts of the index, and what looks saw beside them, or know to have stood more shortly."""
    if not looks:
        return read
    found = list(read)
    seen = [one for look in looks for one in look.texts]
    for one in seen:
        known = [o for o in read if o.start < one.end and one.start < o.end]
        same = [o for o in known if letters(o.text) == letters(one.text)]
        if all(_was_refuted(o, seen) for o in same):
            shared = sum((o.start, o.end) == (one.start, one.end) for o in known)
            found.append(replace(one, n=one.n + shared))
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
    """The texts of a span without those in whose place and time a closer look saw others."""
    seen = [one for look in looks for one in look.texts]
    known = {(one.start, one.end, one.text) for one in seen}
    return [
        text
        for text in texts
        if text.start < end
        and start < max(text.end, text.start + 1e-3)
        and ((text.start, text.end, text.text) in known or not _was_refuted(text, seen))
    ]


def _was_refuted(text: ScreenText, seen: list[ScreenText]) -> bool:
    return any(
        text.start <= one.start < text.end
        and _same_place(text.box, one.box)
        and letters(text.text) != letters(one.text)
        for one in seen
    )


def _same_place(one: Box, other: Box) -> bool:
    """Whether two boxes share most of the smaller one."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    shared = max(right - left, 0.0) * max(bottom - top, 0.0)
    return shared > 0.5 * min(area(one), area(other))
