"""Image embeddings of the kept frames."""

from pathlib import Path
from typing import Any

import numpy as np

from tools.embed import load_image_embedder, resolve_image_embedder
from tools.files import durable as files
from tools.ingest.run import IngestRun, Result
from tools.models import registry as models
from tools.search.scene_index import stored
from tools.vision.near_duplicates import duplicate_groups, thumbnail

AT_ONCE = 64
"""Pictures between two reports of progress."""


def pictures(run: IngestRun) -> Result:
    """Embed the kept frames, a row for each; near-duplicates are embedded once."""
    library, providers = run.library, run.providers
    frames = library.index_frames(run.video)
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
        run.report(at / len(first))
        made.append(embedder.images([paths[n] for n in first[at : at + AT_ONCE]]))
    milliseconds = [round(frame.seconds * 1000) for frame in frames]
    cuts = [round(scene.start * 1000) for scene in library.scenes(run.video)]
    saved = stored(np.concatenate(made)[rows], milliseconds, cuts)
    run.mark_waiting()
    for name, data in saved.items():
        files.write_bytes(run.folder / name, data)
    files.write_lines(run.folder / "pictures.jsonl", ({"id": frame.id} for frame in frames))
    note = f"{len(first)} of {len(frames)} pictures differ" if len(first) < len(frames) else ""
    return Result((*saved, "pictures.jsonl"), "done", embedder.name, note)


def picture_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for other frames, for other weights, or once there are some."""
    chosen, home = run.providers.picture_embedder, run.library.home
    model = resolve_image_embedder(chosen, home)[0] if chosen == "auto" else chosen
    frames = run.manifest["stages"].get("pass", {}).get("files", {})
    if model is None or model == "none":
        return [1, model, run.sampling, frames]
    place = models.folder(home, model) if model in models.NAMES else Path(model).expanduser()
    return [3, model, run.sampling, frames, models.fingerprint(place)]
