"""Trial of the speech recogniser on the first words of a video, without a change to its index."""

import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.audio.loudness import chunks, speech_spans
from tools.errors import Damaged, NotIndexed, UnknownVideo
from tools.ingest.stages.audio import read_chunk
from tools.library import Library
from tools.models.providers import Providers
from tools.sandbox import Child
from tools.text.clean import clean
from tools.transcript.asr import Chunk
from tools.transcript.recognisers import load_transcriber

AHEAD = 70.0
"""Seconds of sound that are decoded beyond a place before it surely stands in the file."""
WORDS = 160
"""Characters of what was heard that are told."""


@dataclass(frozen=True)
class Trial:
    """Words heard from a second on; `seconds` are what it took, loading among them."""

    video: str
    name: str
    language: str
    start: float
    text: str
    seconds: float


def try_recogniser(library: Library, videos: Sequence[str], providers: Providers) -> Trial | None:
    """Hear the first piece of speech, half a minute at most, as `providers` say. Blocks.

    It is that of the first of the videos, or of all of them, in which somebody speaks; None where
    nobody does. ProviderUnavailable where the recogniser is missing or does not know the language.
    """
    begun = time.monotonic()
    video = next(filter(partial(_spoken, library), videos or [v.id for v in library.list()]), None)
    if video is None:
        return None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    transcriber = load_transcriber(
        providers.transcriber, library.home / "models", providers.threads or os.cpu_count() or 1,
        memory, providers.device, providers.speech_language,
    )  # fmt: skip
    chunk = _first_speech(library, video)
    (heard,) = transcriber.transcribe([chunk])
    text = clean("".join(word.text for word in heard.words), WORDS)
    seconds = time.monotonic() - begun
    return Trial(video, transcriber.name, heard.language, chunk.start, text, seconds)


def _spoken(library: Library, video: str) -> bool:
    with suppress(NotIndexed, UnknownVideo, Damaged):
        return bool(chunks(library.signals(video, "sound")))
    return False


def _first_speech(library: Library, video: str) -> Chunk:
    rows = library.signals(video, "sound")
    start, end = chunks(rows)[0]
    with tempfile.TemporaryDirectory() as folder, Child(writes=Path(folder)) as child:
        samples = Path(folder) / "sound.pcm"
        decoding = child.call(
            "tools.video.audio:listen", path=str(library.original(video).absolute()),
            samples=str(samples), rows=str(Path(folder) / "rows.npy"),
        )  # fmt: skip
        for event in decoding:
            if event.get("seconds", 0.0) > end + AHEAD:
                break
        return read_chunk(samples, (start, end), speech_spans(rows))
