"""A closer look at a span, taken when a question needs it, and kept.

The index holds a frame where the picture changed and at least one every few seconds; what a counter
showed at a given second, or what flashed up in between, is known after a look of a few frames a
second. A look at one second is one file, whole or absent, and waits for no index. A later look adds
to it: what was read may be cited.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tools.embed import Vectors
from tools.errors import Interrupted, RefusedRequest
from tools.files.checksums import sealed, unsealed
from tools.files.disk import refusal
from tools.files.durable import write_bytes
from tools.media import Attributes, Frame, ScreenText
from tools.sandbox import UNTIL
from tools.store.records import screen_text
from tools.vision.change_regions import Box, area
from tools.vision.colour import measure_picture
from tools.vision.ocr import TextReader, read_screen
from tools.vision.text_tracks import letters

if TYPE_CHECKING:
    from tools.embed import ImageEmbedder
    from tools.library import Library

FOLDER = "closer"
PER_SECOND = 10
LONGEST = 12
"""Seconds that are looked at for one question."""
WORK, DECODING = 8.0, 6.0
"""Seconds of work for one question: in all, and of these at most into decoding pictures."""
SAME = 0.1
"""Seconds for which a frame stands where nothing is known of what comes after it."""


@dataclass(frozen=True)
class Look:
    """What a look at one second of a video found, from `second` on.

    vectors has a row for each frame, or is None without a picture model. partial is one that
    had no time to read every picture.
    """

    second: int
    frames: list[Frame]
    attributes: list[Attributes]
    texts: list[ScreenText]
    reader: str = ""
    embedder: str = ""
    vectors: list[list[float]] | None = None
    partial: bool = False

    def has(self, reader: TextReader | None, embedder: ImageEmbedder | None) -> bool:
        """Whether these would find nothing that it lacks."""
        is_read = reader is None or (self.reader == reader.name and not self.partial)
        return is_read and (embedder is None or self.embedder == embedder.name)


_GUARDS = [threading.Lock() for _ in range(64)]
"""Of what two questions look at in the same second, one waits for the other."""


def is_coarse(library: Library, video: str, at: float) -> bool:
    """Whether the picture has changed since the last frame that is held of a moment."""
    one = library.get(video)
    if one.width is None:
        return False
    for look in library.looks(video):
        if look.second == int(at):
            return look.partial
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
) -> str:
    """Look at every second of [start, end) that was not looked at with these, and keep that.

    Says what there was no time for, or what the disk refused; empty where nothing was left out.
    RefusedRequest for more than LONGEST seconds.
    """
    end = max(start, end)
    if not end - start <= LONGEST:
        raise RefusedRequest(f"a closer look is at {LONGEST} s at most: ask for a shorter span")
    try:
        return _looked(library, video, start, end, reader, embedder)
    except (OSError, Interrupted) as error:
        told = refusal(error) if isinstance(error, OSError) else error
        if told is None:
            raise
        return f"Not all of {start:.1f} s to {end:.1f} s was looked at: {told}"


def _looked(
    library: Library,
    video: str,
    start: float,
    end: float,
    reader: TextReader | None,
    embedder: ImageEmbedder | None,
) -> str:
    ends = min(time.monotonic() + WORK, UNTIL.get())
    last = min(max(math.ceil(end), int(start) + 1), math.ceil(library.get(video).duration))
    before = {one.second: one.has(reader, embedder) for one in library.looks(video)}
    missing = [second for second in range(int(start), last) if not before.get(second)]
    held = _pictures(library, video, missing)
    missing.sort(key=before.__contains__)  # what nothing is known of comes first
    folder = library.folder(video) / FOLDER
    for number, second in enumerate(missing):
        guard = _GUARDS[hash((video, second)) % len(_GUARDS)]
        left = max(ends - time.monotonic(), 0)
        if second not in held or not guard.acquire(timeout=left):
            continue
        try:
            path = folder / f"{second:06}.json"
            known, now = _read(path), time.monotonic()
            if now < ends and not (known and known.has(reader, embedder)):
                new = sum(later not in before for later in missing[number:])
                until = now + (ends - now) / max(new, 1)
                found = _found(library, held[second], known, reader, embedder, until, ends)
                folder.mkdir(exist_ok=True)
                write_bytes(path, sealed(asdict(found)))
        finally:
            guard.release()
    whole = {one.second for one in library.looks(video) if one.has(reader, embedder)}
    rest = sorted(set(missing) - whole)
    if not rest or library.get(video).width is None:
        return ""
    return f"Not all of {rest[0]} s to {rest[-1] + 1} s was read: look again, at a shorter span."


def _pictures(library: Library, video: str, seconds: list[int]) -> dict[int, list[Frame]]:
    """The frames of some seconds, as many of these as could be decoded whole in time."""
    from tools.store.frames import at_times  # which needs the library, and the library this module

    duration = library.get(video).duration
    times = {second: [second + n / PER_SECOND for n in range(PER_SECOND)] for second in seconds}
    times = {second: [at for at in each if at < duration] for second, each in times.items()}
    ends = min(time.monotonic() + DECODING, UNTIL.get())
    token = UNTIL.set(ends)
    try:
        frames = at_times(library, video, [at for each in times.values() for at in each])
    finally:
        UNTIL.reset(token)
    held: dict[int, list[Frame]] = {}
    for frame in frames:
        held.setdefault(int(frame.seconds), []).append(frame)
    if time.monotonic() < ends:  # what is missing is not there
        return held
    return {second: each for second, each in held.items() if len(each) == len(times[second])}


def _found(
    library: Library,
    frames: list[Frame],
    known: Look | None,
    reader: TextReader | None,
    embedder: ImageEmbedder | None,
    until: float,
    ends: float,
) -> Look:
    """A look with what an earlier one at the same frames found, and what it lacks.

    Nothing is read after `until`, and nothing embedded once it is `ends`.
    """
    paths = [library.picture(frame.image) for frame in frames]
    if known is None or known.frames != frames:
        pixels = [
            measure_picture(f.video, f.seconds, p) for f, p in zip(frames, paths, strict=True)
        ]
        texts, name, partial = (known.texts, known.reader, True) if known else ([], "", False)
        known = Look(int(frames[0].seconds), frames, pixels, texts, name, partial=partial)
    if reader and not known.has(reader, None):
        texts, partial = _texts(library, frames, reader, until)
        known = replace(
            known, texts=_added(known.texts, texts), reader=reader.name, partial=partial
        )
    if embedder and not known.has(None, embedder) and time.monotonic() < ends:
        vectors = embedder.images(paths).astype(float).round(6).tolist()
        known = replace(known, vectors=vectors, embedder=embedder.name)
    return known


def _texts(
    library: Library, frames: list[Frame], reader: TextReader, until: float
) -> tuple[list[ScreenText], bool]:
    """What can be read in frames of one second, and whether the time was over before the end."""
    end = float(int(frames[0].seconds) + 1)
    reading = read_screen(
        frames, lambda frame: library.picture(frame.image), reader, end, budget=math.inf
    )
    while True:
        try:
            done, so_far = next(reading)
        except StopIteration as finished:
            return finished.value[0], False
        if done < 1 and time.monotonic() >= until:
            return so_far(), True


def _added(known: list[ScreenText], read: list[ScreenText]) -> list[ScreenText]:
    """What was known, under the ids by which it may be cited, and what else was read."""
    found = list(known)
    for one in read:
        beside = [o for o in found if replace(o, n=one.n).id == one.id]
        if not any(_same_place(o.box, one.box) and o.text == one.text for o in beside):
            found.append(replace(one, n=max((o.n for o in beside), default=0) + 1))
    return sorted(found, key=lambda one: (one.start, one.end, one.n))


def read(folder: Path) -> list[Look]:
    """The looks that are kept in a video's folder, by time; a damaged one counts as not taken."""
    looks = (_read(path) for path in sorted((folder / FOLDER).glob("*.json")))
    return [look for look in looks if look]


def _read(path: Path) -> Look | None:
    try:
        row = unsealed(path.read_bytes())
    except (OSError, ValueError):
        return None
    return Look(
        row["second"],
        [Frame(**one) for one in row["frames"]],
        [Attributes(**one) for one in row["attributes"]],
        [screen_text(one) for one in row["texts"]],
        row["reader"],
        row["embedder"],
        row["vectors"],
        row.get("partial", False),
    )


def damaged(folder: Path) -> list[Path]:
    """The files of looks that are not what was written; one that is being written is none yet."""
    found: list[Path] = []
    for path in sorted((folder / FOLDER).glob("[!.]*")):
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
    """Vectors of the index and of looks by the same model; others of its name are left out."""
    there, ids, rows = set(made.ids), list[str](), list[list[float]]()
    for look in looks:
        if look.embedder != made.provider or not look.vectors:
            continue
        if len(look.vectors[0]) == made.array.shape[1]:
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
        and not _is_part(text, seen)
        and ((text.start, text.end, text.text) in known or not _was_refuted(text, seen))
    ]


def without_parts(texts: list[ScreenText], looks: list[Look]) -> list[ScreenText]:
    """Texts without those that a later look saw to stand longer: they are kept to be cited."""
    seen = [one for look in looks for one in look.texts]
    return [text for text in texts if not _is_part(text, seen)]


def _is_part(text: ScreenText, seen: list[ScreenText]) -> bool:
    return any(
        one.start <= text.start
        and text.end <= one.end
        and text.end - text.start < one.end - one.start
        and letters(one.text) == letters(text.text)
        and _same_place(text.box, one.box)
        for one in seen
    )


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
