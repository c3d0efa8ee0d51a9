"""Made videos: stage files and a manifest, without a film. Vectors are random, by a seed."""

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.embed import Floats, unit_rows
from tools.files.durable import digest, write_lines
from tools.library import Library
from tools.media import Frame, Scene, ScreenText, Sighting, Utterance
from tools.store.manifest import SCHEMA, write_manifest
from tools.store.records import SIGHTINGS
from tools.store.recovery import RECORD
from tools.store.store import STAGES

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


def list_files(
    folder: Path,
    title: str,
    duration: float,
    files: Mapping[str, Sequence[str]],
    providers: Mapping[str, str],
    **facts: Any,
) -> None:
    """Write the manifest of a made video: what each stage left in its folder, and who made it.

    Other stages are skipped, but for those that leave no file. `facts` replace others, as `width`.
    """
    done = {"probe", "keyframes", "pass", *files}
    stages = {
        name: {
            "state": "done" if name in done else "skipped",
            "provider": providers.get(name, "made"), "seconds": 0.0, "note": "", "partial": False,
            "from": None, "files": {file: digest(folder / file) for file in files.get(name, ())},
        }
        for name in STAGES
    }  # fmt: skip
    known = json.loads((folder / RECORD).read_bytes()) if (folder / RECORD).exists() else {}
    probe = {"format": "made", "duration": duration, "audio": [], "subtitles": [], "video": None}
    manifest = {
        "schema": SCHEMA, "id": folder.name, "sha256": folder.name * 4, "title": title,
        "notes": [], "stages": stages, "recorded_at": None, "probe": probe, "duration": duration,
        "width": 640, "height": 360, "fps": 25.0, "options": {},
        "source": {"path": f"/made/{folder.name}.mp4", "linked": True, "size": 1, "mtime_ns": 1,
                   "inode": 1},
        "generation": known.get("generation", 0), **facts,
    }  # fmt: skip
    write_manifest(folder, manifest)


def add_video(
    library: Library,
    video: str,
    seed: int = 0,
    *,
    frames: int = 60,
    cues: int = 80,
    shown: int = 30,
    tracked: int = 0,
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
    boxes = ((0.0, 0.1, 0.1, 0.3, 0.6), (1.0, 0.5, 0.1, 0.7, 0.6))
    passed = [
        Sighting(video, 4.0 * n, 4.0 * n + 3.0, "car", "red", "right", 0.0, 0.9, 4.0 * n, boxes)
        for n in range(tracked)
    ]
    write_lines(folder / "speech.jsonl", said)
    write_lines(folder / "screen.jsonl", read)
    write_lines(folder / "frames.jsonl", kept)
    write_lines(folder / "scenes.jsonl", scenes)
    write_lines(folder / "attributes.jsonl", [])
    files = {
        "subtitles": ["speech.jsonl"], "screen": ["screen.jsonl"],
        "pass": ["frames.jsonl", "scenes.jsonl", "attributes.jsonl"],
    }  # fmt: skip
    providers = {"pictures": PICTURE, "vectors": TEXT, "crops": PICTURE}
    for name, ids in (
        ("pictures", [one.id for one in kept]),
        ("vectors", [one.id for one in (*said, *read)]),
        *([("crops", [one.id for one in passed])] if passed else []),
    ):
        write_lines(folder / f"{name}.jsonl", [{"id": id} for id in ids])
        np.save(folder / f"{name}.npy", directions(len(ids), dimensions, seed + len(name)))
        files[name] = [f"{name}.jsonl", f"{name}.npy"]
    if passed:
        write_lines(folder / SIGHTINGS, passed)
        files["sightings"] = [SIGHTINGS]
    list_files(folder, f"made {video}", 3.0 * cues, files, providers)
    library.catalog.refresh(video)
    return video
