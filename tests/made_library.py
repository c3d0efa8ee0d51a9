"""Made videos: stage files and a manifest, without a film. Vectors are random, by a seed."""

import hashlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from tools.embed import Floats, unit_rows
from tools.files.durable import digest, write_lines
from tools.library import Library
from tools.media import Frame, Scene, ScreenText, Utterance
from tools.store.manifest import write_manifest

TEXT, PICTURE = "test-texts", "test-pictures"
"""Names of the providers of the vectors."""
REASONS = ("first frame", "new shot", "floor", "keyframe")


def video_id(number: int) -> str:
    """A video's id."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:16]


def directions(n: int, dimensions: int, seed: int) -> Floats:
    """Random unit rows."""
    rows = np.random.default_rng(seed).normal(size=(n, dimensions))
    return unit_rows(rows.astype(np.float32))


def add_video(
    library: Library,
    video: str,
    seed: int = 0,
    *,
    frames: int = 60,
    cues: int = 80,
    shown: int = 30,
    dimensions: int = 32,
) -> str:
    """Write a video as indexing leaves it, again where it is there already; returns its id."""
    folder = library.folder(video)
    folder.mkdir(parents=True, exist_ok=True)
    words = np.random.default_rng(seed).integers(0, 1000, size=(cues + shown, 4))
    texts = [" ".join(f"word{n}" for n in row) for row in words]
    said = [
        Utterance(video, 3.0 * n, 3.0 * n + 2.5, texts[n], None, "sidecar") for n in range(cues)
    ]
    box = (0.1, 0.1, 0.5, 0.2)
    read = [
        ScreenText(video, 5.0 * n, 5.0 * n + 4.0, texts[cues + n], box, 0.9) for n in range(shown)
    ]
    kept = [Frame(video, 2.0 * n, f"videos/{video}/frames/{2000 * n:09d}.jpg", REASONS[n % 4])
            for n in range(frames)]  # fmt: skip
    ends = [20.0 * n for n in range(frames // 10 + 1)]
    scenes = [Scene(video, *span, None) for span in itertools.pairwise(ends)]
    write_lines(folder / "speech.jsonl", said)
    write_lines(folder / "screen.jsonl", read)
    write_lines(folder / "frames.jsonl", kept)
    write_lines(folder / "scenes.jsonl", scenes)
    write_lines(folder / "attributes.jsonl", [])
    stages = {
        "probe": _stage(folder),
        "subtitles": _stage(folder, "speech.jsonl"),
        "keyframes": _stage(folder),
        "pass": _stage(folder, "frames.jsonl", "scenes.jsonl", "attributes.jsonl"),
        "screen": _stage(folder, "screen.jsonl"),
    }
    for name, ids, provider in (
        ("pictures", [one.id for one in kept], PICTURE),
        ("vectors", [one.id for one in (*said, *read)], TEXT),
    ):
        write_lines(folder / f"{name}.jsonl", [{"id": id} for id in ids])
        np.save(folder / f"{name}.npy", directions(len(ids), dimensions, seed + len(name)))
        stages[name] = {**_stage(folder, f"{name}.jsonl", f"{name}.npy"), "provider": provider}
    manifest: dict[str, Any] = {
        "sha256": video * 4, "title": f"made {video}", "duration": 3.0 * cues, "width": 64,
        "height": 48, "fps": 10.0, "notes": [], "probe": {}, "stages": stages, "options": {},
        "source": {"path": str(folder / "film"), "linked": True, "size": 0, "mtime_ns": 0,
                   "inode": 0},
    }  # fmt: skip
    write_manifest(folder, manifest)
    library.catalog.refresh(video)
    return video


def _stage(folder: Path, *names: str) -> dict[str, Any]:
    files = {name: digest(folder / name) for name in names}
    return {"state": "done", "provider": "", "seconds": 0.1, "files": files}
