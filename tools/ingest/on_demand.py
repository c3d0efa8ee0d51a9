"""Dense sampling of a span at question time: decode, read and embed several frames a second.

The index holds a frame where the picture changed and at least one every few seconds; what a counter
showed at a given second, or what flashed up in between, is known after dense sampling. The sample
of one second is one file (`tools.store.dense`), whole or absent, and waits for no index.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from tools.errors import Interrupted, RefusedRequest
from tools.files.checksums import sealed
from tools.files.disk import cause, note, refusal
from tools.files.durable import write_bytes
from tools.media import Frame, ScreenText
from tools.sandbox import UNTIL
from tools.store import frames as stored
from tools.store.dense import FOLDER, DenseSample, read, same_place
from tools.vision.colour import measure_picture
from tools.vision.ocr import TextReader, read_screen

if TYPE_CHECKING:
    from tools.embed import ImageEmbedder
    from tools.library import Library

PER_SECOND = 10
"""Frames decoded of one second."""
LONGEST = 12
"""Seconds that are sampled densely for one question, at most."""
WORK, DECODING = 8.0, 6.0
"""Seconds of work for one question: in all, and of these into decoding, at most."""
SAME = 0.1
"""Seconds for which a frame stands where nothing is known of what comes after it."""


_GUARDS = [threading.Lock() for _ in range(64)]
"""Locks by second: of two questions about the same second, one waits for the other."""


def is_coarse(library: Library, video: str, at: float) -> bool:
    """True if the picture has changed since the last kept frame before a moment, in seconds."""
    one = library.get(video)
    if one.width is None:
        return False
    for sample in library.dense_samples(video):
        if sample.second == int(at):
            return sample.partial
    held = [frame.seconds for frame in library.frames(video) if frame.seconds <= at + 1e-3]
    if not held or one.stages["pass"].state != "done":
        return not held or at - held[-1] > SAME
    rows = library.signals(video)
    since = (rows["seconds"] > held[-1] + 1e-3) & (rows["seconds"] <= at + 1e-3)
    return bool((rows["motion"][since] > 0).any())


def sample_densely(
    library: Library,
    video: str,
    start: float,
    end: float,
    reader: TextReader | None,
    embedder: ImageEmbedder | None,
) -> str:
    """Sample each second of [start, end) that lacks results of this reader and embedder; keep it.

    Returns a sentence on what there was no time for, or what the disk refused; else "".
    RefusedRequest for more than LONGEST seconds.
    """
    end = max(start, end)
    if not end - start <= LONGEST:
        raise RefusedRequest(f"a closer look is at {LONGEST} s at most: ask for a shorter span")
    try:
        return _sampled(library, video, start, end, reader, embedder)
    except (OSError, Interrupted) as error:
        told = refusal(error) if isinstance(error, OSError) else error
        if told is None:
            raise
        if why := cause(error):
            note("pictures", why)
        return f"Not all of {start:.1f} s to {end:.1f} s was looked at: {told}"


def _sampled(
    library: Library,
    video: str,
    start: float,
    end: float,
    reader: TextReader | None,
    embedder: ImageEmbedder | None,
) -> str:
    ends = min(time.monotonic() + WORK, UNTIL.get())
    last = min(max(math.ceil(end), int(start) + 1), math.ceil(library.get(video).duration))
    before = {one.second: one.has(reader, embedder) for one in library.dense_samples(video)}
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
            known, now = read(path), time.monotonic()
            if now < ends and not (known and known.has(reader, embedder)):
                new = sum(later not in before for later in missing[number:])
                until = now + (ends - now) / max(new, 1)
                found = _found(library, held[second], known, reader, embedder, until, ends)
                folder.mkdir(exist_ok=True)
                write_bytes(path, sealed(asdict(found)))
        finally:
            guard.release()
    samples = library.dense_samples(video)
    whole = {one.second for one in samples if one.has(reader, embedder)}
    rest = sorted(set(missing) - whole)
    if not rest or library.get(video).width is None:
        return ""
    return f"Not all of {rest[0]} s to {rest[-1] + 1} s was read: look again, at a shorter span."


def _pictures(library: Library, video: str, seconds: list[int]) -> dict[int, list[Frame]]:
    """Decode `PER_SECOND` frames of each second; a second counts only if all were in time."""
    duration = library.get(video).duration
    times = {second: [second + n / PER_SECOND for n in range(PER_SECOND)] for second in seconds}
    times = {second: [at for at in each if at < duration] for second, each in times.items()}
    ends = min(time.monotonic() + DECODING, UNTIL.get())
    token = UNTIL.set(ends)
    try:
        frames = stored.at_times(library, video, [at for each in times.values() for at in each])
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
    known: DenseSample | None,
    reader: TextReader | None,
    embedder: ImageEmbedder | None,
    until: float,
    ends: float,
) -> DenseSample:
    """Complete a sample: what an earlier one at the same frames has, and what that lacks.

    Nothing is read after `until`, and nothing embedded once it is `ends`.
    """
    paths = [library.picture(frame.image) for frame in frames]
    if known is None or known.frames != frames:
        pixels = [
            measure_picture(f.video, f.seconds, p) for f, p in zip(frames, paths, strict=True)
        ]
        texts, name, partial = (known.texts, known.reader, True) if known else ([], "", False)
        known = DenseSample(int(frames[0].seconds), frames, pixels, texts, name, partial=partial)
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
            return finished.value.texts, False
        if done < 1 and time.monotonic() >= until:
            return so_far(), True


def _added(known: list[ScreenText], read: list[ScreenText]) -> list[ScreenText]:
    """What was known, under the ids by which it may be cited, and what else was read."""
    found = list(known)
    for one in read:
        beside = [o for o in found if replace(o, n=one.n).id == one.id]
        if not any(same_place(o.box, one.box) and o.text == one.text for o in beside):
            found.append(replace(one, n=max((o.n for o in beside), default=0) + 1))
    return sorted(found, key=lambda one: (one.start, one.end, one.n))
