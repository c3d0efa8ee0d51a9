"""Videos of which only words are known, written as an index leaves them."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.embed import bundled_embedder
from tools.files.durable import digest, write_lines
from tools.library import Library
from tools.media import evidence_id
from tools.store.manifest import write_manifest
from tools.store.records import READ, SUBTITLES
from tools.store.store import STAGES

Cue = tuple[float, float, str]


def write_words(
    library: Library,
    title: str,
    said: Sequence[Cue] = (),
    shown: Sequence[Cue] = (),
    speakers: Sequence[str] = (),
) -> str:
    """Write a video with what is said and shown in it; returns its id."""
    id = hashlib.sha256(title.encode()).hexdigest()[:16]
    folder = library.folder(id)
    folder.mkdir(parents=True, exist_ok=True)
    named = list(speakers) or [None] * len(said)
    speech: list[dict[str, Any]] = [
        {"video": id, "start": start, "end": end, "text": text, "speaker": speaker}
        for (start, end, text), speaker in zip(said, named, strict=True)
    ]
    screen: list[dict[str, Any]] = [
        {"video": id, "start": start, "end": end, "text": text, "box": [0.1, 0.1, 0.9, 0.2]}
        for start, end, text in shown
    ]
    write_lines(folder / SUBTITLES, speech)
    write_lines(folder / READ, screen)
    rows = [("speech", one) for one in speech] + [("screen", one) for one in screen]
    ids = [{"id": evidence_id(kind, id, one["start"], one["end"])} for kind, one in rows]
    write_lines(folder / "vectors.jsonl", ids)
    array = bundled_embedder().texts([one["text"] for _, one in rows])
    np.save(folder / "vectors.npy", array.astype(np.float32), allow_pickle=False)
    files = {
        "subtitles": [SUBTITLES], "screen": [READ], "vectors": ["vectors.jsonl", "vectors.npy"],
    }  # fmt: skip
    stages = {
        name: {
            "state": "done" if name in files or name in ("probe", "pass") else "skipped",
            "provider": "wordllama" if name == "vectors" else "made", "from": None,
            "files": {file: digest(folder / file) for file in files.get(name, ())},
        }
        for name in STAGES
    }  # fmt: skip
    manifest: dict[str, Any] = {
        "schema": 1, "id": id, "sha256": id * 4, "title": title, "notes": [], "stages": stages,
        "probe": {"format": "made", "audio": [], "subtitles": [], "video": None}, "options": {},
        "duration": max((end for _, end, _ in (*said, *shown)), default=1.0), "recorded_at": None,
        "width": None, "height": None, "fps": None, "generation": generation(folder),
        "source": {"path": f"/made/{id}.mp4", "linked": True, "size": 1, "mtime_ns": 1, "inode": 1},
    }  # fmt: skip
    write_manifest(folder, manifest)
    return id


def generation(folder: Path) -> int:
    """Generation of the video's manifest so far; 0 without one."""
    path = folder / "manifest.json"
    return json.loads(path.read_bytes())["generation"] if path.exists() else 0
