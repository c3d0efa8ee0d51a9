"""What the kept frames show, as vectors that a text can be compared with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tools.embed import load_image_embedder, resolve_image_embedder
from tools.files import durable as files
from tools.ingest.stages.step import Result
from tools.models import registry as models
from tools.search.scene_index import stored
from tools.vision.near_duplicates import duplicate_groups, thumbnail

if TYPE_CHECKING:
    from tools.ingest.run import Work

AT_ONCE = 64
"""Pictures between two signs of life."""


def pictures(work: Work) -> Result:
    """Vectors of the kept frames, a row for each; what looks the same is embedded once."""
    library, providers = work.library, work.providers
    frames = library.sampled(work.video)
    if not frames:
        return Result(state="skipped", note="")
    name, note = resolve_image_embedder(providers.picture_embedder, library.home)
    if name is None:
        return Result(state="skipped", note=note)
    embedder = load_image_embedder(name, library.home, providers.threads, providers.device)
    paths = [library.picture(frame.image) for frame in frames]
    rows = duplicate_groups(thumbnail(path) for path in paths)
    first = [rows.index(number) for number in range(max(rows) + 1)]
    made: list[Any] = []
    for at in range(0, len(first), AT_ONCE):
        work.say("pictures", "running", at / len(first))
        made.append(embedder.images([paths[n] for n in first[at : at + AT_ONCE]]))
    milliseconds = [round(frame.seconds * 1000) for frame in frames]
    cuts = [round(scene.start * 1000) for scene in library.scenes(work.video)]
    saved = stored(np.concatenate(made)[rows], milliseconds, cuts)
    work.take_back()
    for name, data in saved.items():
        files.write_bytes(work.folder / name, data)
    files.write_lines(work.folder / "pictures.jsonl", ({"id": frame.id} for frame in frames))
    note = f"{len(first)} of {len(frames)} pictures differ" if len(first) < len(frames) else ""
    return Result((*saved, "pictures.jsonl"), "done", embedder.name, note)


def picture_sources(work: Work) -> Any:
    """Vectors are made again for other frames, by other weights, or once there are some."""
    chosen, home = work.providers.picture_embedder, work.library.home
    model = resolve_image_embedder(chosen, home)[0] if chosen == "auto" else chosen
    frames = work.manifest["stages"].get("pass", {}).get("files", {})
    if model is None or model == "none":
        return [1, model, work.sampling, frames]
    place = models.folder(home, model) if model in models.NAMES else Path(model).expanduser()
    return [3, model, work.sampling, frames, models.fingerprint(place)]
