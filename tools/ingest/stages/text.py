"""Stages of text: on-screen text, and text embeddings of all words."""

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np

from tools.embed import TextEmbedder, load_embedder, resolve_embedder
from tools.embed.passages import passages
from tools.files import durable as files
from tools.ingest.run import IngestRun, Result
from tools.models import registry as models
from tools.store.records import PICTURES_READ, READ
from tools.vision import ocr

AT_ONCE = 256
"""Texts between two reports of progress."""


def screen(run: IngestRun) -> Result:
    """Read on-screen text where the picture changed, up to a number of lines.

    A later run goes on from there, to the end.
    """
    if run.manifest["width"] is None:
        return Result(state="skipped", note="no picture")
    reader = ocr.load_text_reader(run.providers.text_reader, run.providers.threads)
    if reader is None:
        return Result(state="skipped", note="on-screen text is switched off")
    library = run.library
    rows = library.signals(run.video)
    moved = rows[rows["motion"] > 0]
    duration = float(run.manifest["duration"])
    # What was read to the end once is read to the end again, where its files were damaged.
    whole = run.finishing or (
        run.entry.get("from") == run.fingerprint and bool(run.entry.get("whole"))
    )
    reading = ocr.read_screen(
        library.index_frames(run.video),
        lambda frame: library.picture(frame.image),
        reader,
        duration,
        limit=math.inf if whole else ocr.line_limit(run.providers.screen_lines, duration),
        known=run.resumed_rows(PICTURES_READ),
        cuts=[scene.start for scene in library.scenes(run.video)],
        changes=list(zip(moved["seconds"].tolist(), moved["difference"].tolist(), strict=True)),
        regions=library.region_changes(run.video),
    )
    while True:
        try:
            fraction, seen = next(reading)
        except StopIteration as finished:
            seen = finished.value
            break
        run.report(fraction)
        run.checkpoint(READ, seen.texts, fraction, {PICTURES_READ: seen.rows}, whole=whole)
    left = {PICTURES_READ: seen.rows()} if seen.unread else {}
    saved = run.write_words((READ, seen.texts()), beside=left)
    facts = {"unread": seen.unread, "whole": whole}
    return Result(saved, "done", reader.name, seen.note, facts, partial=seen.unread > 0)


def screen_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for another reader, another bound, or other frames."""
    chosen = run.providers
    return [5, chosen.text_reader, run.sampling, run.max_gap, chosen.screen_lines]


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
