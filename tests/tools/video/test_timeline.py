"""One clock for picture, sound and subtitles where a file's own one jumps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tools.audio.loudness import RATE
from tools.files.rows import read_rows
from tools.sandbox import Child
from tools.vision.sampling import FLOOR_SECONDS

Encode = Callable[..., Path]
STEP = 20
"""Levels of grey by which each second of a made recording is lighter than the one before."""


def _call(name: str, path: Path, folder: Path, **more: Any) -> list[dict[str, Any]]:
    with Child(writes=folder) as child:
        return list(child.call(f"tools.video.{name}", path=str(path), **more))


def _grey(number: int) -> np.ndarray:
    return np.full((64, 64, 3), 20 + STEP * number, np.uint8)


def _joined(
    encode: Encode, folder: Path, kind: str, parts: list[tuple[int, int]], tone: bool = True
) -> Path:
    """Recordings of so many seconds that begin at so many, each second lighter than the last."""
    made, shown = folder / f"all.{kind}", 0
    for length, start in parts:
        part = encode(
            folder / f"part.{kind}",
            lambda seconds, shown=shown: _grey(shown + int(seconds + 1e-6)),
            float(length),
            pts=lambda number, start=start: start * 25 + number,
            fps=25,
            gop=25,
            tone=tone,
            codec="mpeg2video" if kind == "mpg" else "libx264",
            starts=float(start),
            in_turn=True,
        )
        made.write_bytes((made.read_bytes() if made.exists() else b"") + part.read_bytes())
        shown += length
    return made


def _level(path: Path) -> float:
    with Image.open(path) as image:
        return (float(np.asarray(image).mean()) - 20) / STEP


@pytest.mark.parametrize(("kind", "tone"), [("ts", True), ("ts", False), ("mpg", False)])
@pytest.mark.parametrize(
    "parts", [[(4, 0), (3, 0)], [(3, 5), (2, 3), (3, 30)], [(3, 0), (4, 1000)], [(3, 100), (4, 96)]]
)
def test_a_second_is_the_same_moment_everywhere(
    encode: Encode, tmp_path: Path, parts: list[tuple[int, int]], kind: str, tone: bool
) -> None:
    if kind == "mpg" and parts[0][1] + parts[1][1] > 0:
        pytest.skip("the picture that a join cuts in two hides the first second after it")
    made = _joined(encode, tmp_path, kind, parts, tone)
    length = sum(part for part, _ in parts)
    (clock,) = _call("timeline:clock", made, tmp_path)
    assert clock["duration"] == pytest.approx(length, abs=0.3)
    assert len(clock["jumps"]) == len(parts) - 1
    rows = str(tmp_path / "rows.npy")
    end = _call("decode:scan", made, tmp_path, target=str(tmp_path), rows=rows, floor=FLOOR_SECONDS)
    # The last picture before a join may be cut in two in a program stream.
    lost = length * 25 - end[-1]["rows"]
    assert lost == end[-1]["damaged"] and lost <= (len(parts) - 1) * (kind == "mpg")
    seen = read_rows(Path(rows))
    assert np.diff(seen["seconds"]).max() < 0.3
    times = [second + 0.5 for second in range(length)]
    wanted = times[::-1]
    for name in ("jpeg:pictures", "decode:keyframes"):
        more = {"seconds": wanted} if name == "jpeg:pictures" else {"duration": 7.0}
        for event in _call(name, made, tmp_path, target=str(tmp_path), **more):
            if "frame" in event:
                at = event["frame"]["seconds"]
                level = _level(tmp_path / event["frame"]["name"])
                assert level == pytest.approx(int(at), abs=0.35) or at % 1 < 0.2, (name, at)
    if tone:
        given = {"samples": str(tmp_path / "sound.pcm"), "rows": str(tmp_path / "sound.npy")}
        heard = _call("audio:listen", made, tmp_path, **given)[-1]
        assert heard["damaged"] == 0
        assert heard["end"] == pytest.approx(length, abs=0.3)
        samples = np.fromfile(tmp_path / "sound.pcm", np.int16)
        loud = [samples[round(at * RATE) : round((at + 0.2) * RATE)].std() for at in times]
        assert min(loud) > 1000
    copy = tmp_path / "copy.mp4"
    with Child(writes=tmp_path) as child:
        span = {"start": length - 2, "end": length, "duration": float(length)}
        list(
            child.call("tools.video.proxy:write_proxy", source=str(made), target=str(copy), **span)
        )
    last = length - 1.5
    (event,) = _call("jpeg:pictures", copy, tmp_path, target=str(tmp_path), seconds=[last])
    assert _level(tmp_path / event["frame"]["name"]) == pytest.approx(int(last), abs=0.35)


@pytest.mark.parametrize("is_joined", [False, True])
def test_sound_that_a_transport_stream_tells_nothing_of_at_first_is_heard(
    encode: Encode, tmp_path: Path, is_joined: bool
) -> None:
    """FFmpeg looks for streams in the first seconds only; here sound comes after ten."""
    begins, given = 10.0, {"fps": 25, "gop": 25, "in_turn": True}
    if is_joined:
        silent = encode(tmp_path / "silent.ts", lambda _: _grey(3), begins, **given)
        made = encode(tmp_path / "all.ts", lambda _: _grey(5), 2.0, tone=True, **given)
        made.write_bytes(silent.read_bytes() + made.read_bytes())
    else:
        paint = lambda _: _grey(3)  # noqa: E731
        made = encode(tmp_path / "all.ts", paint, 12.0, tone=True, starts=begins, **given)
    rows = tmp_path / "sound.npy"
    end = _call("audio:listen", made, tmp_path, samples=str(tmp_path / "pcm"), rows=str(rows))[-1]
    assert end["rows"] and not end["damaged"]
    loud = read_rows(rows)
    heard = loud["seconds"][loud["loudness"] > -40]
    assert heard[0] == pytest.approx(begins, abs=0.15)
    assert heard[-1] > begins + 1.5


def test_a_picture_that_pauses_while_the_sound_goes_on_is_no_jump(
    encode: Encode, tmp_path: Path
) -> None:
    made = encode(
        tmp_path / "all.ts",
        lambda seconds: _grey(int(seconds) % 10),
        40.0,
        pts=lambda number: number + (150 if number >= 100 else 0),
        tone=True,
        in_turn=True,
    )
    (clock,) = _call("timeline:clock", made, tmp_path)
    assert clock["jumps"] == []
