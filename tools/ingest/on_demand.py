"""Dense sampling of a span at question time: decode, read and embed several frames a second.

The index holds a frame where the picture changed and at least one every few seconds; a counter at a
given second, or a flash in between, is known after dense sampling. The sample of one second is one
file (`tools.store.dense`), whole or absent, and waits for no index: time decides how many seconds
are sampled for a question, never what is stored of one.
"""

import math
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace

from tools.embed import PictureEmbedder
from tools.errors import Interrupted, RefusedRequest
from tools.files.checksums import dump_checked
from tools.files.disk import disk_error, disk_state, note
from tools.files.durable import write_bytes
from tools.library import Library
from tools.media import Frame, ScreenText
from tools.sandbox import DEADLINE
from tools.store import frames as stored
from tools.store.dense import FOLDER, DenseSample, read, same_place
from tools.vision.colour import measure_picture
from tools.vision.ocr import TextReader, read_screen

PER_SECOND = 10
"""Frames decoded of one second."""
LONGEST = 12
"""Seconds that are sampled densely for one question, at most."""
WORK, DECODING = 8.0, 6.0
"""Seconds of work for one question after which no other second of the video is begun, and of these
for decoding, at most."""
SAME = 0.1
"""Seconds for which a frame is taken to stand if nothing is known of what comes after it."""
_LOCKS = [threading.Lock() for _ in range(64)]
"""Locks by second: of two questions about the same second, one waits for the other."""


def is_coarse(library: Library, video: str, at: float) -> bool:
    """True if the picture has changed since the last kept frame before a moment, in seconds.

    Also if its text was not read.
    """
    metadata = library.get(video)
    if metadata.width is None:
        return False
    for sample in library.dense_samples(video):
        if sample.second == int(at):
            return sample.partial
    if any(start <= at + 1e-3 < end for start, end in library.unread_spans(video)):
        return True
    kept = [frame.seconds for frame in library.frames(video) if frame.seconds <= at + 1e-3]
    if not kept or metadata.stages["pass"].state != "done":
        return not kept or at - kept[-1] > SAME
    rows = library.signals(video)
    since = (rows["seconds"] > kept[-1] + 1e-3) & (rows["seconds"] <= at + 1e-3)
    return bool((rows["motion"][since] > 0).any())


@dataclass(frozen=True)
class DenseSampler:
    """Dense sampling of one video; results of a reader or embedder that is None are not made."""

    library: Library
    video: str
    reader: TextReader | None
    embedder: PictureEmbedder | None

    def sample(self, start: float, end: float) -> str:
        """Sample each second of [start, end) that lacks results of the reader or embedder.

        Returns a sentence on what there was no time for, or what the disk refused; else "".
        RefusedRequest for more than LONGEST seconds.
        """
        end = max(start, end)
        if not end - start <= LONGEST:
            raise RefusedRequest(f"a closer look is at {LONGEST} s at most: ask for a shorter span")
        try:
            return self._sample(start, end)
        except (OSError, Interrupted) as error:
            interrupted = disk_error(error) if isinstance(error, OSError) else error
            if interrupted is None:
                raise
            if why := disk_state(error):
                note("pictures", why)
            return f"Not all of {start:.1f} s to {end:.1f} s was looked at: {interrupted}"

    def _sample(self, start: float, end: float) -> str:
        ends = min(time.monotonic() + WORK, DEADLINE.get())
        metadata = self.library.get(self.video)
        last = min(max(math.ceil(end), int(start) + 1), math.ceil(metadata.duration))
        complete = self._complete()
        missing = [second for second in range(int(start), last) if not complete.get(second)]
        frames = self._frames(missing, metadata.duration)
        missing.sort(key=complete.__contains__)  # seconds without any sample come first
        folder = self.library.folder(self.video) / FOLDER
        begun = False
        for second in missing:
            lock = _LOCKS[hash((self.video, second)) % len(_LOCKS)]
            left = max(ends - time.monotonic(), 0)
            if second not in frames or not lock.acquire(timeout=left):
                continue
            try:
                path = folder / f"{second:06}.json"
                known = read(path)
                if known and known.has(self.reader, self.embedder):
                    continue
                if begun and time.monotonic() >= ends:  # the first is sampled on any machine
                    continue
                begun = True
                sample = self._add_results(frames[second], known)
                folder.mkdir(exist_ok=True)
                write_bytes(path, dump_checked(asdict(sample)))
            finally:
                lock.release()
        self.library.catalog.sync([self.video])  # what was read can be searched from now on
        complete = self._complete()
        rest = sorted(second for second in missing if not complete.get(second))
        if not rest or metadata.width is None:
            return ""
        span = f"{rest[0]} s to {rest[-1] + 1} s"
        return f"Not all of {span} was read: look again, at a shorter span."

    def _complete(self) -> dict[int, bool]:
        """Seconds that have a sample, and whether it has all results."""
        samples = self.library.dense_samples(self.video)
        return {sample.second: sample.has(self.reader, self.embedder) for sample in samples}

    def _frames(self, seconds: list[int], duration: float) -> dict[int, list[Frame]]:
        """Decode `PER_SECOND` frames of each second; a second counts only if all were in time."""
        times = [second + n / PER_SECOND for second in seconds for n in range(PER_SECOND)]
        times = [at for at in times if at < duration]
        ends = min(time.monotonic() + DECODING, DEADLINE.get())
        token = DEADLINE.set(ends)
        try:
            decoded = stored.frames_at(self.library, self.video, times)
        finally:
            DEADLINE.reset(token)
        frames: dict[int, list[Frame]] = {}
        for frame in decoded:
            frames.setdefault(int(frame.seconds), []).append(frame)
        if time.monotonic() < ends:  # what is missing is not there
            return frames
        wanted = Counter(int(at) for at in times)
        return {second: each for second, each in frames.items() if len(each) == wanted[second]}

    def _add_results(self, frames: list[Frame], known: DenseSample | None) -> DenseSample:
        """Complete a sample: keep the results of an earlier one at the same frames, add others."""
        reader, embedder = self.reader, self.embedder
        paths = [self.library.picture(frame.image) for frame in frames]
        if known is None or known.frames != frames:
            pixels = [
                measure_picture(f.video, f.seconds, p) for f, p in zip(frames, paths, strict=True)
            ]
            texts, name, partial = (known.texts, known.reader, True) if known else ([], "", False)
            second = int(frames[0].seconds)
            known = DenseSample(second, frames, pixels, texts, name, partial=partial)
        if reader and not known.has(reader, None):
            texts = _merge(known.texts, self._read(reader, frames))
            known = replace(known, texts=texts, reader=reader.name, partial=False)
        if embedder and not known.has(None, embedder):
            vectors = embedder.images(paths).astype(float).round(6).tolist()
            known = replace(known, vectors=vectors, embedder=embedder.name)
        return known

    def _read(self, reader: TextReader, frames: list[Frame]) -> list[ScreenText]:
        """Read the frames of one second."""
        end, picture = float(int(frames[0].seconds) + 1), self.library.picture
        reading = read_screen(frames, lambda f: picture(f.image), reader, end)
        while True:
            try:
                next(reading)
            except StopIteration as finished:
                return finished.value.texts()


def _merge(known: list[ScreenText], new: list[ScreenText]) -> list[ScreenText]:
    """Known texts, under the ids by which they may be cited, and new ones in other places."""
    merged = list(known)
    for text in new:
        beside = [o for o in merged if replace(o, n=text.n).id == text.id]
        if not any(same_place(o.box, text.box) and o.text == text.text for o in beside):
            merged.append(replace(text, n=max((o.n for o in beside), default=0) + 1))
    return sorted(merged, key=lambda text: (text.start, text.end, text.n))
