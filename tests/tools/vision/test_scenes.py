from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tools.files.rows import read_rows
from tools.sandbox import Child
from tools.vision.scenes import find_cuts, spans

Encode = Callable[..., Path]


def _cuts(path: Path, folder: Path) -> list[tuple[float, str]]:
    rows = folder / "rows.npy"
    with Child(writes=folder) as child:
        call = "tools.video.decode:scan"
        list(child.call(call, path=str(path), target=str(folder), rows=str(rows), floor=5.0))
    return [(cut.seconds, cut.kind) for cut in find_cuts(read_rows(rows))]


def test_hard_cuts_are_exact(shots: Path, tmp_path: Path) -> None:
    assert _cuts(shots, tmp_path) == [(3.0, "cut"), (6.0, "cut"), (8.0, "cut")]


def _texture(seed: int, low: int, high: int) -> np.ndarray:
    blocks = np.random.default_rng(seed).integers(low, high, (9, 16, 3)).astype(np.uint8)
    return np.kron(blocks, np.ones((20, 20, 1), np.uint8))


def test_a_dissolve_is_one_cut_inside_it(tmp_path: Path, encode: Encode) -> None:
    one, other = _texture(1, 0, 120), _texture(2, 100, 255)

    def paint(seconds: float) -> np.ndarray:
        share = min(max((seconds - 3.0) / 0.5, 0.0), 1.0)
        return (one * (1 - share) + other * share).astype(np.uint8)

    ((at, kind),) = _cuts(encode(tmp_path / "d.mp4", paint, 6.0, fps=25), tmp_path)
    assert kind == "dissolve" and 2.9 <= at <= 3.6


def test_a_fade_through_black_is_one_cut_where_it_is_black(tmp_path: Path, encode: Encode) -> None:
    one, other = _texture(1, 0, 200), _texture(2, 60, 255)

    def paint(seconds: float) -> np.ndarray:
        light = min(abs(seconds - 3.0) / 0.6, 1.0)
        return ((one if seconds < 3 else other) * light).astype(np.uint8)

    ((at, kind),) = _cuts(encode(tmp_path / "f.mp4", paint, 6.0, fps=25), tmp_path)
    assert kind == "fade" and abs(at - 3.0) <= 0.12


def test_a_flash_and_a_pan_are_no_cuts(tmp_path: Path, encode: Encode) -> None:
    wide = np.concatenate([_texture(n, 0, 255) for n in range(4)], 1)

    def paint(seconds: float) -> np.ndarray:
        left = int(seconds * 60)
        picture = wide[:, left : left + 320]
        return (
            np.minimum(picture.astype(int) + 90, 255).astype(np.uint8)
            if (2.0 <= seconds < 2.08)
            else picture
        )

    assert _cuts(encode(tmp_path / "p.mp4", paint, 5.0, fps=25), tmp_path) == []


def test_scenes_cover_the_video_without_gaps() -> None:
    assert spans([], 4.0) == [(0.0, 4.0)]


KNOWN = {
    "clips/simpl_chrome.mp4": [7.441, 9.343, 10.544, 13.146, 16.149, 18.68, 21.188, 22.35, 26.49],
    "clips/moviepy_bbb_0_30.webm": [11.795, 15.67, 22.961],
    "clips/skv_bikes.mp4": [1.2, 3.04, 5.48, 7.48, 9.68],
    "clips/simpl_av1.webm": [1.833, 12.291],
    "clips/simpl_vp9.webm": [1.833, 12.291],
    "clips/tc_nasa_13013.mp4": [8.08],
    "odd/psd_fades.mp4": [84 / 25, 167 / 25],
}


@pytest.mark.parametrize("threshold", [0.9])
def test_cuts_of_real_clips(media: Path, tmp_path: Path, threshold: float) -> None:
    right = found = known = 0
    for name, truth in KNOWN.items():
        cuts = [at for at, _ in _cuts(media / name, tmp_path)]
        right += sum(any(abs(at - cut) <= 0.2 for cut in cuts) for at in truth)
        found, known = found + len(cuts), known + len(truth)
    precision, recall = right / found, right / known
    assert 2 * precision * recall / (precision + recall) >= threshold
