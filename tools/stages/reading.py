"""Text: what can be read on screen, and the meaning of all words as vectors."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from tools import files, models, ocr
from tools.embed import load_embedder
from tools.stages.step import Result

if TYPE_CHECKING:
    from tools.work import Work


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
            texts, note = finished.value
            break
        work.say("screen", "running", fraction)
        work.checkpoint("screen.jsonl", so_far, fraction)
    return Result(work.finish("screen.jsonl", texts), "done", reader.name, note)


def vectors(work: Work) -> Result:
    """Text vectors of what is said and shown."""
    library = work.library
    items = [*library.utterances(work.video), *library.screen_text(work.video)]
    if not items:
        return Result(state="skipped", note="")
    embedder = load_embedder(work.providers.embedder, work.library.home, work.providers.threads)
    array = embedder.texts([one.text for one in items])
    saved = BytesIO()
    np.save(saved, array.astype(np.float32), allow_pickle=False)
    work.take_back()
    files.write_bytes(work.folder / "vectors.npy", saved.getvalue())
    files.write_lines(work.folder / "vectors.jsonl", ({"id": one.id} for one in items))
    return Result(("vectors.npy", "vectors.jsonl"), "done", embedder.name)


def text_sources(work: Work) -> Any:
    """Vectors are made again when the text below them was."""
    stages = work.manifest["stages"]
    sources = [stages.get(name, {}).get("files", {}) for name in ("subtitles", "speech", "screen")]
    name, home = work.providers.embedder, work.library.home
    weights = [models.stamp(models.folder(home, name))] if name in models.NAMES else []
    return [name, sources, *weights]
