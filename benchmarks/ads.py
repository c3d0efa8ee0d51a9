"""Seconds in which an advertisement of 15 s is made in three sizes, by stage.

    python -m benchmarks.ads [--side 720] [--watermark no]

A product's picture and a script, no network: drawn, marked, encoded, checked. `bare` is the time in
which as many frames of one such film are only encoded, and `ratio` that of the whole to it.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import products
from tools.generate.animatic.layers import planes
from tools.generate.animatic.plan import FPS
from tools.generate.providers import Work
from tools.generate.providers.animatic import SHORT_SIDE, Animatic, even
from tools.generate.request import SIZES, GenerationRequest
from tools.library import Library
from tools.video.film import FilmWriter
from tools.video.span import pictures_at_rate

SECONDS, MOST = 15.0, 120.0
SCRIPT = (
    "Slow mornings start here.",
    "Hand-thrown stoneware keeps your coffee hot for an hour.",
    "Every glaze is poured by hand, so no two are alike.",
    "Take yours home today.",
)


def bare(path: Path, target: Path, size: tuple[int, int]) -> float:
    """Seconds in which the pictures of a film are encoded again, without anything else."""
    pictures = [planes(one) for one in pictures_at_rate(str(path), 0.0, 5.0, FPS, size)]
    since = time.perf_counter()
    with FilmWriter(str(target), size, FPS, np.zeros((2, 48_000), np.float32)) as writer:
        for _ in range(3):
            for picture in pictures:
                writer.write(picture)
    return time.perf_counter() - since


def main() -> None:
    """Make the advertisement and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=720, help="pixels of the shorter side")
    parser.add_argument("--watermark", choices=("yes", "no"), default="yes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        products.mug(folder / "mug.png")
        request = GenerationRequest(
            "ad", "a warm ad for a handmade mug", SECONDS, ("16:9", "9:16", "1:1"),
            inputs=("mug.png",), script=SCRIPT, title="Tonhaus",
        )  # fmt: skip
        maker = Animatic(
            Library(folder / "library"),
            short_side=options.side,
            watermark=options.watermark == "yes",
        )
        work = Work("benchmark", request, folder, 0x1234_5678)
        out = folder / "out"
        out.mkdir()
        since = time.perf_counter()
        pieces = maker.fetch(maker.submit(work), work, out, lambda _: None)
        whole = time.perf_counter() - since
        alone = 0.0
        for piece in pieces:
            width, height = (even(side * options.side / SHORT_SIDE) for side in SIZES[piece.aspect])
            took = bare(piece.path, folder / "bare.mp4", (width, height))
            alone += took
            stages = piece.scores["seconds"]
            told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items())
            size = piece.path.stat().st_size / 1e6
            print(
                f"{piece.aspect:>5}: {sum(stages.values()):5.1f} s ({told}); bare {took:.1f} s; "
                f"{size:.1f} MB; {piece.scores['loudness']['lufs']:.1f} LUFS; likeness "
                f"{piece.scores['likeness']['score']:.2f}"
            )
        verdict = "in time" if whole < MOST else "TOO SLOW"
        print(f"whole: {whole:.1f} s of {MOST:.0f} s: {verdict}; ratio {whole / alone:.1f}")


if __name__ == "__main__":
    main()
