"""Near-duplicates and pictures that are alike, found without a model: precision and recall.

    python -m benchmarks.near_duplicates [TALK.mp4]

First, how many pictures of a talk a model would embed, and the slides missed. Without a file the
talk of benchmarks/talk.py is made, without a voice. Beside the file lies its truth, TALK.json. A
slide is missed where none of the embedded pictures that stand for its time shows it alone.

Then the appearance vectors, on the talk, the sample and the real clips of CUEPOINT_MEDIA: which
copies of a picture are recognised, and how many of the frames found for a frame are of its shot.
Shots are what the index takes for scenes: where a film returns to a place, what is found there
counts as wrong. Each shot counts the same, however many frames it has.
"""

import argparse
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.talk import make
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE
from tools.search.calibration import ALIKE, likeness
from tools.vision.appearance import SAME, UNRELATED, AppearanceEmbedder
from tools.vision.near_duplicates import duplicate_groups, is_copy, is_near_duplicate, thumbnail

ROOT = Path(__file__).resolve().parent.parent
EDGE = 0.1
"""Seconds at the end of a slide that do not count, as the next one may show already."""
LEAST_RATIO, LEAST_COPIES, LEAST_RECALL = 5.0, 0.95, 0.7
AGAIN = {"simpl_vp9": "simpl_av1", "dvr_traffic_vfr": "dvr_traffic"}
"""Clips that show the same as another one."""
EVERY = 8
"""Frames from one that is copied to the next."""


class Shown(NamedTuple):
    """A frame: its picture, and the film and scene that it belongs to."""

    path: Path
    film: str
    scene: int


COPIES: dict[str, Callable[[Image.Image, Path], None]] = {
    "coded again, quality 40": lambda image, path: image.save(path, quality=40),
    "half the size": lambda image, path: image.reduce(2).save(path, quality=82),
    "half as large again": lambda image, path: image.resize(
        (image.width * 3 // 2, image.height * 3 // 2), Image.Resampling.BICUBIC
    ).save(path, quality=82),
    "5 % lighter": lambda image, path: image.point(lambda light: light * 1.05).save(path),
    "10 % darker": lambda image, path: image.point(lambda light: light * 0.9).save(path),
}


def main() -> None:
    """Parse the options, index, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("talk", type=Path, nargs="?", metavar="TALK.mp4")
    given: Path | None = parser.parse_args().talk
    with tempfile.TemporaryDirectory(prefix="cuepoint-near-duplicates-") as folder:
        library, talk = Library(Path(folder)), given or make(Path(folder))
        video = ingest(library, talk, providers=BARE, only=("pass",))
        print_slides(library, video, talk)
        media = Path(os.environ.get("CUEPOINT_MEDIA") or ROOT.parent / "shared" / "media")
        clips = [*(ROOT / "samples").glob("*.mp4"), *sorted(media.glob("clips/*"))]
        videos = [video, *(ingest(library, clip, providers=BARE, only=("pass",)) for clip in clips)]
        shown = [frame for video in videos for frame in frames_of(library, video)]
        started = time.perf_counter()
        array = AppearanceEmbedder().images([frame.path for frame in shown])
        took = (time.perf_counter() - started) / len(shown) * 1000
        print(f"\n{len(shown)} frames of {len(videos)} videos: {took:.1f} ms a picture\n")
        print_copies(shown, array, Path(folder))
        print_alike(shown, array)


def print_slides(library: Library, video: Video, talk: Path) -> None:
    """Print how many pictures of a talk are embedded, and the slides missed."""
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
    print_bound(f"{LEAST_RATIO:.0f} times and none missed", ratio >= LEAST_RATIO and not missed)


def frames_of(library: Library, video: Video) -> Iterator[Shown]:
    """The frames of the index of one video."""
    cuts = [scene.start for scene in library.scenes(video.id)]
    for frame in library.index_frames(video.id):
        scene = int(np.searchsorted(cuts, frame.seconds + 1e-3))
        yield Shown(library.picture(frame.image), AGAIN.get(video.title, video.title), scene)


def print_copies(shown: list[Shown], array: np.ndarray, folder: Path) -> None:
    """Print which copies of pictures are recognised, and what is mistaken for one."""
    print("| copy | cosine, median | cosine, of 2 % less than | alike | told as a copy |")
    print("|---|---|---|---|---|")
    least = 1.0
    for name, write in COPIES.items():
        chosen, told = range(0, len(shown), EVERY), list[bool]()
        cosines: list[float] = []
        for row in chosen:
            with Image.open(shown[row].path) as image:
                write(image, folder / "copy.jpg")
            cosines.append(
                float(AppearanceEmbedder().images([folder / "copy.jpg"])[0] @ array[row])
            )
            told.append(same(shown[row].path, folder / "copy.jpg"))
        alike = fmean(one >= ALIKE for one in fits(np.array(cosines, np.float32)))
        least = min(least, alike)
        print(f"| {name} | {median(cosines):.3f} | {np.quantile(cosines, 0.02):.3f} "
              f"| {alike:.0%} | {fmean(told):.0%} |")  # fmt: skip
    beside = [(at - 1, at) for at in range(1, len(shown)) if shown[at][1:] == shown[at - 1][1:]]
    apart = nearest_of_other_films(shown, array)
    for name, pairs in (("the next frame of its shot", beside), ("another film", apart)):
        cosines = [float(array[one] @ array[other]) for one, other in pairs]
        told = [same(shown[one].path, shown[other].path) for one, other in pairs]
        alike = fmean(one >= ALIKE for one in fits(np.array(cosines, np.float32)))
        print(f"| {name} | {median(cosines):.3f} | {np.quantile(cosines, 0.02):.3f} "
              f"| {alike:.0%} | {fmean(told):.1%} |")  # fmt: skip
    print_bound(f"{LEAST_COPIES:.0%} of each kind of copy alike", least >= LEAST_COPIES)


def nearest_of_other_films(shown: list[Shown], array: np.ndarray) -> list[tuple[int, int]]:
    """Each frame that is copied, with the one of another film that is nearest to it."""
    films = np.array([frame.film for frame in shown])
    return [
        (row, int(np.where(films == films[row], -1, array @ array[row]).argmax()))
        for row in range(0, len(shown), EVERY)
    ]


def print_alike(shown: list[Shown], array: np.ndarray) -> None:
    """Print precision and recall of frames of the same shot, at the product's cut-off."""
    shots: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for row, frame in enumerate(shown):
        shots[frame.film, frame.scene].append(row)
    films = np.array([frame.film for frame in shown])
    precise: list[float] = []
    within: list[float] = []
    recalled: list[float] = []
    first: list[float] = []
    for (film, _), rows in shots.items():
        if len(rows) < 2:
            continue
        cosines = array[rows] @ array.T
        cosines[np.arange(len(rows)), rows] = -1  # itself
        found = fits(cosines) >= ALIKE
        right = found[:, rows].sum()
        recalled.append(float(right / (len(rows) * (len(rows) - 1))))
        first.append(float(np.isin(cosines.argmax(axis=1), rows).mean()))
        if found.any():
            precise.append(float(right / found.sum()))
            within.append(float(found[:, films == film].sum() / found.sum()))
    recall = fmean(recalled)
    print("\n| shots | the nearest is of the shot | found: of the shot | of the film "
          "| of the shot: found |\n|---|---|---|---|---|")  # fmt: skip
    print(f"| {len(recalled)} | {fmean(first):.2f} | {fmean(precise):.2f} | {fmean(within):.2f} "
          f"| {recall:.2f} |")  # fmt: skip
    print_bound(f"{LEAST_RECALL} of a shot found", recall >= LEAST_RECALL)


def fits(cosines: np.ndarray) -> np.ndarray:
    """Likeness of cosines, as the search gives it."""
    return likeness(cosines[..., None], np.ones(1, np.float32), UNRELATED, SAME)


def same(one: Path, other: Path) -> bool:
    """True if the search tells two pictures as the same, or as almost the same."""
    first, second = thumbnail(one), thumbnail(other)
    return is_near_duplicate(first, second) or is_copy(first, second)


def print_bound(bound: str, is_met: bool) -> None:
    """Print a bound, and whether it is met."""
    print(f"\nThe bound is {bound}: {'met' if is_met else 'NOT met'}.")


if __name__ == "__main__":
    main()
