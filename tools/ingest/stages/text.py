"""Stages of text: on-screen text, and text embeddings of all words."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np

from tools.embed import TextEmbedder, load_embedder, resolve_embedder
from tools.embed.passages import passages
from tools.files import durable as files
from tools.ingest.run import IngestRun, Result
from tools.models import registry as models
from tools.store.records import READ
from tools.vision import ocr

AT_ONCE = 256
"""Texts between two reports of progress."""


def screen(run: IngestRun) -> Result:
    """Read on-screen text where the picture changed, within a share of the video's time."""
    if run.manifest["width"] is None:
        return Result(state="skipped", note="no picture")
    reader = ocr.load_text_reader(run.providers.text_reader, run.providers.threads)
    if reader is None:
        return Result(state="skipped", note="on-screen text is switched off")
    library = run.library
    rows = library.signals(run.video)
    moved = rows[rows["motion"] > 0]
    reading = ocr.read_screen(
        library.index_frames(run.video),
        lambda frame: library.picture(frame.image),
        reader,
        float(run.manifest["duration"]),
        cuts=[scene.start for scene in library.scenes(run.video)],
        changes=list(zip(moved["seconds"].tolist(), moved["difference"].tolist(), strict=True)),
    )
    while True:
        try:
            fraction, so_far = next(reading)
        except StopIteration as finished:
            result = finished.value
            break
        run.report(fraction)
        run.checkpoint(READ, so_far, fraction)
    saved = run.write_words((READ, result.texts))
    return Result(saved, "done", reader.name, result.note, partial=result.partial)


def vectors(run: IngestRun) -> Result:
    """Embed speech and on-screen text, and passages if the embedder takes them."""
    library, chosen = run.library, run.providers
    spoken = library.utterances(run.video)
    texts = [*spoken, *library.screen_text(run.video)]
    if not texts:
        return Result(state="skipped")
    embedder = load_embedder(chosen.embedder, library.home, chosen.threads, chosen.device)
    embedded: dict[str, Sequence[Any]] = {"vectors": texts}
    if embedder.contextual and spoken:
        embedded["passages"] = passages(spoken)
    arrays = {name: _embed(run, embedder, rows) for name, rows in embedded.items()}
    run.mark_waiting()
    for name, rows in embedded.items():
        files.write_bytes(run.folder / f"{name}.npy", arrays[name])
        files.write_lines(run.folder / f"{name}.jsonl", ({"id": row.id} for row in rows))
    saved = tuple(f"{name}.{ending}" for name in embedded for ending in ("npy", "jsonl"))
    return Result(saved, "done", embedder.name)


def _embed(run: IngestRun, embedder: TextEmbedder, rows: Sequence[Any]) -> bytes:
    """Embed the texts of some rows; returns the array as a file."""
    arrays = [np.zeros((0, embedder.dimensions), np.float32)]
    for at in range(0, len(rows), AT_ONCE):
        run.report(at / len(rows))
        arrays.append(embedder.texts([row.text for row in rows[at : at + AT_ONCE]]))
    saved = BytesIO()
    np.save(saved, np.concatenate(arrays).astype(np.float32), allow_pickle=False)
    return saved.getvalue()


def text_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for other texts, or once there are weights of a better model."""
    stages = run.manifest["stages"]
    sources = [stages.get(name, {}).get("files", {}) for name in ("subtitles", "speech", "screen")]
    home = run.library.home
    name = resolve_embedder(run.providers.embedder, home)
    weights = [1, models.fingerprint(models.folder(home, name))] if name in models.NAMES else []
    return [name, sources, *weights]
