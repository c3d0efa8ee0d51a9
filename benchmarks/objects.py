"""Objects before fixed cameras: what is found in real clips, by a detector and by movement alone.

    python -m benchmarks.objects [--detector NAME|PATH] [CLIP...]

The clips are those of CUEPOINT_MEDIA; a detector is one of `cuepoint models`, or the path of an
ONNX file. Truth was counted by hand, by when something is in view; the road is only printed: nobody
counted it.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Sighting, clock
from tools.models.providers import BARE
from tools.store.records import SIGHTINGS

Span = tuple[float, float]
TRUTH: dict[str, list[Span]] = {
    "intel_car_detection.mp4": [(4.4, 8.5), (14.3, 18.3), (14.9, 19.0), (25.3, 28.0)],
    "intel_one_by_one_person.mp4": [
        (6, 20), (22.5, 45.5), (50, 70), (74.5, 87), (92, 120), (123, 136),
    ],
}  # fmt: skip
"""When each object is in view, in seconds. Two cars pass each other in the second span."""
COUNTED = ("dvr_traffic.mp4",)


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


def main() -> None:
    """Index the clips and print what was found, beside the truth."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--detector", default="auto")
    arguments.add_argument("clips", nargs="*", default=[*TRUTH, *COUNTED])
    given = arguments.parse_args()
    clips = Path(os.environ.get("CUEPOINT_MEDIA", "")) / "clips"
    home = Path(os.environ["CUEPOINT_HOME"]) if "CUEPOINT_HOME" in os.environ else None
    for detector in dict.fromkeys(("none", given.detector)):
        total: Counter[str] = Counter()
        for name in given.clips:
            with tempfile.TemporaryDirectory() as folder:
                if home and (home / "models").is_dir():
                    (Path(folder) / "models").symlink_to(home / "models")
                library = Library(Path(folder))
                began = time.monotonic()
                video = ingest(library, clips / name, providers=replace(BARE, detector=detector))
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
        if total["true"]:
            true, hits, more = total["true"], total["hits"], total["more"]
            print(f"together: {hits} of {true} found, {more} too many\n")


def _since(began: float) -> float:
    return time.monotonic() - began


if __name__ == "__main__":
    main()
