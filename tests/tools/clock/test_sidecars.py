"""Files beside a video that say when it was recorded."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tools.clock.sidecars import LARGEST, clock_sidecars, sidecar_time

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TOLD = datetime(2026, 11, 19, 14, 0, 5)
CET = timezone(timedelta(hours=1))
SONY = """<?xml version="1.0"?><NonRealTimeMeta xmlns="urn:schemas:nonRealTimeMeta">
<CreationDate value="2026-11-19T14:00:05+01:00"/></NonRealTimeMeta>"""
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmp:ModifyDate="2026-11-25T09:00:00"
 xmp:CreateDate="2026-11-19T14:00:05"/></x:xmpmeta>"""
ELEMENT = "<exif:DateTimeOriginal>2026-11-19T14:00:05+01:00</exif:DateTimeOriginal>"
TAKEOUT = '{"title": "a.mp4", "photoTakenTime": {"timestamp": "1795093205", "formatted": "x"}}'


@pytest.mark.parametrize(
    "name, text, at",
    [
        ("aM01.xml", SONY, TOLD.replace(tzinfo=CET)),
        ("a.xmp", XMP, TOLD),
        ("a.mp4.xmp", ELEMENT, TOLD.replace(tzinfo=CET)),
        ("a.mp4.json", TAKEOUT, datetime(2026, 11, 19, 13, 0, 5, tzinfo=UTC)),
        ("a.xmp", "<xmp:CreateDate>2026:11:19 14:00:05</xmp:CreateDate>", TOLD),
    ],
)
def test_what_cameras_and_photo_programs_write(
    tmp_path: Path, name: str, text: str, at: datetime
) -> None:
    (tmp_path / name).write_text(text)
    (path,) = clock_sidecars(tmp_path / "a.mp4")
    assert sidecar_time(path, NOW) == at


@pytest.mark.parametrize(
    "name, text",
    [
        ("a.xmp", "<xmp:CreateDate>1970-01-01T00:00:00</xmp:CreateDate>"),
        ("a.xmp", "<xmp:CreateDate>2999-01-01T00:00:00</xmp:CreateDate>"),
        ("a.xmp", "<xmp:CreateDate>2026-13-41T99:00:00</xmp:CreateDate>"),
        ("a.xmp", "CreateDate" * 50_000),
        ("a.mp4.json", "[" * 100_000),
        ("a.mp4.json", '{"photoTakenTime": {"timestamp": "1e999"}}'),
        ("a.mp4.json", '{"photoTakenTime": {"timestamp": 99999999999999999999}}'),
        ("a.mp4.json", '{"photoTakenTime": 3}'),
        ("a.mp4.json", "\0\ufffd"),
        ("aM01.xml", '<!ENTITY a "b"><CreationDate value="&a;"/>'),
    ],
)
def test_a_sidecar_that_says_nothing_is_none(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert [sidecar_time(path, NOW) for path in clock_sidecars(tmp_path / "a.mp4")] == [None]


def test_only_small_files_beside_it_are_looked_at(tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    (tmp_path / "a.xmp").write_bytes(b" " * (LARGEST + 1))
    (tmp_path / "a.mp4.json").mkdir()
    os.mkfifo(tmp_path / "aM01.xml")
    (tmp_path / "b.xmp").write_text(XMP)
    (tmp_path / "a.xml").write_text("")
    assert clock_sidecars(video) == []
    assert clock_sidecars(tmp_path / ("a" * 300)) == []
    assert sidecar_time(tmp_path / "gone.xmp") is None
