"""Objects before fixed cameras: what is found, by a detector and by movement alone, and how fast.

    python -m benchmarks.objects [--detector NAME|PATH] [--tracker NAME]
        [--minutes N] [--videos N] [CLIP...]

The clips are those of CUEPOINT_MEDIA; a detector is one of `cuepoint models`, or the path of an
ONNX file. Then a film of so many minutes is indexed (none with 0), and so many made videos are
counted in. Truth was counted by hand.
"""

import argparse
import hashlib
import os
import re
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.made_library import list_files
from tools.areas import crossings
from tools.files.durable import write_lines
from tools.ingest.pipeline import ingest
from tools.ingest.run import Progress
from tools.library import Library
from tools.media import Sighting, clock
from tools.models.providers import BARE, Providers
from tools.store.records import SIGHTINGS
from tools.toolbox import Toolbox

Span = tuple[float, float]
TRUTH: dict[str, list[Span]] = {
    "intel_car_detection.mp4": [(4.4, 8.5), (14.3, 18.3), (14.9, 19.0), (25.3, 28.0)],
    "intel_one_by_one_person.mp4": [
        (6, 20), (22.5, 45.5), (50, 70), (74.5, 87), (92, 120), (123, 136),
    ],
}  # fmt: skip
"""When each object is in view, in seconds. Two cars pass each other in the second span."""
ROAD = "dvr_traffic.mp4"
LINES = {"up": ((0.0, 0.6), (0.47, 0.6)), "down": ((0.53, 0.6), (1.0, 0.6))}
"""Lines across both carriageways, and the way of their traffic in the picture."""
CROSSED = {
    "up": [
        0.6, 1.0, 2.4, 3.7, 3.9, 3.8, 5.2, 5.9, 6.8, 7.6, 7.9, 9.8, 10.5, 10.8, 12.5, 13.2, 12.9,
        14.6, 15.0, 15.5, 15.8, 17.9, 18.8, 20.9, 20.3, 20.2, 21.8, 22.4, 22.9,
    ],
    "down": [
        1.6, 1.8, 2.5, 3.1, 3.9, 5.2, 6.3, 9.8, 11.1, 13.4, 13.8, 14.1, 15.3, 15.4, 16.7, 18.0,
        18.0, 18.9, 19.1, 20.3, 20.6, 21.2, 22.4,
    ],
}  # fmt: skip
"""When each vehicle's lower edge crosses its line, counted by hand: the row of pixels at 0.6 of the
height was drawn below itself for all 576 pictures, in which every vehicle is one shape; what was
doubtful was looked at in the pictures (a car and its horse trailer are one). What is across before
the first picture, or not yet after the last, is not counted."""
NEAR = 0.7
"""Seconds between a crossing and its truth, at most."""
LOOPED, SIZE, RATE = "intel_one_by_one_person.mp4", (1920, 1080), 15
"""Clip that is shown again and again, in 1080p15; somebody is in view most of the time."""
PEOPLE = 40
"""Sightings of a made video."""
ASKED = 20


def found(sightings: Sequence[Sighting], truth: Sequence[Span]) -> tuple[int, int]:
    """Number of true objects that a sighting shows, each by one, and of sightings too many."""
    left = list(sightings)
    hits = 0
    for start, end in truth:
        near = [one for one in left if one.start < end and one.end > start]
        best = max(near, key=lambda o: min(o.end, end) - max(o.start, start), default=None)
        if best:
            left.remove(best)
            hits += 1
    return hits, len(left)


def crossed(sightings: Sequence[Sighting]) -> tuple[int, int, int]:
    """Number of vehicles of the road, of those that a sighting shows, and of crossings too many."""
    hits = more = 0
    for way, line in LINES.items():
        left = [one.at for seen in sightings for one in crossings(seen, line) if one.to == way]
        for at in CROSSED[way]:
            best = min(left, key=lambda other: abs(other - at), default=None)
            if best is not None and abs(best - at) <= NEAR:
                left.remove(best)
                hits += 1
        more += len(left)
    return sum(map(len, CROSSED.values())), hits, more


def looped(path: Path, clip: Path, minutes: float) -> Path:
    """Write a clip again and again, in 1080p15: it is encoded once, and its packets repeated."""
    import av

    count, packets = 0, list[Any]()
    with av.open(str(path), "w") as target, av.open(str(clip)) as source:
        options = {"preset": "veryfast", "crf": "23", "bf": "0"}
        stream = target.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.codec_context.gop_size = "yuv420p", 4 * RATE
        for frame in source.decode(video=0):
            while count / RATE <= (frame.time or 0.0):
                shown = frame.reformat(*SIZE, "yuv420p")
                shown.pts, shown.time_base, count = count, Fraction(1, RATE), count + 1
                packets += stream.encode(shown)
        packets += stream.encode(None)
        parts = [(bytes(one), one.pts, one.is_keyframe, one.time_base) for one in packets]
        step = min(b[1] - a[1] for a, b in pairwise(parts))
        for again in range(max(round(minutes * 60 * RATE / count), 1)):
            for data, pts, is_keyframe, base in parts:
                packet = av.Packet(data)
                packet.pts = packet.dts = pts + again * count * step
                packet.time_base, packet.stream, packet.is_keyframe = base, stream, is_keyframe
                target.mux(packet)
    return path


class Memory:
    """Memory of this process and of its children, by stage and quarter of it, in MB."""

    def __init__(self) -> None:
        self.peaks: Counter[tuple[str, int]] = Counter()
        self._at = "", 0
        self._ended = threading.Event()

    def progress(self, told: Progress) -> None:
        self._at = told.stage, min(int(4 * told.fraction), 3)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Look four times a second meanwhile."""
        watching = threading.Thread(target=self._watch)
        watching.start()
        try:
            yield
        finally:
            self._ended.set()
            watching.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.25):
            self.peaks[self._at] = max(self.peaks[self._at], _held(os.getpid()))


def _held(process: int) -> int:
    """MB that a process and its children hold."""
    total = 0
    with suppress(OSError, AttributeError, TypeError):
        status = Path(f"/proc/{process}/status").read_text()
        total = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) >> 10  # type: ignore[index]
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            total += sum(map(_held, map(int, children.read_text().split())))
    return total


def clips(names: Sequence[str], chosen: Providers, home: Path | None) -> None:
    """Index clips and print what was found, beside the truth."""
    total: Counter[str] = Counter()
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            library = _library(Path(folder), home)
            began = time.monotonic()
            video = ingest(library, _media() / name, providers=chosen)
            stage = video.stages["sightings"]
            seen: list[Any] = library.words(video.id, SIGHTINGS)
            print(f"{name} ({clock(video.duration)}), by {stage.provider or stage.note}:")
            labels = Counter(one.label or "something" for one in seen)
            told = ", ".join(f"{count} {label}" for label, count in labels.most_common())
            print(f"  {told or 'nothing'}; {stage.seconds:.1f} s of {_since(began):.1f} s")
            if name in TRUTH:
                hits, more = found(seen, TRUTH[name])
                total += Counter(true=len(TRUTH[name]), hits=hits, more=more)
                print(f"  {hits} of {len(TRUTH[name])} found, {more} too many")
            if name == ROAD:
                true, hits, more = crossed(seen)
                precision, recall = hits / max(hits + more, 1), hits / true
                print(f"  {hits} of {true} cross the line, {more} too many:", end=" ")
                print(f"precision {precision:.2f}, recall {recall:.2f}")
    if total["true"]:
        true, hits, more = total["true"], total["hits"], total["more"]
        print(f"together: {hits} of {true} found, {more} too many\n")


def long_film(minutes: float, chosen: Providers, home: Path | None) -> None:
    """Index a long film and print the share of its length that it took, and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        film = looped(Path(folder) / "film.mp4", _media() / LOOPED, minutes)
        library, memory = _library(Path(folder) / "home", home), Memory()
        load, began, spent = os.getloadavg()[0], time.monotonic(), sum(os.times()[:4])
        with memory.measured():
            video = ingest(library, film, providers=chosen, on_progress=memory.progress)
        took, cpu = _since(began), sum(os.times()[:4]) - spent
        stages = video.stages
        print(f"{clock(video.duration)} of 1080p15, by {stages['sightings'].provider}:")
        parts = ", ".join(f"{n} {stages[n].seconds:.0f} s" for n in ("pass", "sightings"))
        print(f"  {took:.0f} s, {took / video.duration:.2f} of its length ({parts});", end=" ")
        print(f"{cpu:.0f} s of processor; load {load:.1f} before")
        for name in ("pass", "sightings"):
            quarters = [memory.peaks[name, quarter] for quarter in range(4)]
            print(f"  memory, {name}, by quarter: {', '.join(map(str, quarters))} MB")
        print()


def counting(videos: int) -> None:
    """Count in libraries of one and of many made videos, and print the ratio."""
    taken: dict[int, list[float]] = {}
    for size in (1, videos):
        with tempfile.TemporaryDirectory() as folder:
            library = Library(Path(folder))
            for number in range(size):
                _sighted(library, number)
            library.catalog.rebuild()
            box = Toolbox(library)
            for by in ("all", "label", "hour"):
                times: list[float] = []
                for _ in range(ASKED):
                    began = time.perf_counter()
                    (first, *_) = box.count_objects("car", by=by)
                    times.append(time.perf_counter() - began)
                    assert first.objects
                taken.setdefault(size, []).append(statistics.median(times))
    told = ", ".join(
        f"{by} {1000 * one:.1f} and {1000 * many:.1f} ms ({many / one:.1f})"
        for by, one, many in zip(("all", "by label", "by hour"), *taken.values(), strict=True)
    )
    print(f"count_objects in 1 and {videos:,} videos of {PEOPLE} objects each: {told}")


def _sighted(library: Library, number: int) -> None:
    """A made video of an hour, with sightings and nothing else."""
    id = hashlib.sha256(f"sighted {number}".encode()).hexdigest()[:16]
    folder = library.folder(id)
    folder.mkdir(parents=True)
    seen: list[Sighting] = []
    for n in range(PEOPLE):
        at, label, colour = 90.0 * n, ("car", "person")[n % 2], ("red", "blue", "")[n % 3]
        boxes = (at, 0.1, 0.5, 0.2, 0.7), (at + 8, 0.8, 0.5, 0.9, 0.7)
        seen.append(Sighting(id, at, at + 8, label, colour, "", 0.0, 0.9, at + 4, boxes, "made"))
    write_lines(folder / SIGHTINGS, seen)
    list_files(folder, f"made {number}", 3600.0, {"sightings": [SIGHTINGS]}, {})


def main() -> None:
    """Print all of it."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--detector", default="auto")
    arguments.add_argument("--tracker", default="nearest")
    arguments.add_argument("--minutes", type=float, default=60.0)
    arguments.add_argument("--videos", type=int, default=1000)
    arguments.add_argument("clips", nargs="*", default=[*TRUTH, ROAD])
    given = arguments.parse_args()
    home = Path(os.environ["CUEPOINT_HOME"]) if "CUEPOINT_HOME" in os.environ else None
    for detector in dict.fromkeys(("none", given.detector)):
        clips(given.clips, replace(BARE, detector=detector, tracker=given.tracker), home)
    if given.minutes:
        chosen = replace(BARE, detector=given.detector, tracker=given.tracker)
        long_film(given.minutes, chosen, home)
    if given.videos:
        counting(given.videos)


def _media() -> Path:
    return Path(os.environ.get("CUEPOINT_MEDIA", "")) / "clips"


def _library(folder: Path, home: Path | None) -> Library:
    folder.mkdir(exist_ok=True)
    if home and (home / "models").is_dir():
        (folder / "models").symlink_to(home / "models")
    return Library(folder)


def _since(began: float) -> float:
    return time.monotonic() - began


if __name__ == "__main__":
    main()
