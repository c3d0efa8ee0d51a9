"""Dense samples: several frames of one second with the text on them, taken for a question.

One file a second, whole or absent. They are merged into the frames, attributes, texts and vectors
that readers of the store get. A later sample adds to an earlier one, whose texts may be cited.
"""

from bisect import bisect_left
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tools.embed import PictureEmbedder, Vectors
from tools.files.checksums import CHECK, load_checked
from tools.media import Attributes, Frame, ScreenText
from tools.store.records import screen_text
from tools.vision.change_regions import Box, area
from tools.vision.ocr import TextReader
from tools.vision.text_tracks import letters

FOLDER = "closer"
"""Name on disk, of the first release."""


@dataclass(frozen=True)
class DenseSample:
    """Frames of one second of a video, from `second` on, and their contents.

    `vectors` has a row for each frame, or is None without an image embedder. `partial` is true of
    samples of earlier releases that were not read to the end.
    """

    second: int
    frames: list[Frame]
    attributes: list[Attributes]
    texts: list[ScreenText]
    reader: str = ""
    embedder: str = ""
    vectors: list[list[float]] | None = None
    partial: bool = False

    def has(self, reader: TextReader | None, embedder: PictureEmbedder | None) -> bool:
        """True if this sample already has the results of this OCR reader and this embedder."""
        is_read = reader is None or (self.reader == reader.name and not self.partial)
        return is_read and (embedder is None or self.embedder == embedder.name)


def read_all(folder: Path) -> list[DenseSample]:
    """Read every sample of a folder, by time; a damaged one counts as not taken."""
    return [sample for path in sorted(folder.glob("*.json")) if (sample := read(path))]


def read(path: Path) -> DenseSample | None:
    """Read one sample; None if it is missing or damaged."""
    try:
        row = load_checked(path.read_bytes())
    except (OSError, ValueError):
        return None
    del row[CHECK]
    row["frames"] = [Frame(**frame) for frame in row["frames"]]
    row["attributes"] = [Attributes(**frame) for frame in row["attributes"]]
    row["texts"] = [screen_text(text) for text in row["texts"]]
    return DenseSample(**row)


def damaged(folder: Path) -> list[Path]:
    """Files of samples that fail their checksum; one that is being written is none yet."""
    return [path for path in sorted((folder / FOLDER).glob("[!.]*")) if read(path) is None]


def with_frames(kept: list[Frame], samples: list[DenseSample]) -> list[Frame]:
    """Frames of the index and of dense samples, by time, each once."""
    if not samples:
        return kept
    frames = {frame.id: frame for sample in samples for frame in sample.frames}
    frames |= {frame.id: frame for frame in kept}
    return sorted(frames.values(), key=lambda frame: frame.seconds)


def with_attributes(kept: list[Attributes], samples: list[DenseSample]) -> list[Attributes]:
    """Attributes of the same frames; a sample measures no motion, so it takes the index's."""
    if not samples:
        return kept
    frames = {round(frame.seconds * 1000): frame for frame in kept}
    for frame in (frame for sample in samples for frame in sample.attributes):
        before = bisect_left(kept, frame.seconds, key=lambda one: one.seconds) - 1
        motion = kept[max(before, 0)].motion if kept else 0.0
        frames.setdefault(round(frame.seconds * 1000), replace(frame, motion=motion))
    return sorted(frames.values(), key=lambda frame: frame.seconds)


def with_texts(indexed: list[ScreenText], samples: list[DenseSample]) -> list[ScreenText]:
    """Texts of the index, and those of samples that it missed or gave too long a span."""
    if not samples:
        return indexed
    merged = list(indexed)
    sampled = _texts(samples)
    for text in sampled:
        beside = [o for o in indexed if o.start < text.end and text.start < o.end]
        same = [o for o in beside if letters(o.text) == letters(text.text)]
        if all(_is_refuted(o, sampled) for o in same):
            shared = sum((o.start, o.end) == (text.start, text.end) for o in beside)
            merged.append(replace(text, n=text.n + shared))
    return sorted(merged, key=lambda text: (text.start, text.end, text.n))


def with_vectors(made: Vectors, samples: list[DenseSample]) -> Vectors:
    """Vectors of the index and of samples by the same model; other dimensions are left out."""
    known, added = set(made.ids), dict[str, list[float]]()
    for sample in samples:
        rows = sample.vectors if sample.embedder == made.provider else None
        if rows and len(rows[0]) == made.array.shape[1]:
            for frame, row in zip(sample.frames, rows, strict=True):
                if frame.id not in known:
                    added.setdefault(frame.id, row)
    if not added:
        return made
    array = np.vstack([made.array, np.array(list(added.values()), np.float32)])
    return Vectors([*made.ids, *added], array, made.provider)


def at_moment(
    texts: list[ScreenText], samples: list[DenseSample], start: float, end: float
) -> list[ScreenText]:
    """Texts of a span, without those in whose place and time a sample read another text."""
    sampled = _texts(samples)
    exact = {(text.start, text.end, text.text) for text in sampled}
    return [
        text
        for text in texts
        if text.start < end
        and start < max(text.end, text.start + 1e-3)
        and not _is_part(text, sampled)
        and ((text.start, text.end, text.text) in exact or not _is_refuted(text, sampled))
    ]


def without_parts(texts: list[ScreenText], samples: list[DenseSample]) -> list[ScreenText]:
    """Texts without those that a later sample saw for longer: they are kept to be cited."""
    sampled = _texts(samples)
    return [text for text in texts if not _is_part(text, sampled)]


def _texts(samples: list[DenseSample]) -> list[ScreenText]:
    return [text for sample in samples for text in sample.texts]


def _is_part(text: ScreenText, sampled: list[ScreenText]) -> bool:
    return any(
        other.start <= text.start
        and text.end <= other.end
        and text.end - text.start < other.end - other.start
        and letters(other.text) == letters(text.text)
        and same_place(text.box, other.box)
        for other in sampled
    )


def _is_refuted(text: ScreenText, sampled: list[ScreenText]) -> bool:
    return any(
        text.start <= other.start < text.end
        and same_place(text.box, other.box)
        and letters(text.text) != letters(other.text)
        for other in sampled
    )


def same_place(box: Box, other: Box) -> bool:
    """True if two boxes share more than half of the smaller one."""
    left, top = max(box[0], other[0]), max(box[1], other[1])
    right, bottom = min(box[2], other[2]), min(box[3], other[3])
    shared = max(right - left, 0.0) * max(bottom - top, 0.0)
    return shared > 0.5 * min(area(box), area(other))
