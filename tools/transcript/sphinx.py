"""Draft transcripts by PocketSphinx: English only, with the model of its package.

It gets three words of four of a read book and one of eight of a stutter: good for finding words,
not for quoting. It does not notice another language.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from tools.audio.loudness import RATE
from tools.errors import ProviderUnavailable
from tools.transcript.asr import DRAFT, Chunk, Heard, Word

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
    at_once = 1

    def __init__(self) -> None:
        try:
            package: Any = import_module("pocketsphinx")
        except ImportError as error:
            raise ProviderUnavailable(
                "a draft of what is said needs the package pocketsphinx: pip install pocketsphinx"
            ) from error
        self._decoder: Any = package.Decoder(samprate=RATE, loglevel="FATAL")

    def hear(self, chunks: Sequence[Chunk], language: str = "") -> list[Heard]:
        """Recognise each chunk as English, with a certainty of 0."""
        return [Heard(tuple(self._words(chunk)), "en") for chunk in chunks]

    def _words(self, chunk: Chunk) -> list[Word]:
        words: list[Word] = []
        decoder = self._decoder
        for start, end in _joined(chunk.voiced):
            first, last = (round((at - chunk.start) * RATE) for at in (start, end))
            samples = np.clip(chunk.samples[max(first, 0) : last] * 32768, -32768, 32767)
            if len(samples) < SHORTEST * RATE:
                continue
            decoder.start_utt()
            decoder.process_raw(samples.astype(np.int16).tobytes(), full_utt=True)
            decoder.end_utt()
            if decoder.hyp() is None:
                continue
            for one in decoder.seg():
                if one.word[0] not in "<[+":  # silence and noise
                    words.append(
                        Word(
                            start + one.start_frame * FRAME,
                            start + (one.end_frame + 1) * FRAME,
                            " " + one.word.partition("(")[0],  # `for(2)` is a way to say it
                            min(float(one.prob), 1.0),
                        )
                    )
        return words


def _joined(voiced: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in voiced:
        if joined and start - joined[-1][1] <= PAUSE:
            start = joined.pop()[0]
        joined.append((start, end))
    return joined
