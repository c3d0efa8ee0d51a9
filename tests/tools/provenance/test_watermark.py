"""The watermark: read from the pictures alone, and never where there is none."""

import itertools
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tools.provenance.code_word import BITS, code_word, payload_of
from tools.provenance.provenance import provenance
from tools.provenance.watermark import WatermarkWriter, read_watermark

PAYLOAD = 0xC0FFEE42
FRAMES, RATE = 24, 24
SIZE = 640, 360
Plane = np.ndarray[Any, Any]


def card(at: int, width: int = SIZE[0], height: int = SIZE[1]) -> Plane:
    """Brightness of a plain card with a bar of text-like strokes that moves, as an ad has it."""
    picture = np.full((height, width), 214, np.uint8)
    left = width // 8 + 2 * at
    for row, stroke in itertools.product(range(3), range(24)):
        top, side = height // 4 + row * 40, left + stroke * 12
        picture[top : top + 22, side : side + 3 + stroke % 5] = 40
    picture[height * 3 // 4 :, : width // 3] = 90
    return picture


def write(path: Path, planes: list[Plane], crf: int = 20) -> Path:
    """Encode brightness without colour."""
    height, width = planes[0].shape
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("libx264", rate=RATE, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number, plane in enumerate(planes):
            grey = np.full((height // 2, width), 128, np.uint8)
            frame = av.VideoFrame.from_ndarray(np.vstack([plane, grey]), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def marked(payload: int = PAYLOAD, paint: Callable[[int], Plane] = card) -> list[Plane]:
    """Frames with a mark."""
    height, width = paint(0).shape
    writer = WatermarkWriter(payload, width, height, RATE)
    return [writer.mark(paint(at)) for at in range(FRAMES)]


def again(path: Path, crf: int, by: float = 1.0, mirror: bool = False) -> Path:
    """Encode a file once more, in another size."""
    with av.open(str(path)) as source:
        width, height = (int(side * by / 2) * 2 for side in SIZE)
        planes = [
            frame.reformat(width, height, "gray").to_ndarray() for frame in source.decode(video=0)
        ]
    planes = [np.ascontiguousarray(one[:, ::-1]) if mirror else one for one in planes]
    return write(path.with_name("again.mp4"), planes, crf)


def test_three_wrong_bits_are_repaired_and_noise_is_no_payload() -> None:
    chance = random.Random(63)
    for _ in range(200):
        payload = chance.getrandbits(32)
        word = code_word(payload)
        for count in range(4):
            wrong = sum(1 << at for at in chance.sample(range(BITS), count))
            assert payload_of(word ^ wrong) == payload
        assert payload_of(word ^ sum(1 << at for at in chance.sample(range(BITS), 7))) != payload
    taken = sum(payload_of(chance.getrandbits(BITS)) is not None for _ in range(3000))
    assert taken <= 2  # one word in 50,000


def test_a_payload_has_32_bits() -> None:
    for wrong in (-1, 1 << 32):
        with pytest.raises(ValueError, match="32 bits"):
            code_word(wrong)


def test_a_mark_on_a_plain_card_is_read_after_encoding_and_a_rescale(tmp_path: Path) -> None:
    path = write(tmp_path / "ad.mp4", marked())
    assert read_watermark(path) == PAYLOAD
    assert read_watermark(again(path, 28)) == PAYLOAD
    assert read_watermark(again(path, 28, 0.75)) == PAYLOAD
    assert read_watermark(again(path, 28, mirror=True)) == PAYLOAD
    assert provenance(path).watermark == f"{PAYLOAD:08x}"


def test_a_mark_is_read_wherever_the_clip_begins(tmp_path: Path) -> None:
    assert read_watermark(write(tmp_path / "ad.mp4", marked()[9:15])) == PAYLOAD


def test_a_mark_in_a_part_of_a_film_is_read(tmp_path: Path) -> None:
    def other(at: int) -> Plane:
        return card(at)[:, ::-1] // 2 + 60

    plain = [other(at) for at in range(4 * FRAMES)]
    assert read_watermark(write(tmp_path / "film.mp4", [*marked(), *plain])) == PAYLOAD


def test_what_is_not_marked_has_no_mark(tmp_path: Path, sample: Path) -> None:
    assert read_watermark(write(tmp_path / "plain.mp4", [card(at) for at in range(6)])) is None
    assert read_watermark(sample) is None
    grey = [np.full((360, 640), 128, np.uint8)] * 3
    assert read_watermark(write(tmp_path / "grey.mp4", grey)) is None


def test_no_real_file_is_taken_for_marked(media: Path) -> None:
    clips = sorted(media.glob("clips/*.*"))[::4]
    assert clips and all(read_watermark(clip) is None for clip in clips)


def test_a_plain_ground_is_changed_by_two_levels_at_most() -> None:
    before, after = card(3, 1280, 720), None
    writer = WatermarkWriter(PAYLOAD, 1280, 720, RATE)
    for at in range(4):
        after = writer.mark(card(at, 1280, 720))
    assert after is not None
    change = np.abs(after.astype(int) - before)[:120]  # above all strokes
    assert 0 < change.max() <= 2
    error = float(np.mean((after.astype(float) - before) ** 2))
    assert 10 * np.log10(255**2 / error) > 42


def test_marking_is_the_same_each_time_and_takes_one_size() -> None:
    assert all((a == b).all() for a, b in zip(marked(), marked(), strict=True))
    with pytest.raises(ValueError, match="the frame is"):
        WatermarkWriter(PAYLOAD, 640, 360, RATE).mark(np.zeros((200, 300), np.uint8))
