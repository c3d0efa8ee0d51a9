"""Image embeddings of the kept frames, and of the objects that were tracked."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from tools.embed import (
    PictureEmbedder,
    load_image_embedder,
    resolve_image_embedder,
)
from tools.embed.crops import box_at, embedded_crops
from tools.files import durable as files
from tools.ingest.run import IngestRun, Result
from tools.models import registry as models
from tools.store.records import SIGHTINGS
from tools.vision.appearance import AppearanceEmbedder
from tools.vision.near_duplicates import duplicate_groups, thumbnail

AT_ONCE = 64
"""Pictures between two reports of progress."""
APPEARANCE = 1
"""Version of the appearance vectors: a new one makes those of every video again."""
FILES, CROP_FILES = ("pictures.npy", "pictures.jsonl"), ("crops.npy", "crops.jsonl")


def pictures(run: IngestRun) -> Result:
    """Embed the kept frames, a row for each: by a picture model, else by their appearance.

    A model embeds near-duplicates once. The note says what a model would add.
    """
    library = run.library
    frames = library.index_frames(run.video)
    if not frames:
        return Result(state="skipped", note="")
    embedder, note = _embedder(run)
    paths = [library.picture(frame.image) for frame in frames]
    rows = list(range(len(paths)))
    if not isinstance(embedder, AppearanceEmbedder):
        rows = duplicate_groups(thumbnail(path) for path in paths)
    first: list[int] = np.unique(rows, return_index=True)[1].tolist()
    made: list[Any] = []
    for at in range(0, len(first), AT_ONCE):
        run.report(at / len(first))
        made.append(embedder.images([paths[n] for n in first[at : at + AT_ONCE]]))
    _write(run, FILES, np.concatenate(made)[rows], [frame.id for frame in frames])
    if len(first) < len(frames):
        note = f"{len(first)} of {len(frames)} pictures differ"
    return Result(FILES, "done", embedder.name, note)


def crops(run: IngestRun) -> Result:
    """Embed the best view of each tracked object, cut out of its picture; nothing is decoded."""
    library = run.library
    seen = [one for one in library.words(run.video, SIGHTINGS) if one.image and one.boxes]
    if not seen:
        return Result(state="skipped")
    embedder, _ = _embedder(run)
    made: list[Any] = []
    for at in range(0, len(seen), AT_ONCE):
        run.report(at / len(seen))
        shown = [
            (library.picture(one.image), box_at(one.boxes, one.seconds))
            for one in seen[at : at + AT_ONCE]
        ]
        made.append(embedded_crops(embedder, shown, run.scratch))
    _write(run, CROP_FILES, np.concatenate(made), [one.id for one in seen])
    return Result(CROP_FILES, "done", embedder.name)


def _embedder(run: IngestRun) -> tuple[PictureEmbedder, str]:
    """Embedder of pictures that is there, and a note on what a model would add."""
    providers, home = run.providers, run.library.home
    name, note = resolve_image_embedder(providers.picture_embedder, home)
    if name is None:
        return AppearanceEmbedder(), note
    return load_image_embedder(name, home, providers.threads, providers.device), note


def _write(run: IngestRun, names: tuple[str, str], array: Any, ids: Sequence[str]) -> None:
    data = BytesIO()
    np.save(data, array.astype("<f4"), allow_pickle=False)
    run.mark_waiting()
    files.write_bytes(run.folder / names[0], data.getvalue())
    files.write_lines(run.folder / names[1], ({"id": id} for id in ids))


def picture_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for other frames, for other weights, or once there are some."""
    model, weights = _model(run)
    frames = run.manifest["stages"].get("pass", {}).get("files", {})
    if weights is None:
        return [4, model, APPEARANCE, run.sampling, frames]
    return [3, model, run.sampling, frames, weights]


def crop_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for other objects, for other weights, or once there are some."""
    seen = run.manifest["stages"].get("sightings", {}).get("files", {}).get(SIGHTINGS)
    return [1, *_model(run), APPEARANCE, seen]


def _model(run: IngestRun) -> tuple[str | None, Any]:
    """Name of the picture model and the fingerprint of its weights; without one these are None."""
    chosen, home = run.providers.picture_embedder, run.library.home
    model = resolve_image_embedder(chosen, home)[0] if chosen == "auto" else chosen
    if model is None or model == "none":
        return model, None
    place = models.folder(home, model) if model in models.NAMES else Path(model).expanduser()
    return model, models.fingerprint(place)
