"""What the kept frames show, as vectors that a text can be compared with."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from tools import files
from tools.embed import image_embedder_named, load_image_embedder
from tools.lookalikes import numbered, thumbnail
from tools.stages.step import Result

if TYPE_CHECKING:
    from tools.work import Work

AT_ONCE = 64
"""Pictures between two signs of life."""


def pictures(work: Work) -> Result:
    """Vectors of the kept frames; what looks the same is embedded once and shares its row."""
    library, providers = work.library, work.providers
    frames = library.frames(work.video)
    if not frames:
        return Result(state="skipped", note="")
    name, note = image_embedder_named(providers.picture_embedder, library.home)
    if name is None:
        return Result(state="skipped", note=note)
    embedder = load_image_embedder(name, library.home, providers.threads)
    paths = [library.picture(frame.image) for frame in frames]
    rows = numbered(thumbnail(path) for path in paths)
    first = [paths[rows.index(number)] for number in range(max(rows) + 1)]
    made: list[Any] = []
    for at in range(0, len(first), AT_ONCE):
        work.say("pictures", "running", at / len(first))
        made.append(embedder.images(first[at : at + AT_ONCE]))
    saved = BytesIO()
    np.save(saved, np.concatenate(made), allow_pickle=False)
    work.take_back()
    files.write_bytes(work.folder / "pictures.npy", saved.getvalue())
    files.write_lines(
        work.folder / "pictures.jsonl",
        ({"id": frame.id, "row": row} for frame, row in zip(frames, rows, strict=True)),
    )
    return Result(("pictures.npy", "pictures.jsonl"), "done", embedder.name)


def picture_sources(work: Work) -> Any:
    """Vectors are made again for other frames, by another model, or once there is a model."""
    chosen = work.providers.picture_embedder
    model = image_embedder_named(chosen, work.library.home)[0] if chosen == "auto" else chosen
    return [1, model, work.sampling, work.manifest["stages"].get("pass", {}).get("files", {})]
