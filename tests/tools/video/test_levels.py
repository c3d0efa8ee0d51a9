"""Loudness and tempo of finished sound: measured, brought to the aim, and kept in its place."""

import numpy as np
import pytest

from tools.video.levels import LOUDNESS, measured, normalised, stretched

RATE = 48_000


def sound(kind: str, gain: float, seconds: float = 6.0) -> np.ndarray:
    rng = np.random.default_rng(3)
    at = np.arange(round(seconds * RATE)) / RATE
    if kind == "tone":
        wave = np.sin(at * 2 * np.pi * 300)
    elif kind == "words":  # bursts with pauses, as in speech
        wave = rng.standard_normal(len(at)) * (np.sin(at * 2 * np.pi * 0.9) > 0.2)
    else:  # quiet, with hard peaks
        wave = rng.standard_normal(len(at)) * 0.05
        wave[:: RATE // 2] = 1.0
    return np.stack([wave, wave]).astype(np.float32) * np.float32(gain)


def test_loudness_is_that_of_the_standard() -> None:
    # A sine of 1 kHz at -23 dBFS in both channels has -23 LUFS (EBU Tech 3341, case 1).
    at = np.arange(RATE * 5) / RATE
    wave = (np.sin(at * 2 * np.pi * 1000) * 10 ** (-23 / 20)).astype(np.float32)
    level = measured(np.stack([wave, wave]))
    assert level.loudness == pytest.approx(-23.0, abs=0.15)
    assert level.peak == pytest.approx(-23.0, abs=0.2)
    assert measured(np.zeros((2, RATE), np.float32)).loudness == -70.0


@pytest.mark.parametrize("kind", ["tone", "words", "peaks"])
@pytest.mark.parametrize("gain", [0.02, 0.1, 0.9])
def test_sound_is_brought_to_the_aim_below_its_peak(kind: str, gain: float) -> None:
    made = normalised(sound(kind, gain))
    level = measured(made)
    assert made.shape == (2, 6 * RATE) and made.dtype == np.float32
    assert level.loudness == pytest.approx(LOUDNESS, abs=1.0)
    assert level.peak <= 0.0


def test_nothing_moves_when_it_is_levelled() -> None:
    samples = np.zeros((2, 6 * RATE), np.float32)
    at = np.arange(RATE) / RATE
    samples[:, 2 * RATE : 3 * RATE] = 0.05 * np.sin(at * 2 * np.pi * 500)
    made = np.abs(normalised(samples)[0])
    assert np.argmax(made > made.max() * 0.2) == pytest.approx(2 * RATE, abs=RATE * 0.01)
    assert len(made) - np.argmax(made[::-1] > made.max() * 0.2) == pytest.approx(
        3 * RATE, abs=RATE * 0.01
    )


def test_silence_stays_silent() -> None:
    assert not normalised(np.zeros((2, RATE), np.float32)).any()


@pytest.mark.parametrize("factor", [0.5, 1.25, 2.0])
def test_a_voice_is_made_faster_at_the_same_pitch(factor: float) -> None:
    made = stretched(sound("tone", 0.5, 3.0), factor)
    assert made.shape[1] == round(3.0 * RATE / factor)
    middle = made[0, made.shape[1] // 4 : made.shape[1] // 4 + RATE // 2]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * 2 == pytest.approx(300, abs=6)
