import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tools.errors import UnreadableMedia
from tools.files.rows import read_rows
from tools.sandbox import Child
from tools.vision.sampling import FLOOR_SECONDS

Encode = Callable[..., Path]


def _call(name: str, path: Path, **more: Any) -> list[dict[str, Any]]:
    target = more.get("target")
    with Child(writes=Path(target) if target else None) as child:
        return list(child.call(name, path=str(path), **more))


def _scan(path: Path, folder: Path) -> list[dict[str, Any]]:
    rows = str(folder / "rows.npy")
    call = "tools.video.decode:scan"
    return _call(call, path, target=str(folder), rows=rows, floor=FLOOR_SECONDS)


def _colour(path: Path) -> tuple[int, ...]:
    with Image.open(path) as image:
        return tuple(np.asarray(image)[1::8].reshape(-1, 3).mean(0).round().astype(int).tolist())


def test_a_probe_tells_the_facts(shots: Path) -> None:
    (facts,) = _call("tools.video.container:probe", shots)
    assert facts["duration"] == pytest.approx(10.0, abs=0.1)
    assert facts["video"] | {"pixel_format": ""} == {
        "codec": "h264",
        "pixel_format": "",
        "width": 320,
        "height": 180,
        "fps": 10.0,
        "rotation": 0,
        "variable": False,
    }
    assert [stream["codec"] for stream in facts["audio"]] == ["aac"]


def test_there_is_a_row_for_every_frame(shots: Path, tmp_path: Path) -> None:
    end = _scan(shots, tmp_path)[-1]
    rows = read_rows(tmp_path / "rows.npy")
    assert end["rows"] == len(rows) == 100
    assert end["end"] == pytest.approx(10.0)
    assert rows["seconds"].tolist() == pytest.approx([n / 10 for n in range(100)])
    cuts = rows["seconds"][rows["difference"] > 10]
    assert cuts.tolist() == pytest.approx([3.0, 6.0, 8.0])


def test_kept_pictures_show_their_moment(shots: Path, tmp_path: Path) -> None:
    kept = [event["frame"] for event in _scan(shots, tmp_path) if "frame" in event]
    assert [frame["seconds"] for frame in kept] == [0.0, 3.0, 6.0, 8.0, 9.9]
    for frame, wanted in zip(kept, [(200, 30, 30), (30, 60, 220), (10, 10, 12)], strict=False):
        assert np.abs(np.subtract(_colour(tmp_path / frame["name"]), wanted)).max() < 24
    assert max(kept[0]["attributes"]["colours"], key=kept[0]["attributes"]["colours"].get) == "red"


def test_keyframes_are_found_without_decoding_the_rest(shots: Path, tmp_path: Path) -> None:
    call = "tools.video.decode:keyframes"
    events = _call(call, shots, target=str(tmp_path), duration=10.0)
    times = [event["frame"]["seconds"] for event in events if "frame" in event]
    assert times == [0.0, 2.0, 4.0, 6.0, 8.0]  # a keyframe each second, at most one per two
    assert events[-1]["end"] == pytest.approx(10.0)


def test_missing_pictures_are_decoded_at_their_times(shots: Path, tmp_path: Path) -> None:
    wanted = [0.0, 2.9, 3.0, 9.9]
    events = _call("tools.video.jpeg:pictures", shots, target=str(tmp_path), seconds=wanted)
    assert [event["frame"]["seconds"] for event in events] == wanted
    red, blue = _colour(tmp_path / "000002900.jpg"), _colour(tmp_path / "000003000.jpg")
    assert red[0] > 150 > red[2] and blue[2] > 150 > blue[0]


def test_times_are_presentation_times_at_a_variable_rate(encode: Encode, tmp_path: Path) -> None:
    times = [0, 1, 2, 10, 11, 30, 31]
    path = encode(
        tmp_path / "vfr.mkv",
        lambda seconds: np.full((96, 128, 3), int(seconds * 200), np.uint8),
        0.7,
        pts=times.__getitem__,
    )
    _scan(path, tmp_path)
    rows = read_rows(tmp_path / "rows.npy")
    assert rows["seconds"].tolist() == pytest.approx([n / 10 for n in times])


@pytest.mark.parametrize("script", ["ffconcat version 1.0\nfile canary.mp4\n", "#EXTM3U\ncanary"])
@pytest.mark.parametrize("suffix", ["mp4", "m3u8", "ffconcat", "avi"])
def test_scripts_that_name_other_files_are_refused(
    shots: Path, tmp_path: Path, script: str, suffix: str
) -> None:
    (tmp_path / "canary.mp4").write_bytes(shots.read_bytes())
    path = tmp_path / f"list.{suffix}"
    path.write_text(script)
    with pytest.raises(UnreadableMedia, match="not a video"):
        _call("tools.video.container:probe", path)


def test_a_name_that_reads_like_a_protocol_is_a_name(shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "concat:a|b.mp4"
    path.write_bytes(shots.read_bytes())
    assert _call("tools.video.container:probe", path)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_the_readable_head_of_a_truncated_file_counts(
    encode: Encode, tmp_path: Path, cut: float
) -> None:
    noise = np.random.default_rng(3)
    path = encode(
        tmp_path / "whole.mkv",
        lambda _: noise.integers(0, 255, (96, 128, 3)).astype(np.uint8),
        6.0,
    )
    part = tmp_path / "part.mkv"
    part.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])
    end = _scan(part, tmp_path)[-1]
    assert end["end"] == pytest.approx(6.0 * cut, abs=1.0)


@pytest.mark.parametrize(("name", "turns"), [("0", 0), ("90", 3), ("180", 2), ("270", 1)])
def test_rotation_is_applied(media: Path, tmp_path: Path, name: str, turns: int) -> None:
    """So many quarter turns, counter-clockwise, make the keys of the filmed keyboard readable."""
    path = media / "odd" / f"decord_video_{name}.mov"
    (event,) = _call("tools.video.jpeg:pictures", path, target=str(tmp_path), seconds=[0.0])
    with av.open(str(path)) as container:
        raw = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    with Image.open(tmp_path / event["frame"]["name"]) as image:
        written = np.asarray(image).astype(int)
    assert np.abs(np.rot90(raw, turns) - written).mean() < 6


def test_frames_are_exact_on_a_real_counter(media: Path, tmp_path: Path) -> None:
    """Colours change at frames 11 and 21 of ten a second."""
    _scan(media / "odd" / "psd_counter.mp4", tmp_path)
    rows = read_rows(tmp_path / "rows.npy")
    assert rows["seconds"].tolist() == pytest.approx([n / 10 for n in range(30)])
    strongest = sorted(rows["seconds"][np.argsort(rows["difference"])[-2:]].tolist())
    assert strongest == pytest.approx([1.0, 2.0])


def test_the_facts_of_a_title_with_markup_are_text(encode: Encode, tmp_path: Path) -> None:
    path = encode(tmp_path / "<b>&\n.mkv", lambda _: np.zeros((64, 64, 3), np.uint8), 0.5)
    (facts,) = _call("tools.video.container:probe", path)
    assert json.dumps(facts)


@pytest.mark.parametrize(
    ("starts", "count", "damaged"),
    [([0, 2], 40, 0), ([0, 3600, 2], 40, 1), ([0, 0], 40, 0)],
)
def test_one_wrong_time_hides_nothing_that_follows(
    encode: Encode, tmp_path: Path, starts: list[int], count: int, damaged: int
) -> None:
    made = tmp_path / "all.ts"
    for start in starts:
        part = encode(
            tmp_path / "part.ts",
            lambda _: np.zeros((64, 64, 3), np.uint8),
            0.1 if start == 3600 else 2.0,
            pts=lambda number, start=start: start * 10 + number,
        )
        made.write_bytes((made.read_bytes() if made.exists() else b"") + part.read_bytes())
    end = _scan(made, tmp_path)[-1]
    assert (end["rows"], end["damaged"]) == (count, damaged)
    assert read_rows(tmp_path / "rows.npy")["seconds"][-1] < 4.0
