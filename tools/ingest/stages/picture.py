"""The picture: keyframes first, then every frame once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import UnreadableMedia
from tools.files import durable as files
from tools.files.rows import Rows, read_rows
from tools.ingest.stages.step import Result
from tools.media import Attributes, Frame, Scene
from tools.store.frames import take_picture
from tools.store.store import as_rows
from tools.vision import scenes
from tools.vision.sampling import FLOOR_SECONDS, REASONS, choose

if TYPE_CHECKING:
    from tools.ingest.run import Work

MOTION_SECONDS = 1.0
CUT_SHORT = 1.0
"""Seconds that may be missing at the end before a file counts as cut short."""


def keyframes(work: Work) -> Result:
    """Pictures of some keyframes: the coarse index that answers the first question."""
    manifest = work.manifest
    if manifest["width"] is None:
        return Result(state="skipped", note="no picture")
    claimed = float(manifest["duration"])
    events: list[dict[str, Any]] = []
    end, trouble = 0.0, ""
    for event in work.child.call(
        "tools.video.decode:keyframes",
        path=str(work.path),
        target=str(work.scratch),
        duration=claimed,
    ):
        if "frame" in event:
            events.append({**event["frame"], "reason": "keyframe", "motion": 0.0})
            done = event["frame"]["seconds"] / claimed if claimed else 0.0
            work.say("keyframes", "running", min(done, 1.0))
        end = event.get("end", end)
        trouble = event.get("trouble", trouble)
    there = end
    if not claimed or abs(end - claimed) > CUT_SHORT:
        there = max(end, _sound_ends(work))
    if not claimed or abs(there - claimed) > CUT_SHORT:
        manifest["duration"] = there
        if claimed:
            manifest["notes"].append(
                ("cut short" if there < claimed else "longer than it says")
                + f": the file says {claimed:.1f} s, {there:.1f} s are there"
                + (f" ({trouble})" if trouble else "")
            )
    manifest["picture_end"] = end
    _store_frames(work, events, "keyframes", "keyframe_attributes")
    return Result(("keyframes.jsonl", "keyframe_attributes.jsonl"), provider="keyframes")


def _sound_ends(work: Work) -> float:
    """Where the last packet of sound ends, in seconds; 0 without sound."""
    (event,) = work.child.call("tools.video.container:sound_end", path=str(work.path))
    return float(event["end"])


def decode_pass(work: Work) -> Result:
    """Every frame once: rows of signals, scenes, and the pictures that the sampler keeps."""
    manifest = work.manifest
    if manifest["width"] is None:
        return Result(state="skipped", note="no picture")
    duration = float(manifest["duration"])
    rows_file = work.scratch / "signals.npy"
    kept: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    for event in work.child.call(
        "tools.video.decode:scan",
        path=str(work.path),
        target=str(work.scratch),
        rows=str(rows_file),
        floor=FLOOR_SECONDS,
    ):
        if "frame" in event:
            kept.append({**event["frame"], "reason": REASONS[event["frame"]["kept"]]})
        elif "rows" in event:
            last = event
        else:
            work.say("pass", "running", min(event["seconds"] / duration, 1.0) if duration else 0.0)
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
    work.take_back()
    files.adopt(rows_file, work.folder / "signals.npy")
    rows = read_rows(work.folder / "signals.npy")
    spans = scenes.spans(scenes.find_cuts(rows), max(duration, last["end"]))
    if work.sampling != "adaptive":
        kept = resample(work, kept, spans)
    _add_motion(kept, rows, [start for start, _ in spans])
    _store_frames(work, kept, "frames", "attributes")
    found = [Scene(work.video, s, e, _inside(work, kept, s, e)) for s, e in spans]
    files.write_lines(work.folder / "scenes.jsonl", as_rows(found))
    names = ("signals.npy", "frames.jsonl", "attributes.jsonl", "scenes.jsonl")
    return Result(names, "done", work.sampling)


def _add_motion(kept: list[dict[str, Any]], rows: Rows, cuts: list[float]) -> None:
    """The motion that a kept frame stands for: the usual one of the next second of its scene."""
    seconds: NDArray[np.float64] = rows["seconds"].astype(np.float64)
    for one in kept:
        at = float(one["seconds"])
        next_cut = bisect_right(cuts, at + 1e-3)
        end = min([at + MOTION_SECONDS, *cuts[next_cut : next_cut + 1]])
        first, last = np.searchsorted(seconds, np.array([at + 1e-3, end - 1e-3])).tolist()
        ahead = rows["motion"][first:last]
        one["motion"] = float(np.median(ahead)) if len(ahead) else 0.0


def resample(
    work: Work, kept: list[dict[str, Any]], spans: list[tuple[float, float]]
) -> list[dict[str, Any]]:
    """The frames of another strategy; pictures that the pass did not keep are decoded now."""
    rows = read_rows(work.folder / "signals.npy")
    wanted = choose(work.sampling, rows, spans)
    have = {round(one["seconds"] * 1000): one for one in kept}
    missing = [at for at, _ in wanted if round(at * 1000) not in have]
    for event in work.child.call(
        "tools.video.jpeg:pictures",
        path=str(work.path),
        target=str(work.scratch),
        seconds=missing,
    ):
        if "frame" in event:
            have[round(event["frame"]["seconds"] * 1000)] = event["frame"]
    named = [(have.get(round(at * 1000)), reason) for at, reason in wanted]
    return [{**one, "reason": reason} for one, reason in named if one]


def _image(work: Work, name: str) -> str:
    return f"videos/{work.video}/frames/{name}"


def _inside(work: Work, kept: list[dict[str, Any]], start: float, end: float) -> str | None:
    """The kept picture nearest to the middle of a scene, from inside it where there is one."""
    middle = (start + end) / 2
    first, last = (bisect_left(kept, at, key=lambda one: one["seconds"]) for at in (start, end))
    inside = kept[first:last] or kept
    best = min(inside, key=lambda one: abs(one["seconds"] - middle), default=None)
    return _image(work, best["name"]) if best else None


def _store_frames(work: Work, found: list[dict[str, Any]], frames: str, attributes: str) -> None:
    """Move pictures into place, then the rows that name them."""
    work.take_back()
    folder = work.folder / "frames"
    folder.mkdir(exist_ok=True)
    found.sort(key=lambda one: one["seconds"])
    for one in found:
        take_picture(one["name"], work.scratch, folder)
    files.sync_folder(folder)
    files.write_lines(
        work.folder / f"{frames}.jsonl",
        as_rows(
            [Frame(work.video, o["seconds"], _image(work, o["name"]), o["reason"]) for o in found]
        ),
    )
    files.write_lines(
        work.folder / f"{attributes}.jsonl",
        as_rows(
            [
                replace(
                    Attributes(**o["attributes"]), video=work.video, motion=round(o["motion"], 4)
                )
                for o in found
            ]
        ),
    )
