"""Stages of pictures: keyframes first, then the decode pass over every frame."""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import UnreadableMedia
from tools.files import durable as files
from tools.files.rows import Rows, read_rows
from tools.ingest.run import IngestRun, Result
from tools.media import Attributes, Frame, Scene
from tools.store.frames import move_picture
from tools.store.records import REGION_CHANGES
from tools.vision import scenes
from tools.vision.change_times import RegionChange
from tools.vision.sampling import FLOOR_SECONDS, REASONS, choose, fill_gaps

MOTION_SECONDS = 1.0
"""Seconds after a kept frame whose motion it stands for."""
CUT_SHORT = 1.0
"""Seconds that may be missing at the end before a file counts as cut short."""


def keyframes(run: IngestRun) -> Result:
    """Decode some keyframes: the coarse index that answers the first question."""
    manifest = run.manifest
    if manifest["width"] is None:
        return Result(state="skipped", note="no picture")
    claimed = float(manifest["duration"])
    events: list[dict[str, Any]] = []
    end, trouble = 0.0, ""
    given = {"target": str(run.scratch), "duration": claimed}
    for event in run.decode("tools.video.decode:keyframes", **given):
        if "frame" in event:
            events.append({**event["frame"], "reason": "keyframe", "motion": 0.0})
            done = event["frame"]["seconds"] / claimed if claimed else 0.0
            run.report(min(done, 1.0))
        end = event.get("end", end)
        trouble = event.get("trouble", trouble)
    there = end
    if not claimed or abs(end - claimed) > CUT_SHORT:
        (sound,) = run.decode("tools.video.audio:sound_end")
        there = max(end, float(sound["end"]))
    if not claimed or abs(there - claimed) > CUT_SHORT:
        manifest["duration"] = there
        if claimed:
            manifest["notes"].append(
                ("cut short" if there < claimed else "longer than it says")
                + f": the file says {claimed:.1f} s, {there:.1f} s are there"
                + (f" ({trouble})" if trouble else "")
            )
    manifest["picture_end"] = end
    _store_frames(run, events, "keyframes", "keyframe_attributes")
    return Result(("keyframes.jsonl", "keyframe_attributes.jsonl"), provider="keyframes")


def decode_pass(run: IngestRun) -> Result:
    """Decode every frame once: signals, scenes, and the pictures that the sampler keeps."""
    manifest = run.manifest
    if manifest["width"] is None:
        return Result(state="skipped", note="no picture")
    duration = float(manifest["duration"])
    rows_file = run.scratch / "signals.npy"
    kept: list[dict[str, Any]] = []
    changes: list[RegionChange] = []
    last: dict[str, Any] = {}
    given = {
        "target": str(run.scratch),
        "rows": str(rows_file),
        "floor": min(FLOOR_SECONDS, run.max_gap),
    }
    for event in run.decode("tools.video.decode:scan", **given):
        if "frame" in event:
            kept.append({**event["frame"], "reason": REASONS[event["frame"]["kept"]]})
            changes += [RegionChange(*change) for change in event["frame"]["changes"]]
        elif "rows" in event:
            last = event
        else:
            run.report(min(event["seconds"] / duration, 1.0) if duration else 0.0)
    if not last.get("rows"):
        raise UnreadableMedia(f"no frame could be decoded: {last.get('trouble') or 'no picture'}")
    if last["damaged"]:
        count = f"{last['damaged']} place" + ("s" if last["damaged"] > 1 else "")
        manifest["notes"].append(f"damaged: {count} could not be decoded ({last['trouble']})")
    if last["full"] is not None:
        manifest["notes"].append(
            f"too many pictures for a file of this size: none is kept after {last['full']:.1f} s"
        )
    if last["end"] < manifest["picture_end"] - CUT_SHORT:
        manifest["notes"].append(f"cut short: the picture can be decoded up to {last['end']:.1f} s")
    run.mark_waiting()
    files.move_into_place(rows_file, run.folder / "signals.npy")
    rows = read_rows(run.folder / "signals.npy")
    spans = scenes.spans(scenes.find_cuts(rows), max(duration, last["end"]))
    if run.sampling != "adaptive" or last["full"] is None:
        kept = _resample(run, kept, rows, spans, last["end"])
    _add_motion(kept, rows, [start for start, _ in spans])
    _store_frames(run, kept, "frames", "attributes")
    shots = [Scene(run.video, start, end, _image(run, kept, start, end)) for start, end in spans]
    files.write_lines(run.folder / "scenes.jsonl", shots)
    changed = f"{REGION_CHANGES}.jsonl"
    files.write_lines(run.folder / changed, (change._asdict() for change in changes))
    names = ("signals.npy", "frames.jsonl", "attributes.jsonl", "scenes.jsonl", changed)
    return Result(names, "done", run.sampling, facts={"damaged": last["damaged"]})


def _add_motion(kept: list[dict[str, Any]], rows: Rows, cuts: list[float]) -> None:
    """Add the motion of each kept frame: the median of the next second of its scene."""
    seconds: NDArray[np.float64] = rows["seconds"].astype(np.float64)
    for frame in kept:
        at = float(frame["seconds"])
        next_cut = bisect_right(cuts, at + 1e-3)
        end = min([at + MOTION_SECONDS, *cuts[next_cut : next_cut + 1]])
        first, last = np.searchsorted(seconds, np.array([at + 1e-3, end - 1e-3])).tolist()
        ahead = rows["motion"][first:last]
        frame["motion"] = float(np.median(ahead)) if len(ahead) else 0.0


def _resample(
    run: IngestRun,
    kept: list[dict[str, Any]],
    rows: Rows,
    spans: list[tuple[float, float]],
    end: float,
) -> list[dict[str, Any]]:
    """Sample by the strategy; pictures that the pass did not keep are decoded now."""
    wanted = fill_gaps(choose(run.sampling, rows, spans), rows, run.max_gap, end)
    frames = {round(frame["seconds"] * 1000): frame for frame in kept}
    missing = [at for at, _ in wanted if round(at * 1000) not in frames]
    given = {"target": str(run.scratch), "seconds": missing}
    for event in run.decode("tools.video.jpeg:pictures", **given) if missing else ():
        if "frame" in event:
            frames[round(event["frame"]["seconds"] * 1000)] = event["frame"]
    chosen = [(frames.get(round(at * 1000)), reason) for at, reason in wanted]
    return [{**frame, "reason": reason} for frame, reason in chosen if frame]


def _image_path(run: IngestRun, frame: dict[str, Any]) -> str:
    return f"videos/{run.video}/frames/{frame['name']}"


def _image(run: IngestRun, kept: list[dict[str, Any]], start: float, end: float) -> str | None:
    """Picture nearest to the middle of a scene, from inside it if there is one."""
    middle = (start + end) / 2
    first, last = (bisect_left(kept, at, key=lambda frame: frame["seconds"]) for at in (start, end))
    inside = kept[first:last] or kept
    best = min(inside, key=lambda frame: abs(frame["seconds"] - middle), default=None)
    return _image_path(run, best) if best else None


def _store_frames(run: IngestRun, kept: list[dict[str, Any]], frames: str, attributes: str) -> None:
    """Move pictures into place, then write the rows that name them."""
    run.mark_waiting()
    folder = run.folder / "frames"
    folder.mkdir(exist_ok=True)
    kept.sort(key=lambda frame: frame["seconds"])
    for frame in kept:
        move_picture(frame["name"], run.scratch, folder)
    files.sync_folder(folder)
    rows = [Frame(run.video, f["seconds"], _image_path(run, f), f["reason"]) for f in kept]
    files.write_lines(run.folder / f"{frames}.jsonl", rows)
    measured = [
        replace(Attributes(**f["attributes"]), video=run.video, motion=round(f["motion"], 4))
        for f in kept
    ]
    files.write_lines(run.folder / f"{attributes}.jsonl", measured)
