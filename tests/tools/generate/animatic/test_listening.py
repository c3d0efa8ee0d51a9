"""What a recogniser hears of a film's voice: the words of the script, each sentence in its shot.

PocketSphinx comes with its model, so nothing is downloaded. It is a draft: it mistakes some words,
and is asked for most of them, not for all.
"""

from pathlib import Path

import av
import numpy as np
import pytest
from rapidfuzz import fuzz, process

from tests.tools.generate.animatic.conftest import Make, ad
from tools.text.tokens import surface_forms
from tools.transcript.asr import Chunk, Word
from tools.transcript.sphinx import Draft
from tools.video.tracks import read_subtitles

RATE = 16_000
SCRIPT = (
    "Slow mornings start here.", "Every glaze is poured by hand, so no two are alike.",
    "Take yours home today.",
)  # fmt: skip
OPENINGS = ("slow", "every", "take")


def heard(path: Path) -> list[Word]:
    """Words of a film, with their times; each span between two captions is heard by itself."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler("fltp", "mono", RATE)
        blocks = [
            block.to_ndarray()[0]
            for frame in file.decode(file.streams.audio[0])
            for block in resampler.resample(frame)
        ]
    sound = np.concatenate(blocks).astype(np.float32)
    chunks: list[Chunk] = []
    for start, end, _ in captions(path):
        first, last = round(max(start - 0.2, 0) * RATE), round((end + 0.1) * RATE)
        span = first / RATE, min(last, len(sound)) / RATE
        chunks.append(Chunk(span[0], sound[first:last], (span,)))
    return [word for found in Draft().transcribe(chunks) for word in found.words]


def captions(path: Path) -> list[tuple[float, float, str]]:
    (track,) = read_subtitles(str(path))
    return [tuple(cue) for cue in track["cues"]]


@pytest.mark.parametrize("music", [False, True])
def test_each_sentence_is_heard_in_its_shot(make: Make, music: bool) -> None:
    (piece,) = make(ad(script=SCRIPT, seconds=11.0, music=music))
    words = heard(piece.path)
    told = captions(piece.path)
    shots = [row for row in piece.sheet if "shot" in row]
    for (start, end, text), opening, shot in zip(told, OPENINGS, shots, strict=True):
        inside = [word for word in words if start - 0.2 <= word.start <= end + 0.1]
        assert inside[0].text.strip() == opening
        assert round(abs(inside[0].start - start), 3) <= 0.08
        assert shot["start"] - 0.08 <= start and end <= shot["end"] + 0.08
        assert share_of(text, inside) >= (0.4 if music else 0.6), (text, inside)


def share_of(text: str, words: list[Word]) -> float:
    """Share of the words of a text that were heard, but for a letter or so at their ends."""
    said = surface_forms(text)
    near = [
        process.extractOne(one, [w.text.strip() for w in words], scorer=fuzz.ratio) for one in said
    ]
    return sum(one[1] >= 75 for one in near) / len(said)


def test_another_script_is_not_heard(make: Make) -> None:
    """The words come from the sound: a film without a voice has none of them."""
    (piece,) = make(ad(script=SCRIPT, seconds=11.0, voice=False))
    said = {word.text.strip() for word in heard(piece.path)}
    assert len(said & {form for line in SCRIPT for form in surface_forms(line)}) <= 3
