"""Speech recognition by Whisper through faster-whisper, from weights in a local folder only.

Chunks hold speech already, found by voice activity detection, so they are decoded in batches as
they are.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tools.audio.loudness import RATE
from tools.errors import ProviderUnavailable
from tools.models.device import speech_device
from tools.models.registry import RECORD, intact_folder, is_installed
from tools.transcript import hallucinations
from tools.transcript.asr import WHISPER, Chunk, Recognition, Word, whisper_folder

SIZES = {
    "tiny": (1, 1),
    "base": (1, 1),
    "small": (2, 2),
    "large-v3-turbo": (6, 4),
    "medium": (8, 4),
    "large-v3": (8, 8),
}
"""Sizes from worst to best, with the cores and the GB of memory that `auto` needs for one: it must
not be slower than the video, and leave room for the rest."""
DEFAULT = "small"
"""Size to download where there is none."""
FILES = ("model.bin", "tokenizer.json", "config.json", "vocabulary.*")
BATCH = 4
"""Chunks of a batch: it is faster than its parts, and its words come only at its end."""
LEAST = 1.0
"""Seconds of speech, recognised and left over, from which on the rest of a chunk is tried again."""
CERTAIN, SETTLED = 0.6, 0.9
"""Probability of a language from which on it outweighs that of the chunks before, and from which on
it is not detected again in the same batch."""


def has_weights(folder: Path) -> bool:
    """True if a folder has every file of a model: a missing one would be downloaded.

    Sizes are compared with the record of the download, which a user's own weights do not have.
    """
    there = all(any(folder.glob(name)) for name in FILES)
    return there and (is_installed(folder) or not (folder / RECORD).exists())


def largest(models: Path, cores: int, memory: int) -> str | None:
    """Best size with weights that runs well here, else the smallest; memory is in bytes."""
    there = [size for size in SIZES if has_weights(whisper_folder(models, size))]
    fits = [s for s in there if SIZES[s][0] <= cores and SIZES[s][1] << 30 <= memory]
    return (fits[-1:] or there[:1] or [None])[0]


class Whisper:
    """One size of Whisper: in eight bits on the processor, in sixteen on a card."""

    batch_size = BATCH

    def __init__(
        self,
        size: str,
        models: Path,
        cores: int,
        device: str = "auto",
        language: str = "auto",
    ) -> None:
        """Load the weights; `language` is a short code, or `auto` for that of each chunk."""
        self._language = language
        self.name = WHISPER + size
        folder, advice = whisper_folder(models, size), f"run `cuepoint models pull {WHISPER}{size}`"
        if (folder / RECORD).exists():
            intact_folder(models.parent, self.name)
        if not has_weights(folder):
            raise ProviderUnavailable(
                f"the weights of Whisper {size} are not in {folder}: {advice}"
            )
        try:
            package: Any = import_module("faster_whisper")
        except ImportError as error:
            raise ProviderUnavailable(
                "speech needs the package faster-whisper: pip install faster-whisper"
            ) from error
        where, numbers = speech_device(device)
        options = {"device": where, "compute_type": numbers, "cpu_threads": cores}
        try:
            self._model: Any = package.WhisperModel(str(folder), local_files_only=True, **options)
        except Exception as error:  # whatever a damaged file makes three libraries raise
            raise ProviderUnavailable(
                f"the weights in {folder} cannot be read ({error}): {advice}"
            ) from error
        if language not in ("auto", "en") and not self._model.model.is_multilingual:
            raise ProviderUnavailable(f"the weights in {folder} hear English only: {advice}")
        self._batched: Any = package.BatchedInferencePipeline(self._model)

    def transcribe(self, chunks: Sequence[Chunk], language: str = "") -> list[Recognition]:
        """Recognise each chunk in its own language, without hallucinations.

        Whisper may stop where another person speaks: the rest is tried again as a chunk of its own.
        """
        results = [Recognition((), *language) for language in self._languages(chunks, language)]
        left = dict(enumerate(chunks))
        while left:
            rest: dict[int, Chunk] = {}
            for code in dict.fromkeys(results[i].language for i in left):
                places = [i for i in left if results[i].language == code]
                segments = self._segments([left[i] for i in places], code)
                for i, own in zip(places, segments, strict=True):
                    words, dropped, end = _filtered(left[i], own)
                    words, dropped = results[i].words + words, results[i].dropped + dropped
                    results[i] = replace(results[i], words=words, dropped=dropped)
                    if after := _after(left[i], end):
                        rest[i] = after
            left = rest
        return results

    def _languages(self, chunks: Sequence[Chunk], before: str) -> list[tuple[str, float]]:
        """Language of each chunk with its probability.

        Detection costs a third of recognition, so a batch whose first chunk has certainly the
        language of the chunks before is not detected further.
        """
        if not self._model.model.is_multilingual:
            return [("en", 1.0)] * len(chunks)
        if self._language != "auto":
            return [(self._language, 1.0)] * len(chunks)
        languages: list[tuple[str, float]] = []
        for chunk in chunks:
            code, certainty, _ = self._model.detect_language(chunk.samples)
            if not languages and code == before and certainty > SETTLED:
                return [(code, certainty)] * len(chunks)
            languages.append((before if before and certainty < CERTAIN else code, certainty))
        return languages

    def _segments(self, chunks: Sequence[Chunk], language: str) -> list[list[Any]]:
        """Segments of each chunk, each with the seconds to add to its times."""
        lengths = (len(chunk.samples) for chunk in chunks)
        edges = [samples / RATE for samples in accumulate(lengths, initial=0)]
        segments, _ = self._batched.transcribe(
            np.concatenate([chunk.samples for chunk in chunks]),
            language=language,
            batch_size=len(chunks),
            clip_timestamps=[{"start": start, "end": end} for start, end in pairwise(edges)],
            word_timestamps=True,
        )
        by_chunk: list[list[Any]] = [[] for _ in chunks]
        for segment in segments:
            place = bisect_right(edges, segment.seek / 100 + 0.05) - 1
            by_chunk[place].append((segment, chunks[place].start - edges[place]))
        return by_chunk


def _filtered(chunk: Chunk, segments: list[Any]) -> tuple[tuple[Word, ...], tuple[str, ...], float]:
    """Words kept, words dropped with reasons, and the end of the last word of either."""
    kept: list[Word] = []
    dropped: list[str] = []
    end = chunk.start
    for segment, shift in segments:
        words = [
            Word(float(w.start) + shift, float(w.end) + shift, w.word, float(w.probability))
            for w in segment.words or ()
        ]
        end = max([end, *(word.end for word in words)])
        certain, reasons = hallucinations.filter_words(
            words, chunk.voiced, segment.avg_logprob, segment.no_speech_prob
        )
        kept += certain
        dropped += reasons
    return tuple(kept), tuple(dropped), end


def _after(chunk: Chunk, at: float) -> Chunk | None:
    """Rest of a chunk after a time; None if it is next to nothing, or all of it."""
    voiced = tuple((max(start, at), end) for start, end in chunk.voiced if end > at)
    if at - chunk.start < LEAST or sum(end - start for start, end in voiced) < LEAST:
        return None
    start = voiced[0][0]
    return Chunk(start, chunk.samples[round((start - chunk.start) * RATE) :], voiced)
