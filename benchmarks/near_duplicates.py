"""Near-duplicate detection on a talk: the number of embedded pictures, and the slides missed.

    python -m benchmarks.near_duplicates [TALK.mp4]

Without a file the talk of benchmarks/talk.py is made, without a voice. Beside the file lies its
truth, TALK.json. A slide is missed where none of the embedded pictures that stand for its time
shows it alone.
"""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.talk import make
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.vision.near_duplicates import duplicate_groups, thumbnail

EDGE = 0.1
"""Seconds at the end of a slide that do not count, as the next one may show already."""
LEAST_RATIO = 5.0


def main() -> None:
    """Parse the options, index, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("talk", type=Path, nargs="?", metavar="TALK.mp4")
    given: Path | None = parser.parse_args().talk
    with tempfile.TemporaryDirectory(prefix="cuepoint-near-duplicates-") as folder:
        talk = given or make(Path(folder))
        library = Library(Path(folder))
        video = ingest(library, talk, providers=BARE, only=("pass",))
        frames = library.index_frames(video.id)
        groups = duplicate_groups(thumbnail(library.picture(frame.image)) for frame in frames)
        slides = json.loads(talk.with_suffix(".json").read_text())["slides"]
        times = [frame.seconds for frame in frames]

        def shown(slide: dict[str, float]) -> set[int]:
            start, end = slide["start"], slide["end"] - EDGE
            return {g for g, at in zip(groups, times, strict=True) if start - 0.01 <= at < end}

        seen = [shown(slide) for slide in slides]
        missed = 0
        for own, slide in zip(seen, slides, strict=True):
            others = [g for g, other in zip(seen, slides, strict=True)
                      if other["lines"] != slide["lines"]]  # fmt: skip
            missed += not own.difference(*others)
    embedded = max(groups) + 1
    ratio = video.duration / embedded
    print("| talk | seconds | kept | embedded | fewer than one a second | slides | missed |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {talk.name} | {video.duration:.0f} | {len(frames)} | {embedded} "
        f"| {ratio:.1f} times | {len(slides)} | {missed} |"
    )
    print(f"\nThe bound is {LEAST_RATIO:.0f} times and none missed: ", end="")
    print("met." if ratio >= LEAST_RATIO and not missed else "NOT met.")


if __name__ == "__main__":
    main()
