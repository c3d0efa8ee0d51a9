"""Pictures from outside: JPEG, PNG and WebP by their content, small and upright; nothing else."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tools.attached import BYTES, SIDE, is_picture, small
from tools.errors import RefusedRequest, UnreadableMedia


def write(path: Path, kind: str, **options: Any) -> Path:
    drawn = Image.new("RGB", (3000, 1500), (220, 30, 30))
    drawn.paste((30, 60, 220), (0, 0, 1500, 1500))
    drawn.save(path, kind, **options)
    return path


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_content_says_what_it_is_and_a_small_jpeg_is_kept(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "holiday.mp4", kind)
    assert is_picture(path)
    with Image.open(BytesIO(small(path))) as made:
        assert (made.format, made.size) == ("JPEG", (SIDE, SIDE // 2))
        red, _, blue = made.convert("RGB").getpixel((900, 100))  # type: ignore[misc]
        assert red > 180 > 90 > blue


def test_a_picture_taken_sideways_stands_upright_and_says_nothing_of_its_camera(
    tmp_path: Path,
) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    with Image.open(BytesIO(small(write(tmp_path / "a", "JPEG", exif=exif)))) as made:
        assert made.size == (SIDE // 2, SIDE) and not made.getexif()


def test_what_claims_to_be_vast_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head
    path = tmp_path / "bomb.png"
    checked = chunk + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + checked + struct.pack(">I", 9) + b"IDAT" + bytes(99))
    with pytest.raises(RefusedRequest, match="megapixels"):
        small(path)
    with path.open("wb") as file:
        file.truncate(BYTES + 1)
    with pytest.raises(RefusedRequest, match="MB"):
        small(path)


def test_what_is_broken_or_no_picture_is_told(tmp_path: Path, shots: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with pytest.raises(UnreadableMedia, match="cannot be read"):
        small(path)
    gif = tmp_path / "a.gif"
    Image.new("RGB", (9, 9)).save(gif)
    assert not is_picture(gif) and not is_picture(shots)
