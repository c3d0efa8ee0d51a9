"""Videos of which only words are known, written as an index leaves them."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.made_library import list_files
from tools.embed import bundled_embedder
from tools.files.durable import write_lines
from tools.library import Library
from tools.media import evidence_id
from tools.store.records import READ, SUBTITLES

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
    length = max((end for _, end, _ in (*said, *shown)), default=1.0)
    sound = {"width": None, "height": None, "fps": None}
    list_files(folder, title, length, files, {"vectors": "wordllama"}, **sound)
    return id
