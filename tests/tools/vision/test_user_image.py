"""Pictures from outside: told by their content, kept small and upright; nothing else is."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tools.errors import RefusedRequest, UnreadableMedia
from tools.vision.user_image import BYTES, SIDE, is_picture, small_jpeg


def write(path: Path, kind: str, **options: Any) -> Path:
    drawn = Image.new("RGB", (3000, 1500), (220, 30, 30))
    drawn.paste((30, 60, 220), (0, 0, 1500, 1500))
    drawn.save(path, kind, **options)
    return path


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_content_says_what_it_is_and_a_small_jpeg_is_kept(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "holiday.mp4", kind)
    assert is_picture(path)
    with Image.open(BytesIO(small_jpeg(path))) as made:
        assert (made.format, made.size) == ("JPEG", (SIDE, SIDE // 2))
        red, _, blue = made.convert("RGB").getpixel((900, 100))  # type: ignore[misc]
        assert red > 180 > 90 > blue


def test_a_picture_taken_sideways_stands_upright_and_says_nothing_of_its_camera(
    tmp_path: Path,
) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    with Image.open(BytesIO(small_jpeg(write(tmp_path / "a", "JPEG", exif=exif)))) as made:
        assert made.size == (SIDE // 2, SIDE) and not made.getexif()


def test_what_claims_to_be_vast_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head
    path = tmp_path / "bomb.png"
    checked = chunk + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + checked + struct.pack(">I", 9) + b"IDAT" + bytes(99))
    with pytest.raises(RefusedRequest, match="megapixels"):
        small_jpeg(path)
    with path.open("wb") as file:
        file.truncate(BYTES + 1)
    with pytest.raises(RefusedRequest, match="MB"):
        small_jpeg(path)


def test_a_picture_is_kept_as_it_looks(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.linspace(0, 65535, 400 * 300).reshape(300, 400).astype(np.uint16)).save(path)
    with Image.open(BytesIO(small_jpeg(path))) as made:
        assert np.abs(np.asarray(made.convert("L"))[[10, 150, 290], 200] - (9, 128, 248)).max() < 5
    for drawn in (Image.new("RGBA", (64, 48), (255, 0, 0, 0)), Image.new("LA", (64, 48), (0, 0))):
        drawn.save(path)
        with Image.open(BytesIO(small_jpeg(path))) as made:
            assert np.asarray(made).min() > 250  # what nobody sees has no colour


def test_a_picture_of_a_telephone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    for brand in (b"heic", b"mif1"):
        path.write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(64))
        assert is_picture(path)
        with pytest.raises(UnreadableMedia, match="save it as JPEG"):
            small_jpeg(path)


def test_what_is_broken_or_no_picture_is_told(tmp_path: Path, shots: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with pytest.raises(UnreadableMedia, match="cannot be read"):
        small_jpeg(path)
    gif = tmp_path / "a.gif"
    Image.new("RGB", (9, 9)).save(gif)
    assert not is_picture(gif) and not is_picture(shots)
