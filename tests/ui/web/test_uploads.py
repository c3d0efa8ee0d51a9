"""Room, quota and leftovers of uploads, without a server."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tools.errors import RefusedRequest
from tools.files.durable import claim
from ui.web.uploads import QUOTA, Picture, TooLarge, Upload, Uploads

LIMIT = 1 << 20
KIND = "multipart/form-data; boundary=b"


async def _form(content: bytes, name: str = "a.mp4", chunk: int = 1000) -> AsyncIterator[bytes]:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    whole = head.encode() + content + b"\r\n--b--\r\n"
    for start in range(0, len(whole), chunk):
        yield whole[start : start + chunk]


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads", LIMIT)


@pytest.mark.parametrize("chunk", [1, 7, 1000, 1 << 20])
async def test_a_file_arrives_whole_however_it_is_cut(
    uploads: Uploads, shots: Path, chunk: int
) -> None:
    content = shots.read_bytes()[:20_000] if chunk == 1 else shots.read_bytes()
    if chunk == 1:  # cut short, so no video: the bytes are what counts here
        with pytest.raises(Exception, match="read"):
            await uploads.receive(_form(content, chunk=chunk), KIND, None)
        return
    made = await uploads.receive(_form(content, chunk=chunk), KIND, len(content))
    assert isinstance(made, Upload)
    assert made.path.read_bytes() == content and made.title == "a"
    assert uploads.get(made.id) == made and uploads.waiting() == [made]
    uploads.forget(made)
    assert uploads.waiting() == []


async def test_a_picture_is_made_small_and_stays_on_no_disk(
    uploads: Uploads, tmp_path: Path
) -> None:
    sent = BytesIO()
    Image.new("RGB", (2000, 1000), (9, 99, 199)).save(sent, "PNG")
    made = await uploads.receive(_form(sent.getvalue(), "holiday.mp4"), KIND, None)
    assert isinstance(made, Picture) and made.title == "holiday"
    with Image.open(BytesIO(made.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1024, 512))
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_what_is_declared_too_large_is_refused_before_the_first_byte(
    uploads: Uploads,
) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("a byte was read")
        yield b""

    with pytest.raises(TooLarge):
        await uploads.receive(never(), KIND, 2 * LIMIT)


async def test_the_quota_holds_over_all_uploads(uploads: Uploads, tmp_path: Path) -> None:
    original = tmp_path / "videos" / "x" / "original"
    original.parent.mkdir(parents=True)
    original.write_bytes(bytes(QUOTA * LIMIT))
    with pytest.raises(TooLarge, match="no room"):
        await uploads.receive(_form(b"x"), KIND, 1)


async def test_a_broken_connection_leaves_nothing(uploads: Uploads, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for piece in _form(bytes(LIMIT // 2)):
            yield piece
            await asyncio.sleep(0)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await uploads.receive(broken(), KIND, None)
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_another_kind_of_body_is_refused(uploads: Uploads) -> None:
    for kind in ("", "application/json", "multipart/form-data", "text/plain; boundary=b"):
        with pytest.raises(RefusedRequest, match="multipart"):
            await uploads.receive(_form(b"x"), kind, None)


def test_only_dead_leftovers_are_removed(uploads: Uploads, tmp_path: Path) -> None:
    live, dead = (tmp_path / "uploads" / f"{uuid.uuid4()}.part" for _ in range(2))
    for path in (live, dead):
        path.write_bytes(b"half")
        path.with_suffix(".json").write_text('{"title": "a"}')
        path.with_name(f".{path.stem}.json.0a1b2c3d.tmp").write_text("{")
    with claim(live):
        assert uploads.waiting() == []
    assert {p.name.lstrip(".").partition(".")[0] for p in live.parent.iterdir()} == {live.stem}
    assert len(list(live.parent.iterdir())) == 3
    assert uploads.waiting() == [] and list(live.parent.iterdir()) == []
