"""A maker of small films, and what a finished one holds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from benchmarks import products
from tools.generate.providers import Piece, Work
from tools.generate.providers.animatic import Animatic
from tools.generate.request import GenerationRequest
from tools.library import Library

SIDE = 180
"""Pixels of the shorter side of films in tests."""
SCRIPT = ("Slow mornings start here.", "It keeps your coffee hot.", "Take it home.")


@dataclass(frozen=True)
class Held:
    """What a file holds: sizes and rates as told, times as decoded."""

    size: tuple[int, int]
    codecs: tuple[str, ...]
    pixels: str
    rate: float
    times: list[float]
    frames: list[Any]
    sound: Any
    sound_rate: int


def held(path: Path) -> Held:
    with av.open(str(path)) as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        codecs = tuple(stream.codec_context.name for stream in file.streams)
        frames = list(file.decode(picture))
        file.seek(0)
        samples = np.concatenate([f.to_ndarray() for f in file.decode(sound)], axis=1)
        return Held(
            (picture.width, picture.height),
            codecs,
            str(picture.pix_fmt),
            float(picture.average_rate or 0),
            [float(frame.time or 0) for frame in frames],
            [frame.to_ndarray(format="rgb24") for frame in frames],
            samples,
            sound.rate,
        )


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    folder.mkdir()
    products.mug(folder / "mug.png")
    products.bottle(folder / "bottle.png")
    return folder


def ad(**changes: Any) -> GenerationRequest:
    given = {"inputs": ("mug.png",), "script": SCRIPT, "title": "Tonhaus", "seconds": 8.0}
    return GenerationRequest("ad", changes.pop("prompt", "an ad"), **{**given, **changes})


@pytest.fixture
def animatic(tmp_path: Path) -> Animatic:
    return Animatic(Library(tmp_path / "empty"), short_side=SIDE, watermark=False)


Make = Callable[..., list[Piece]]


@pytest.fixture
def make(animatic: Animatic, inputs: Path, tmp_path: Path) -> Make:
    """`make(request)` composes it, by another maker if one is given."""

    def made(request: GenerationRequest, by: Animatic | None = None) -> list[Piece]:
        work = Work("job", request, inputs, 0x1234_5678)
        maker = by or animatic
        folder = tmp_path / f"made-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return maker.fetch(maker.submit(work), work, folder, lambda _: None)

    return made
