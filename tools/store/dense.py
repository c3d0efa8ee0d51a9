"""Dense samples: several frames of one second, with what was read in them, taken for a question.

One file a second, whole or absent. They are merged into the frames, attributes, texts and vectors
that readers of the store get; a later one adds to an earlier one, as what was read may be cited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tools.embed import Vectors
from tools.files.checksums import unsealed
from tools.media import Attributes, Frame, ScreenText
from tools.store.records import screen_text
from tools.vision.change_regions import Box, area
from tools.vision.text_tracks import letters

if TYPE_CHECKING:
    from tools.embed import ImageEmbedder
    from tools.vision.ocr import TextReader

FOLDER = "closer"
"""The name on disk, of the first release."""


@dataclass(frozen=True)
class DenseSample:
    """The frames of one second of a video, from `second` on, and what they showed.

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
        """True if this sample has the results of this OCR reader and this embedder already."""
        is_read = reader is None or (self.reader == reader.name and not self.partial)
        return is_read and (embedder is None or self.embedder == embedder.name)


def read_all(folder: Path) -> list[DenseSample]:
    """Every sample in a video's folder, by time; a damaged one counts as not taken."""
    samples = (read(path) for path in sorted((folder / FOLDER).glob("*.json")))
    return [sample for sample in samples if sample]


def read(path: Path) -> DenseSample | None:
    """One sample from its file; None where there is none, or it is damaged."""
    try:
        row = unsealed(path.read_bytes())
    except (OSError, ValueError):
        return None
    return DenseSample(
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
    """Files of samples that fail their checksum; one that is being written is none yet."""
    found: list[Path] = []
    for path in sorted((folder / FOLDER).glob("[!.]*")):
        try:
            unsealed(path.read_bytes())
        except (OSError, ValueError):
            found.append(path)
    return found


def with_frames(kept: list[Frame], samples: list[DenseSample]) -> list[Frame]:
    """Frames of the index and of dense samples, by time, each once."""
    if not samples:
        return kept
    there = {one.id: one for sample in samples for one in sample.frames}
    there |= {one.id: one for one in kept}
    return sorted(there.values(), key=lambda one: one.seconds)


def with_attributes(kept: list[Attributes], samples: list[DenseSample]) -> list[Attributes]:
    """Attributes of the same frames; a sample measures no motion, so it takes the index's."""
    if not samples:
        return kept
    times = [one.seconds for one in kept]
    there = {round(at * 1000) for at in times}
    added: list[Attributes] = []
    for one in (one for sample in samples for one in sample.attributes):
        if round(one.seconds * 1000) not in there:
            there.add(round(one.seconds * 1000))
            before = int(np.searchsorted(times, one.seconds)) - 1
            added.append(replace(one, motion=kept[max(before, 0)].motion if kept else 0.0))
    return sorted([*kept, *added], key=lambda one: one.seconds)


def with_texts(read: list[ScreenText], samples: list[DenseSample]) -> list[ScreenText]:
    """Texts of the index, and those of samples that it missed or gave too long a span."""
    if not samples:
        return read
    found = list(read)
    seen = [one for sample in samples for one in sample.texts]
    for one in seen:
        known = [o for o in read if o.start < one.end and one.start < o.end]
        same = [o for o in known if letters(o.text) == letters(one.text)]
        if all(_was_refuted(o, seen) for o in same):
            shared = sum((o.start, o.end) == (one.start, one.end) for o in known)
            found.append(replace(one, n=one.n + shared))
    return sorted(found, key=lambda one: (one.start, one.end, one.n))


def with_vectors(made: Vectors, samples: list[DenseSample]) -> Vectors:
    """Vectors of the index and of samples by the same model; other dimensions are left out."""
    there, ids, rows = set(made.ids), list[str](), list[list[float]]()
    for sample in samples:
        if sample.embedder != made.provider or not sample.vectors:
            continue
        if len(sample.vectors[0]) == made.array.shape[1]:
            for frame, row in zip(sample.frames, sample.vectors, strict=True):
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
    texts: list[ScreenText], samples: list[DenseSample], start: float, end: float
) -> list[ScreenText]:
    """Texts of a span, without those in whose place and time a sample read another text."""
    seen = [one for sample in samples for one in sample.texts]
    known = {(one.start, one.end, one.text) for one in seen}
    return [
        text
        for text in texts
        if text.start < end
        and start < max(text.end, text.start + 1e-3)
        and not _is_part(text, seen)
        and ((text.start, text.end, text.text) in known or not _was_refuted(text, seen))
    ]


def without_parts(texts: list[ScreenText], samples: list[DenseSample]) -> list[ScreenText]:
    """Texts without those that a later sample saw for longer: they are kept to be cited."""
    seen = [one for sample in samples for one in sample.texts]
    return [text for text in texts if not _is_part(text, seen)]


def _is_part(text: ScreenText, seen: list[ScreenText]) -> bool:
    return any(
        one.start <= text.start
        and text.end <= one.end
        and text.end - text.start < one.end - one.start
        and letters(one.text) == letters(text.text)
        and same_place(text.box, one.box)
        for one in seen
    )


def _was_refuted(text: ScreenText, seen: list[ScreenText]) -> bool:
    return any(
        text.start <= one.start < text.end
        and same_place(text.box, one.box)
        and letters(text.text) != letters(one.text)
        for one in seen
    )


def same_place(one: Box, other: Box) -> bool:
    """True if two boxes share more than half of the smaller one."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    shared = max(right - left, 0.0) * max(bottom - top, 0.0)
    return shared > 0.5 * min(area(one), area(other))
