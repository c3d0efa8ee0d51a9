"""Draft transcripts by PocketSphinx: English only, with the model of its package.

It gets three words of four of a read book and one of eight of a stutter: good for finding words,
not for quoting. It does not notice another language.
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from tools.audio.loudness import RATE, join_spans
from tools.errors import ProviderUnavailable
from tools.transcript.asr import DRAFT, Chunk, Recognition, Word

FRAME = 0.01
"""Seconds of a frame of the decoder."""
PAUSE = 1.0
"""Seconds of silence across which speech is decoded as one, since words predict those after them.
The word error rate is 0.18 with it, 0.59 without (jfk), and 0.24 either way on a read book."""
SHORTEST = 1.0
"""Seconds of speech below which the decoder guesses: a burst of music becomes a word."""


class Draft:
    """Recogniser of English, one span of speech at a time."""

    name = DRAFT
    batch_size = 1

    def __init__(self) -> None:
        try:
            package: Any = import_module("pocketsphinx")
        except ImportError as error:
            raise ProviderUnavailable(
                "a draft of what is said needs the package pocketsphinx: pip install pocketsphinx"
            ) from error
        self._decoder: Any = package.Decoder(samprate=RATE, loglevel="FATAL")

    def transcribe(self, chunks: Sequence[Chunk], language: str = "") -> list[Recognition]:
        """Recognise each chunk as English, with a certainty of 0."""
        return [Recognition(tuple(self._words(chunk)), "en") for chunk in chunks]

    def _words(self, chunk: Chunk) -> Iterator[Word]:
        decoder = self._decoder
        for start, end in join_spans(chunk.voiced, PAUSE):
            first, last = (round((at - chunk.start) * RATE) for at in (start, end))
            samples = np.clip(chunk.samples[max(first, 0) : last] * 32768, -32768, 32767)
            if len(samples) < SHORTEST * RATE:
                continue
            decoder.start_utt()
            decoder.process_raw(samples.astype(np.int16).tobytes(), full_utt=True)
            decoder.end_utt()
            for segment in decoder.seg() if decoder.hyp() else ():
                if segment.word[0] not in "<[+":  # silence and noise
                    yield Word(
                        start + segment.start_frame * FRAME,
                        start + (segment.end_frame + 1) * FRAME,
                        " " + segment.word.partition("(")[0],  # `for(2)` is a way to say it
                        min(float(segment.prob), 1.0),
                    )
