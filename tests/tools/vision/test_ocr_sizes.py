"""The reader on large pictures of a screen, most of which is empty."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.vision.ocr import RapidOcrReader


@pytest.mark.parametrize("ink", [(220, 30, 30), (30, 160, 40), (230, 230, 230)])
def test_rapidocr_reads_small_letters_in_a_large_picture_that_is_mostly_empty(
    ink: tuple[int, int, int],
) -> None:
    picture = Image.new("RGB", (2560, 1440), (12, 12, 14))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    pen.text((40, 60), "make install 37", ink, font)
    pen.text((2300, 1400), "12:00:25", ink, font)
    first, last = RapidOcrReader().read(np.asarray(picture))
    assert first.text == "make install 37" and last.text == "12:00:25"
    left, upper, right, lower = first.box
    assert left < 45 / 2560 < right < 0.1 and upper < 66 / 1440 < lower < 0.1
