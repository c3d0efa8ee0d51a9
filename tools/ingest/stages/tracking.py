"""Stage of sightings: what moves before a fixed camera, tracked and named."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tools.files import durable as files
from tools.ingest.run import IngestRun, Result
from tools.media import Frame, Sighting
from tools.store.frames import move_picture
from tools.store.records import SIGHTINGS, frame_image
from tools.vision.objects.blobs import Blob, decode, moving_spans
from tools.vision.objects.detector import detector_fingerprint, load_detector
from tools.vision.objects.fixed import PICTURES, is_fixed
from tools.vision.objects.matchers import load_matcher
from tools.vision.objects.sightings import Watcher

NEAR = 0.25
"""Seconds from the best view of an object within which a kept frame shows it well enough."""
RESTS = 0.5
"""Seconds without a picture after which nothing moved."""
NOT_FIXED = "objects are not tracked: the camera moves, or the film is edited or drawn"


def sightings(run: IngestRun) -> Result:
    """Track what moves, in a second look at the spans in which something changes.

    Skipped where the decode pass says that the camera moves, or that there is none.
    """
    manifest, library = run.manifest, run.library
    if manifest["width"] is None:
        return Result(state="skipped")
    rows = library.signals(run.video)
    cuts = max(len(library.scenes(run.video)) - 1, 0)
    if not is_fixed(rows, cuts, _over_time(run, library.index_frames(run.video))):
        return Result(state="skipped", note=NOT_FIXED)
    chosen = run.providers
    detector = load_detector(chosen.detector, library.home, chosen.threads, chosen.device)
    watcher, last = Watcher(detector, load_matcher(chosen.tracker)), 0.0
    duration = float(manifest["duration"])
    given = {"target": str(run.scratch), "spans": moving_spans(rows)}
    for event in run.decode("tools.video.watch:watch", **given):
        if "seconds" not in event:
            continue
        seconds = float(event["seconds"])
        if seconds - last > RESTS:
            watcher.rest(seconds)
        last, shown = seconds, None
        if event["picture"]:
            picture = run.scratch / str(event["picture"])
            shown = decode(picture.read_bytes())
            picture.unlink()
        blobs = [Blob((*one[:4],), one[4]) for one in event["blobs"]]
        watcher.add(seconds, blobs, shown)
        run.report(min(seconds / duration, 1.0) if duration else 0.0)
    watcher.rest(duration)
    found = watcher.finish(run.video, manifest["width"], manifest["height"])
    names = run.write_words((SIGHTINGS, _with_pictures(run, found)))
    return Result(names, "done", detector.name if detector else "motion")


def _over_time(run: IngestRun, kept: Sequence[Frame]) -> list[Path]:
    """Pictures of kept frames, evenly over time: movement has more of them."""
    if not kept:
        return []
    times = np.linspace(kept[0].seconds, kept[-1].seconds, PICTURES).tolist()
    places = dict.fromkeys(_place(kept, at) for at in times)
    return [run.library.image_path(kept[place].image) for place in places]


def _with_pictures(run: IngestRun, found: Sequence[Sighting]) -> list[Sighting]:
    """Sightings with a picture each: a kept frame near their best view, else one decoded now."""
    kept = run.library.index_frames(run.video)
    shown = [_nearest(kept, one.seconds) for one in found]
    wanted = sorted({one.seconds for one, near in zip(found, shown, strict=True) if not near})
    made: set[float] = set()
    pictures = run.folder / "frames"
    given = {"target": str(run.scratch), "seconds": wanted}
    for event in run.decode("tools.video.jpeg:pictures", **given) if wanted else ():
        if "frame" in event:
            move_picture(event["frame"]["name"], run.scratch, pictures)
            made.add(round(event["frame"]["seconds"], 3))
    files.sync_folder(pictures)
    result: list[Sighting] = []
    for one, near in zip(found, shown, strict=True):
        if near:
            one = replace(one, seconds=near.seconds, image=near.image)
        elif one.seconds in made:
            one = replace(one, image=frame_image(run.video, one.seconds))
        result.append(one)
    return result


def _nearest(kept: Sequence[Frame], seconds: float) -> Frame | None:
    best = kept[_place(kept, seconds)] if kept else None
    return best if best and abs(best.seconds - seconds) <= NEAR else None


def _place(kept: Sequence[Frame], seconds: float) -> int:
    """Place of the frame that is nearest to a time."""
    at = bisect_left(kept, seconds, key=lambda frame: frame.seconds)
    near = range(max(at - 1, 0), min(at + 1, len(kept)))
    return min(near, key=lambda place: abs(kept[place].seconds - seconds))


def sighting_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for another detector or tracker, or other signals."""
    chosen = run.providers
    signals = run.manifest["stages"].get("pass", {}).get("files", {}).get("signals.npy")
    detector = detector_fingerprint(chosen.detector, run.library.home)
    return [2, chosen.tracker, detector, signals]
