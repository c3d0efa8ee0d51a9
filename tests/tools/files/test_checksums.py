"""JSON and pictures that carry their own checksum."""

from pathlib import Path
from typing import Any

import pytest

from tools.files.checksums import dump_checked, is_intact_picture, load_checked

Shelf = Any
"""A library of one video that can be damaged: see conftest."""


def change(path: Path) -> None:
    """One byte in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_sealed_json_tells_any_change() -> None:
    data = dump_checked({"title": "Überblick", "seconds": 1.25, "notes": [], "none": None})
    assert load_checked(data)["title"] == "Überblick" and dump_checked(load_checked(data)) == data
    for at in range(len(data)):
        with pytest.raises(ValueError):
            load_checked(data[:at])
        for flip in (1, 32, 128):
            with pytest.raises(ValueError):
                load_checked(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :])
    for other in (b"", b"[]", b"{}", b"null", data + b" "):
        with pytest.raises(ValueError):
            load_checked(other)


def test_a_file_name_that_is_no_text_can_be_sealed() -> None:
    data = dump_checked({"path": "/films/caf\udce9.mp4"})
    assert (
        load_checked(data)["path"] == "/films/caf\udce9.mp4"
        and dump_checked(load_checked(data)) == data
    )


def test_a_picture_tells_any_change(shelf: Shelf, tmp_path: Path) -> None:
    path = shelf.library.image_path(shelf.library.frames(shelf.video)[0].image)
    data = path.read_bytes()
    copy = tmp_path / path.name
    copy.write_bytes(data)
    assert is_intact_picture(copy)
    for at in [*range(300), *range(300, len(data), 97)]:
        copy.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        assert not is_intact_picture(copy), at
        copy.write_bytes(data[:at])
        assert not is_intact_picture(copy), at
