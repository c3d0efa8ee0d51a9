"""Image embeddings of the kept frames."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from tools.embed import load_image_embedder, resolve_image_embedder
from tools.files import durable as files
from tools.ingest.run import IngestRun, Result
from tools.models import registry as models
from tools.vision.appearance import AppearanceEmbedder
from tools.vision.near_duplicates import duplicate_groups, thumbnail

AT_ONCE = 64
"""Pictures between two reports of progress."""
APPEARANCE = 1
"""Version of the appearance vectors: a new one makes those of every video again."""
FILES = "pictures.npy", "pictures.jsonl"


def pictures(run: IngestRun) -> Result:
    """Embed the kept frames, a row for each: by a picture model, else by their appearance.

    A model embeds near-duplicates once. The note says what a model would add.
    """
    library, providers = run.library, run.providers
    frames = library.index_frames(run.video)
    if not frames:
        return Result(state="skipped", note="")
    name, note = resolve_image_embedder(providers.picture_embedder, library.home)
    paths = [library.picture(frame.image) for frame in frames]
    rows = list(range(len(paths)))
    embedder = AppearanceEmbedder()
    if name:
        embedder = load_image_embedder(name, library.home, providers.threads, providers.device)
        rows = duplicate_groups(thumbnail(path) for path in paths)
    first: list[int] = np.unique(rows, return_index=True)[1].tolist()
    made: list[Any] = []
    for at in range(0, len(first), AT_ONCE):
        run.report(at / len(first))
        made.append(embedder.images([paths[n] for n in first[at : at + AT_ONCE]]))
    data = BytesIO()
    np.save(data, np.concatenate(made)[rows].astype("<f4"), allow_pickle=False)
    run.mark_waiting()
    files.write_bytes(run.folder / FILES[0], data.getvalue())
    files.write_lines(run.folder / FILES[1], ({"id": frame.id} for frame in frames))
    if len(first) < len(frames):
        note = f"{len(first)} of {len(frames)} pictures differ"
    return Result(FILES, "done", embedder.name, note)


def picture_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for other frames, for other weights, or once there are some."""
    chosen, home = run.providers.picture_embedder, run.library.home
    model = resolve_image_embedder(chosen, home)[0] if chosen == "auto" else chosen
    frames = run.manifest["stages"].get("pass", {}).get("files", {})
    if model is None or model == "none":
        return [4, model, APPEARANCE, run.sampling, frames]
    place = models.folder(home, model) if model in models.NAMES else Path(model).expanduser()
    return [3, model, run.sampling, frames, models.fingerprint(place)]
