"""Text: what can be read on screen, and the meaning of all words as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from tools.embed import load_embedder, resolve_embedder
from tools.files import durable as files
from tools.ingest.stages.step import Result
from tools.models import registry as models
from tools.search.passages import passages
from tools.vision import ocr

if TYPE_CHECKING:
    from tools.embed import TextEmbedder
    from tools.ingest.run import Work

AT_ONCE = 256
"""Texts between two signs of life."""


def screen(work: Work) -> Result:
    """On-screen text, read where the picture changed, within its share of the video's time."""
    if work.manifest["width"] is None:
        return Result(state="skipped", note="no picture")
    reader = ocr.load_text_reader(work.providers.text_reader, work.providers.threads)
    if reader is None:
        return Result(state="skipped", note="on-screen text is switched off")
    library = work.library
    rows = library.signals(work.video)
    moved = rows[rows["motion"] > 0]
    reading = ocr.read_screen(
        library.sampled(work.video),
        lambda frame: library.picture(frame.image),
        reader,
        float(work.manifest["duration"]),
        cuts=[scene.start for scene in library.scenes(work.video)],
        changes=list(zip(moved["seconds"].tolist(), moved["difference"].tolist(), strict=True)),
    )
    while True:
        try:
            fraction, so_far = next(reading)
        except StopIteration as finished:
            read = finished.value
            break
        work.say("screen", "running", fraction)
        work.checkpoint("screen.jsonl", so_far, fraction)
    saved = work.finish("screen.jsonl", read.texts)
    return Result(saved, "done", reader.name, read.note, partial=read.partial)


def vectors(work: Work) -> Result:
    """Text vectors of what is said and shown, and of passages where the model can read them."""
    library, threads = work.library, work.providers.threads
    said = library.utterances(work.video)
    items = [*said, *library.screen_text(work.video)]
    if not items:
        return Result(state="skipped", note="")
    chosen = work.providers
    embedder = load_embedder(chosen.embedder, library.home, threads, chosen.device)
    made = {"vectors": _rows(work, embedder, [(one.id, one.text) for one in items])}
    if embedder.contextual and said:
        told = [(one.id, one.text) for one in passages(said)]
        made["passages"] = _rows(work, embedder, told)
    work.take_back()
    for name, (ids, data) in made.items():
        files.write_bytes(work.folder / f"{name}.npy", data)
        files.write_lines(work.folder / f"{name}.jsonl", ({"id": one} for one in ids))
    saved = tuple(f"{name}.{ending}" for name in made for ending in ("npy", "jsonl"))
    return Result(saved, "done", embedder.name)


def _rows(
    work: Work, embedder: TextEmbedder, told: Sequence[tuple[str, str]]
) -> tuple[list[str], bytes]:
    """The ids of some texts, and their vectors as a file."""
    array = [np.zeros((0, embedder.dimensions), np.float32)]
    for at in range(0, len(told), AT_ONCE):
        work.say("vectors", "running", at / len(told))
        array.append(embedder.texts([text for _, text in told[at : at + AT_ONCE]]))
    saved = BytesIO()
    np.save(saved, np.concatenate(array).astype(np.float32), allow_pickle=False)
    return [id for id, _ in told], saved.getvalue()


def text_sources(work: Work) -> Any:
    """Vectors are made again when the text below them was, or by a better model that came."""
    stages = work.manifest["stages"]
    sources = [stages.get(name, {}).get("files", {}) for name in ("subtitles", "speech", "screen")]
    home = work.library.home
    name = resolve_embedder(work.providers.embedder, home)
    weights = [1, models.fingerprint(models.folder(home, name))] if name in models.NAMES else []
    return [name, sources, *weights]
