"""Copies for the browser: the same seconds, upright, playable, made once."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

import ui.web.proxies
from tools.errors import UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.sandbox import Child
from tools.video.proxy import write_proxy
from ui.web.proxies import Proxies

LENGTH = 20.0


def paint_time(seconds: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A grey that gets ten levels lighter each second."""
    return np.full((180, 320, 3), 20 + 10 * int(seconds + 1e-6), np.uint8)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, encode: Callable[..., Path]) -> Path:
    """Twenty seconds that no browser plays: MPEG-4 in AVI."""
    path = tmp_path_factory.mktemp("proxy") / "film.avi"
    return encode(path, paint_time, LENGTH, codec="mpeg4", tone=True, gop=25)


def _pictures(path: Path) -> list[tuple[float, float]]:
    """Time and mean level of every picture."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0), float(frame.to_ndarray(format="gray").mean()))
            for frame in container.decode(video=0)
        ]


def _second(level: float) -> int:
    return round((level - 20) / 10)


def test_a_span_keeps_the_time_axis_of_the_whole(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.mp4"
    fractions = [event["fraction"] for event in write_proxy(str(film), str(target), 8, 12, LENGTH)]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    pictures = _pictures(target)
    assert pictures[0][0] == 0.0 and _second(pictures[0][1]) == 8  # held until the span begins
    inside = [(at, level) for at, level in pictures if 8 <= at < 12]
    assert len(inside) == 40
    for at, level in inside:
        assert _second(level) == int(at + 1e-6)
    assert pictures[-1][0] == pytest.approx(LENGTH, abs=0.1)
    with av.open(str(target)) as container:
        assert (container.duration or 0) / av.time_base == pytest.approx(LENGTH, abs=0.1)
        sound = next(container.decode(audio=0))
        assert sound.time == pytest.approx(8.0, abs=0.05)


def test_the_copy_is_what_browsers_play(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.mp4"
    list(write_proxy(str(film), str(target), 0, LENGTH, LENGTH))
    with av.open(str(target)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert container.streams.audio[0].codec_context.name == "aac"
        keys = [float(f.time or 0) for f in container.decode(video=0) if f.key_frame]
    assert keys == pytest.approx(list(np.arange(LENGTH)), abs=0.001)
    head = target.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


def test_the_sound_is_where_it_was(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.mp4"
    list(write_proxy(str(film), str(target), 5, 9, LENGTH))
    with av.open(str(target)) as container:
        times = [
            (float(frame.time or 0), float(np.abs(frame.to_ndarray()).mean()))
            for frame in container.decode(audio=0)
        ]
    loud = [at for at, level in times if level > 0.02]
    assert loud[0] == pytest.approx(5.0, abs=0.1) and loud[-1] == pytest.approx(9.0, abs=0.1)


def test_a_large_picture_is_made_smaller(tmp_path: Path, encode: Callable[..., Path]) -> None:
    large = encode(
        tmp_path / "large.avi",
        lambda seconds: np.full((1080, 1440, 3), 90, np.uint8),
        0.5,
        codec="mpeg4",
    )
    list(write_proxy(str(large), str(tmp_path / "copy.mp4"), 0, 1, 0.5))
    with av.open(str(tmp_path / "copy.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (960, 720)


def test_sound_alone_begins_at_zero(tmp_path: Path) -> None:
    source = tmp_path / "talk.mkv"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        for start in range(0, 20 * 16000, 1600):
            samples = np.full((1, 1600), 9000, np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    list(write_proxy(str(source), str(tmp_path / "copy.mp4"), 12, 16, 20))
    with av.open(str(tmp_path / "copy.mp4")) as container:
        assert (container.duration or 0) / av.time_base == pytest.approx(16, abs=0.1)


def test_nothing_to_decode_is_an_error(tmp_path: Path, film: Path) -> None:
    with pytest.raises(UnreadableMedia, match="nothing can be decoded"):
        list(write_proxy(str(film), str(tmp_path / "copy.mp4"), 500, 510, 520))


@pytest.mark.parametrize(
    ("name", "size"),
    [("odd/mb_rotate_bbb.mp4", (720, 1280)), ("odd/ax_rot180.mp4", (1280, 720))],
)
def test_a_turned_picture_is_upright(
    media: Path, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    target = tmp_path / "copy.mp4"
    list(write_proxy(str(media / name), str(target), 0, 2, 2))
    before, after = _at(media / name, 1.5), _at(target, 1.5)
    assert (after.width, after.height) == size and after.rotation == 0
    upright = np.rot90(before.to_ndarray(format="gray"), round(before.rotation / 90) % 4)
    assert np.corrcoef(_thumb(upright), _thumb(after.to_ndarray(format="gray")))[0, 1] > 0.98


def _at(path: Path, seconds: float) -> av.VideoFrame:
    """The picture on screen at a time."""
    with av.open(str(path)) as container:
        start = (container.start_time or 0) / av.time_base
        frames = container.decode(video=0)
        return max(
            (f for f in frames if (f.time or 0) - start <= seconds), key=lambda f: f.time or 0
        )


def _thumb(grey: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(Image.fromarray(np.ascontiguousarray(grey)).resize((32, 32))).ravel()


@pytest.mark.parametrize("name", ["odd/mb_h265.mp4", "odd/ax_sample.avi", "clips/bgs_video.avi"])
def test_real_files_in_the_sandbox(media: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "copy.mp4"
    with Child(writes=tmp_path) as child:
        for _ in child.call(
            "tools.video.proxy:write_proxy",
            source=str(media / name),
            target=str(target),
            start=1,
            end=3,
            duration=4,
        ):
            pass
    times = [at for at, _ in _pictures(target)]
    assert sum(1 <= at < 3 for at in times) > 20


async def test_a_copy_is_made_once_however_many_ask(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, film, providers=BARE)
    calls: list[str] = []

    class Counted(Child):
        def call(self, function: str, **arguments: Any) -> Iterator[dict[str, Any]]:
            calls.append(function)
            return super().call(function, **arguments)

    monkeypatch.setattr(ui.web.proxies, "Child", Counted)
    proxies = Proxies(library)
    made = await asyncio.gather(*(proxies.playable(video, 3.0, 6.0) for _ in range(4)))
    proxies.close()
    assert len(set(made)) == 1 and len(calls) == 1
    assert list((library.folder(video.id) / "proxies").iterdir()) == [made[0][0]]
