"""Soundtrack: voice, the shots' own sound and a synthesised bed of music, which gives way to them.

Samples are 2 x n, float32, at 48 kHz.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.generate.animatic.look import data

Samples = NDArray[np.float32]
RATE = 48_000
VOICE, CLIP = -21.0, -24.0
"""dB of the mean power of spoken sentences, and of moments, before the whole is levelled."""
BED = -30.0
DUCKED = {"bed": 10 ** (-10 / 20), "clip": 10 ** (-14 / 20)}
"""How far music, and a moment's own sound, go down under the voice."""
_QUIET = 10 ** (-38 / 20)
"""Share of the loudest sample below which a voice has not begun."""
_SLOPE = 0.18
"""Seconds in which the bed gives way."""


def trimmed(voice: Samples) -> Samples:
    """Cut the silence before and after what is said; 5 ms are left."""
    loud = np.abs(voice).max(axis=0)
    found = np.flatnonzero(loud > max(float(loud.max()) * _QUIET, 1e-5))
    if not len(found):
        return voice[:, :0]
    edge = RATE // 200
    return voice[:, max(found[0] - edge, 0) : found[-1] + edge]


def levelled(samples: Samples, aim: float) -> Samples:
    """Bring the mean power, where there is sound, to so many dB."""
    power = np.square(samples).mean(axis=0)
    heard = power[power > power.max() * 1e-4] if power.size else power
    if not heard.size or heard.mean() < 1e-10:
        return samples
    return samples * np.float32(10 ** (aim / 20) / np.sqrt(heard.mean()))


def faded(samples: Samples, seconds: float) -> Samples:
    """Fade in and out."""
    count = min(round(seconds * RATE), samples.shape[1] // 2)
    slope = np.ones(samples.shape[1], np.float32)
    slope[:count] = np.linspace(0, 1, count)
    slope[len(slope) - count :] = np.linspace(1, 0, count)
    return samples * slope


def mix(
    seconds: float,
    voices: Sequence[tuple[float, Samples]],
    clips: Sequence[tuple[float, Samples]],
    bed: Samples | None,
) -> Samples:
    """Lay everything at its second; what is spoken is in front of the rest."""
    length = round(seconds * RATE)
    voice, own = np.zeros((2, length), np.float32), np.zeros((2, length), np.float32)
    for start, samples in voices:
        _add(voice, levelled(samples, VOICE), start)
    for start, samples in clips:
        _add(own, samples, start)
    own = levelled(own, CLIP)
    spoken = [(start, start + samples.shape[1] / RATE) for start, samples in voices]
    mixed = voice + own * _given_way(length, spoken, DUCKED["clip"])
    if bed is not None:
        heard = spoken + [(start, start + one.shape[1] / RATE) for start, one in clips]
        under = levelled(bed[:, :length], BED if clips else BED + 4)
        mixed[:, : under.shape[1]] += under * _given_way(under.shape[1], heard, DUCKED["bed"])
    peak = float(np.abs(mixed).max()) if mixed.size else 0.0
    return np.asarray(mixed * (0.95 / max(peak, 0.95)), np.float32)


def _add(track: Samples, samples: Samples, start: float) -> None:
    first = round(start * RATE)
    piece = samples[:, : max(track.shape[1] - first, 0)]
    track[:, first : first + piece.shape[1]] += piece


def _given_way(length: int, spans: Sequence[tuple[float, float]], low: float) -> Samples:
    """Gain that goes down around spans of time, with slopes."""
    step = RATE // 100
    gain: Any = np.ones(length // step + 2, np.float32)
    for start, end in spans:
        gain[max(round((start - 0.12) * 100), 0) : round((end + 0.25) * 100)] = low
    width = round(_SLOPE * 100)
    kernel = np.hanning(width + 2)[1:-1]
    gain = np.convolve(np.pad(gain, width, mode="edge"), kernel / kernel.sum(), "same")
    smooth: NDArray[np.float64] = gain[width:-width]
    places = np.arange(length) / step
    return np.asarray(np.interp(places, np.arange(len(smooth)), smooth), np.float32)


def music(mood: str, seconds: float, seed: int) -> Samples:
    """Synthesise a bed: chords, plucked notes of them and a soft beat, as `moods.toml` says."""
    plan: dict[str, Any] = data("moods")[mood]
    rng = np.random.default_rng(seed)
    beat = 60 / plan["beats"]
    length = round(seconds * RATE)
    track = np.zeros((2, length), np.float32)
    bar = 4 * beat
    for number in range(int(seconds / bar) + 1):
        chord: list[int] = plan["chords"][number % len(plan["chords"])]
        start = number * bar
        for note in chord:
            for side, detune in ((0, -0.05), (1, 0.05)):
                tone = _pad(note + detune, bar * 1.15, plan["bright"])
                _add(track[side : side + 1], tone[None] * 0.10, start)
        _add(track, np.repeat(_pad(chord[0] - 12, bar, 0.3)[None] * 0.16, 2, 0), start)
        for place in range(8) if plan["plucks"] else ():
            note = chord[int(rng.integers(len(chord)))] + 12 * int(rng.integers(1, 3))
            pan = 0.5 + 0.3 * float(rng.random() - 0.5)
            tone = _pluck(note, beat * 1.6) * plan["plucks"] * (1.0 if place % 2 == 0 else 0.6)
            _add(track, np.stack([tone * (1 - pan), tone * pan]), start + place * beat / 2)
        for place in range(4) if plan["beat"] else ():
            hit = _kick() if place % 2 == 0 else _tick(rng)
            _add(track, np.repeat(hit[None] * plan["beat"], 2, 0), start + place * beat)
    return faded(track, min(1.2, seconds / 4))


def _pad(note: float, seconds: float, bright: float) -> Samples:
    """A soft tone: a few harmonics, slow to come and to go."""
    t = np.arange(round(seconds * RATE), dtype=np.float32) / RATE
    base = 2 * np.pi * 440 * 2 ** ((note - 69) / 12) * t
    tone = sum(np.sin(base * n) * bright ** (n - 1) / n for n in range(1, 5))
    slope = np.minimum(np.minimum(t / 0.35, (seconds - t) / 0.5), 1).clip(0, 1)
    return (tone * slope).astype(np.float32)


def _pluck(note: float, seconds: float) -> Samples:
    t = np.arange(round(seconds * RATE), dtype=np.float32) / RATE
    base = 2 * np.pi * 440 * 2 ** ((note - 69) / 12) * t
    tone = np.sin(base) * np.exp(-t * 5) + 0.4 * np.sin(2 * base) * np.exp(-t * 9)
    return (tone * np.minimum(t / 0.004, 1)).astype(np.float32)


def _kick() -> Samples:
    t = np.arange(round(0.28 * RATE), dtype=np.float32) / RATE
    return (np.sin(2 * np.pi * (52 * t + 5 * (1 - np.exp(-t * 30)))) * np.exp(-t * 14)).astype(
        np.float32
    )


def _tick(rng: np.random.Generator) -> Samples:
    t = np.arange(round(0.07 * RATE), dtype=np.float32) / RATE
    noise = np.diff(rng.standard_normal(len(t) + 1)).astype(np.float32)
    return (noise * np.exp(-t * 70) * 0.12).astype(np.float32)
