"""The draft: PocketSphinx, English only, whose model comes with its package.

On a read book it gets three words of four, on a stutter one of eight: it finds words, and quotes
nobody. It does not know when it hears another language.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tools.errors import ProviderUnavailable
from tools.sound import RATE
from tools.transcribe import DRAFT, Chunk, Heard, Word

FRAME = 0.01
"""Seconds of one step of the decoder."""
SHORTEST = 0.1
"""Seconds below which the decoder has nothing to go by."""


class Draft:
    """PocketSphinx with its own English model, one span of speech at a time."""

    name = DRAFT
    at_once = 1

    def __init__(self) -> None:
        try:
            from pocketsphinx import Decoder
        except ImportError as error:
            raise ProviderUnavailable(
                "a draft of what is said needs the package pocketsphinx: pip install pocketsphinx"
            ) from error
        self._decoder: Any = Decoder(samprate=RATE, loglevel="FATAL")

    def hear(self, chunks: Sequence[Chunk], language: str = "") -> list[Heard]:
        """What is said in each chunk, taken for English; certainty of that is 0."""
        return [Heard(tuple(self._words(chunk)), "en") for chunk in chunks]

    def _words(self, chunk: Chunk) -> list[Word]:
        words: list[Word] = []
        decoder = self._decoder
        for start, end in chunk.voiced:
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
                            one.word.partition("(")[0],  # `for(2)` is a way to say it
                            min(float(one.prob), 1.0),
                        )
                    )
        return words
