"""Room, stalls and leftovers of uploads, without a server."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tools.errors import RefusedRequest
from tools.files.durable import lock_existing
from ui.web.uploads import (
    ABANDONED,
    CONNECTIONS,
    Upload,
    UploadRefused,
    Uploads,
    UserImage,
)

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
    assert uploads.waiting() == []
    assert uploads.accept(made.id) == made and uploads.waiting() == [made]
    uploads.forget(made)
    assert uploads.waiting() == []


async def test_a_picture_is_made_small_and_stays_on_no_disk(
    uploads: Uploads, tmp_path: Path
) -> None:
    sent = BytesIO()
    Image.new("RGB", (2000, 1000), (9, 99, 199)).save(sent, "PNG")
    made = await uploads.receive(_form(sent.getvalue(), "holiday.mp4"), KIND, None)
    assert isinstance(made, UserImage) and made.title == "holiday"
    with Image.open(BytesIO(made.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1024, 512))
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_what_is_declared_too_large_is_refused_before_the_first_byte(
    uploads: Uploads,
) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("a byte was read")
        yield b""

    with pytest.raises(UploadRefused, match="larger than 1 MB") as refused:
        await uploads.receive(never(), KIND, 2 * LIMIT)
    assert refused.value.status_code == 413


async def test_the_room_for_uploads_is_told_as_what_it_is(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMIT, quota=5 * LIMIT)
    original = tmp_path / "videos" / "x" / "original"
    original.parent.mkdir(parents=True)
    original.write_bytes(bytes(LIMIT * 9 // 2))
    told = r"uploads may take 5 MB in all, and 4\.5 MB are used: .*CUEPOINT_UPLOAD_ROOM"
    with pytest.raises(UploadRefused, match=told):
        await uploads.receive(_form(b"x"), KIND, LIMIT)
    with pytest.raises(UploadRefused, match=told):  # which declared no length
        await uploads.receive(_form(bytes(LIMIT * 3 // 4)), KIND, None)
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_without_a_setting_only_the_disk_bounds_all_uploads(
    tmp_path: Path, shots: Path
) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMIT)
    original = tmp_path / "videos" / "x" / "original"
    original.parent.mkdir(parents=True)
    with original.open("wb") as file:
        file.truncate(50 * LIMIT)
    assert isinstance(await uploads.receive(_form(shots.read_bytes()), KIND, None), Upload)


async def test_what_goes_away_while_the_room_is_counted_is_not_counted(
    tmp_path: Path, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMIT, quota=5 * LIMIT)
    for number in range(3):
        (tmp_path / "uploads" / f"{uuid.uuid4()}").write_bytes(bytes(number))
    stat = Path.stat

    def renamed(self: Path, **how: bool) -> object:
        if self.parent == tmp_path / "uploads" and self.suffix != ".part":
            self.unlink(missing_ok=True)
        return stat(self, **how)

    monkeypatch.setattr(Path, "stat", renamed)
    assert await uploads.receive(_form(shots.read_bytes()), KIND, None)


async def test_stalled_uploads_end_and_keep_no_other_waiting(tmp_path: Path, shots: Path) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMIT, stall=0.2)
    more = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        async for piece in _form(b"x"):
            yield piece[:20]
            await more.wait()

    waiting = [asyncio.create_task(uploads.receive(stalled(), KIND, None)) for _ in range(8)]
    await asyncio.sleep(0)
    content = shots.read_bytes()
    made = await asyncio.wait_for(uploads.receive(_form(content), KIND, len(content)), 60)
    assert isinstance(made, Upload)
    ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 60)
    assert all(
        isinstance(one, UploadRefused) and one.status_code == 408 and "0.2 s" in str(one)
        for one in ended
    )
    assert not list((tmp_path / "uploads").glob("*.part"))


async def test_an_upload_that_stalls_for_ever_does_not_hold_up_the_next(
    tmp_path: Path, shots: Path
) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMIT, stall=3600)

    async def stalled() -> AsyncIterator[bytes]:
        async for piece in _form(b"x"):
            yield piece[:20]
            await asyncio.Event().wait()

    waiting = [
        asyncio.create_task(uploads.receive(stalled(), KIND, 9)) for _ in range(CONNECTIONS - 1)
    ]
    await asyncio.sleep(0)
    content = shots.read_bytes()
    made = await asyncio.wait_for(uploads.receive(_form(content), KIND, len(content)), 60)
    assert isinstance(made, Upload)
    waiting.append(asyncio.create_task(uploads.receive(stalled(), KIND, 9)))
    await asyncio.sleep(0)
    with pytest.raises(UploadRefused, match="in a moment") as refused:
        await uploads.receive(_form(b"x"), KIND, 9)
    assert refused.value.status_code == 503
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)


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
    with pytest.raises(RefusedRequest, match="well-formed"):
        await uploads.receive(_form(b"x"), "multipart/form-data; boundary=" + "b" * 300, None)


def test_only_dead_leftovers_are_removed(uploads: Uploads, tmp_path: Path) -> None:
    live, dead = (tmp_path / "uploads" / f"{uuid.uuid4()}.part" for _ in range(2))
    for path in (live, dead):
        path.write_bytes(b"half")
        path.with_suffix(".json").write_text('{"title": "a"}')
        path.with_name(f".{path.stem}.json.0a1b2c3d.tmp").write_text("{")
    with lock_existing(live):
        assert uploads.waiting() == []
    assert {p.name.lstrip(".").partition(".")[0] for p in live.parent.iterdir()} == {live.stem}
    assert len(list(live.parent.iterdir())) == 3
    assert uploads.waiting() == [] and list(live.parent.iterdir()) == []


def test_what_is_not_ours_is_passed_over(uploads: Uploads, tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    for name in ("notes", "notes.txt", ".DS_Store"):
        (folder / name).write_text("mine")
    (folder / "holidays").mkdir()
    (folder / str(uuid.uuid4())).mkdir()
    before = sorted(folder.iterdir())
    assert uploads.waiting() == [] and sorted(folder.iterdir()) == before


@pytest.mark.parametrize("record", [None, "{", "[]", '{"title": 7}', '{"title": "a"}'])
def test_an_upload_is_not_lost_with_its_record(
    uploads: Uploads, tmp_path: Path, record: str | None
) -> None:
    path = tmp_path / "uploads" / str(uuid.uuid4())
    path.write_bytes(b"film")
    if record is not None:
        path.with_suffix(".json").write_text(record)
    (waiting,) = uploads.waiting()
    assert waiting.path == path


async def test_what_was_never_sent_goes_after_a_day_and_what_was_sent_never(
    uploads: Uploads, shots: Path
) -> None:
    new, old, sent = [await uploads.receive(_form(shots.read_bytes()), KIND, None) for _ in "abc"]
    assert isinstance(new, Upload) and isinstance(old, Upload) and isinstance(sent, Upload)
    assert uploads.accept(sent.id) == sent
    for one in (old, sent):
        then = one.path.stat().st_mtime - 2 * ABANDONED
        os.utime(one.path, (then, then))
    assert uploads.waiting() == [sent]
    assert uploads.accept(old.id) is None and uploads.accept("../" + new.id) is None
    assert uploads.accept(new.id) == new
