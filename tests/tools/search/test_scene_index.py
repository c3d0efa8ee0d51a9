"""Scenes first, then their frames: what is found, what is read, and what others change."""

import hashlib
import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.errors import Damaged
from tools.files.durable import remove_folder
from tools.search import scene_index as coarse
from tools.search.scene_index import FRAMES, MOST, Layer, segments
from tools.store.manifest import Manifests

WHERE = Path(__file__).parents[3] / "benchmarks" / "scene_index.py"  # no package that is installed
SPEC = importlib.util.spec_from_file_location("drawn_layers", WHERE)
assert SPEC and SPEC.loader
drawn: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(drawn)
PROVIDER, SECOND, Space, write = drawn.PROVIDER, drawn.SECOND, drawn.Space, drawn.write
DIMENSIONS = 64


@pytest.fixture
def space() -> Any:
    return Space(DIMENSIONS)


def best(found, query) -> str:
    return found.ids[int(np.argmax(found.array @ query))]


def test_a_segment_ends_at_each_cut_and_holds_what_its_rows_are(space: Any):
    array, cuts = space.video(300)
    times = [40 * row for row in range(300)]
    made = segments(array, times, [40 * cut for cut in cuts], 128)
    firsts = ((made["offset"] - 128) // (4 * DIMENSIONS)).tolist()
    assert set(cuts) <= set(firsts) and made["rows"].max() <= MOST and made["rows"].sum() == 300
    for first, one in zip(firsts, made, strict=True):
        rows = array[first : first + one["rows"]]
        mean = rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0))
        assert np.allclose(one["vector"], mean, atol=1e-3)
        assert one["check"].tobytes() == hashlib.sha256(rows.tobytes()).digest()
        assert one["milliseconds"][: one["rows"]].tolist() == times[first : first + len(rows)]


def test_what_is_seen_in_one_frame_of_a_long_scene_has_a_vector_of_its_own(space: Any):
    array = np.repeat(space.noise(1), 40, axis=0)
    array[17] = space.noise(1)[0]
    made = segments(array, range(40), [], 0)
    assert any(abs(one["vector"] @ array[17]) > 0.99 for one in made)
    still = segments(array[:1].repeat(100, axis=0), range(100), [], 0)
    assert still["rows"].sum() == 100 and still["rows"].max() <= MOST


def test_other_videos_take_little_work_and_hide_nothing(
    space: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With limits far below what there is, 60 of 60 best frames of 20 videos are found."""
    monkeypatch.setattr(coarse, "WHOLE", 300)
    monkeypatch.setattr(coarse, "NEAR", 200)
    monkeypatch.setattr(coarse, "READ", 40)
    array = {}
    for number in range(20):
        array[f"{number:016x}"], cuts = space.video(200)
        write(tmp_path / f"{number:016x}", array[f"{number:016x}"], cuts)
    layer = Layer(tmp_path, Manifests(tmp_path), PROVIDER, DIMENSIONS)
    queries = space.texts(np.arange(60)) - space.texts(np.arange(60, 160)).mean(axis=0)
    for query in queries:
        found, among = layer.frames(query)
        assert among > 200 and len(found.ids) <= 40 * MOST
        video = max(array, key=lambda name: (array[name] @ query).max())
        assert best(found, query) == f"frame:{video}@{SECOND * (array[video] @ query).argmax()}"
    few, _ = layer.frames(queries[0], ["0" * 16], start=10, end=12)
    assert few.ids == [f"frame:{'0' * 16}@{SECOND * at}" for at in (10, 11)]
    assert np.array_equal(few.array, array["0" * 16][10:12])


def test_what_another_process_adds_changes_or_removes_is_seen_at_once(
    space: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    videos = tmp_path / "videos"
    layer = Layer(videos, Manifests(videos), PROVIDER, DIMENSIONS)
    query = space.noise(1)[0]
    assert layer.frames(query)[0].ids == []
    write(videos / "a", *space.video(20))
    write(videos / "b", *space.video(30))
    assert len(layer.frames(query)[0].ids) == 50
    (videos / "b" / "manifest.json").unlink()
    remove_folder(videos / "b", tmp_path / "trash")
    assert len(layer.frames(query)[0].ids) == 20

    remove_folder(videos / "a", tmp_path / "trash")
    layer._seen = (videos.stat().st_mtime_ns, 2**63)  # what was seen last is taken for settled
    assert layer.frames(query)[0].ids == []  # it went between the look and the reading
    write(videos / "a", *space.video(20))
    layer.frames(query)

    loaded = list[str]()
    array = Manifests.array
    monkeypatch.setattr(Manifests, "array", lambda s, v, n: loaded.append(v) or array(s, v, n))
    write(videos / "c", *space.video(10))
    remove_folder(videos / "a", tmp_path / "trash")
    write(videos / "a", *space.video(7))
    assert sorted(layer.frames(query)[0].ids) == sorted(
        [f"frame:c@{SECOND * at}" for at in range(10)]
        + [f"frame:a@{SECOND * at}" for at in range(7)]
    )
    assert sorted(loaded) == ["a", "c"]  # the rest is not read again
    assert Layer(videos, Manifests(videos), "another", DIMENSIONS).frames(query)[0].ids == []


def test_a_stray_file_among_the_videos_is_no_video(space: Any, tmp_path: Path):
    write(tmp_path / "a", *space.video(20))
    (tmp_path / ".DS_Store").write_bytes(b"Bud1")
    layer = Layer(tmp_path, Manifests(tmp_path), PROVIDER, DIMENSIONS)
    assert len(layer.frames(space.noise(1)[0])[0].ids) == 20


def test_nothing_is_looked_through_where_nothing_changed(
    space: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "a", *space.video(20))
    os.utime(tmp_path, ns=(1, 1))
    layer = Layer(tmp_path, Manifests(tmp_path), PROVIDER, DIMENSIONS)
    query = space.noise(1)[0]
    layer.frames(query)
    monkeypatch.setattr(Manifests, "get", lambda *_: pytest.fail("a manifest was read"))
    assert len(layer.frames(query)[0].ids) == 20


@pytest.mark.parametrize("harm", ["cut short", "changed", "gone"])
def test_frames_that_are_not_what_was_written_are_named(space: Any, tmp_path: Path, harm: str):
    write(tmp_path / "a", *space.video(20))
    layer = Layer(tmp_path, Manifests(tmp_path), PROVIDER, DIMENSIONS)
    query = space.noise(1)[0]
    layer.frames(query)
    path = tmp_path / "a" / FRAMES
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(data if harm == "changed" else data[:-100])
    with pytest.raises(Damaged, match=r"pictures\.npy of a is damaged: run"):
        layer.frames(query)


def test_frames_that_another_model_of_the_same_name_saw_are_left_out(space: Any, tmp_path: Path):
    write(tmp_path / "a", *space.video(20))
    write(tmp_path / "b", *Space(DIMENSIONS // 2).video(20))
    layer = Layer(tmp_path, Manifests(tmp_path), PROVIDER, DIMENSIONS)
    found, among = layer.frames(space.noise(1)[0])
    assert {id.partition("@")[0] for id in found.ids} == {"frame:a"} and among
    assert layer.foreign() == {"b"}
    remove_folder(tmp_path / "a", tmp_path.parent / "trash")
    assert layer.frames(space.noise(1)[0])[0].ids == [] and layer.foreign() == {"b"}
    remove_folder(tmp_path / "b", tmp_path.parent / "trash")
    write(tmp_path / "b", *space.video(7))  # seen again
    assert len(layer.frames(space.noise(1)[0])[0].ids) == 7 and not layer.foreign()
