"""Levels of finished sound: loudness by EBU R 128, and tempo, by FFmpeg's filters.

Samples are 2 x n, float32, at 48 kHz. Runs inside the sandbox.
"""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from av import AudioFrame
from av.error import FFmpegError
from av.filter import Graph
from numpy.typing import NDArray

from tools.video.encode import RATE

Samples = NDArray[np.float32]
LOUDNESS, PEAK = -16.0, -1.5
"""LUFS that are aimed at, and dB of true peak that are not passed: what films on the web have."""
_NEAR = 0.4
"""LU from the aim that are left alone."""
_SILENT = -69.0
"""LUFS below which there is nothing to make louder."""
_ROUNDS = 3


class Level(NamedTuple):
    """Integrated loudness in LUFS and true peak in dB."""

    loudness: float
    peak: float


def measured(samples: Samples) -> Level:
    """Measure a sound; silence has -70 LUFS."""
    _, facts = _filtered(samples, ("ebur128", "metadata=1:peak=true"))
    peak = float(facts.get("lavfi.r128.true_peak", 0.0))
    loudness = float(facts.get("lavfi.r128.I", -70.0))
    return Level(max(loudness, -70.0), 20 * float(np.log10(max(peak, 1e-6))))


def normalised(samples: Samples) -> Samples:
    """Bring a sound to LOUDNESS by loudnorm; what that misses is made up under a limiter."""
    before = measured(samples)
    if before.loudness < _SILENT:
        return samples
    loudness = min(before.loudness, 0.0)  # the filter takes no more
    aim = f"I={LOUDNESS}:TP={PEAK}:LRA=11:measured_I={loudness}:measured_TP={before.peak}"
    aim += ":measured_LRA=7:measured_thresh=-30:linear=true"
    made = samples
    for step in range(_ROUNDS):
        if step == 0:
            made, _ = _filtered(made, ("loudnorm", aim))
        else:
            missing = LOUDNESS - measured(made).loudness
            if abs(missing) < _NEAR:
                break
            limit = f"limit={10 ** (PEAK / 20):.4f}:level=disabled:latency=1"
            made, _ = _filtered(made, ("volume", f"{missing:.2f}dB"), ("alimiter", limit))
    return _of_length(made, samples.shape[1])


def stretched(samples: Samples, factor: float) -> Samples:
    """Speak faster by a factor of 0.5 to 2, at the same pitch."""
    made, _ = _filtered(samples, ("atempo", f"{factor:.4f}"))
    return _of_length(made, round(samples.shape[1] / factor))


def _of_length(samples: Samples, length: int) -> Samples:
    missing = max(length - samples.shape[1], 0)
    return np.pad(samples, ((0, 0), (0, missing)))[:, :length]


def _filtered(samples: Samples, *filters: tuple[str, str]) -> tuple[Samples, dict[str, str]]:
    """Send a sound through filters; returns it with the facts that its last piece carries."""
    base = Fraction(1, RATE)
    graph = Graph()
    nodes: list[Any] = [
        graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo", time_base=base)
    ]
    nodes += [graph.add(name, options) for name, options in filters]
    plain = f"sample_rates={RATE}:channel_layouts=stereo:sample_fmts=fltp"
    nodes += [graph.add("aformat", plain), graph.add("abuffersink")]
    graph.link_nodes(*nodes).configure()
    pieces: list[Samples] = []
    facts: dict[str, str] = {}

    def take() -> None:
        while True:
            try:
                piece: Any = graph.pull()
            except (FFmpegError, BlockingIOError, EOFError):  # it wants more, or all is there
                return
            pieces.append(piece.to_ndarray())
            facts.update(piece.metadata)

    for start in range(0, samples.shape[1], RATE):
        part = np.ascontiguousarray(samples[:, start : start + RATE])
        frame = AudioFrame.from_ndarray(part, "fltp", "stereo")
        frame.sample_rate, frame.time_base, frame.pts = RATE, base, start
        graph.push(frame)
        take()
    graph.push(None)
    take()
    empty = np.zeros((2, 0), np.float32)
    return np.concatenate([empty, *pieces], axis=1).astype(np.float32), facts
