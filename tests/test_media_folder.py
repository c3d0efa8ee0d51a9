"""Every file of the folder of real videos: indexed, or refused, as the contract says."""

import json
import os
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tools.errors import UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.integrity.verify import verify
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE
from tools.store.frames import sample_frames
from tools.store.store import STAGES
from tools.vision.sampling import STRATEGIES
from ui.render import Json

ROOT = Path(__file__).parents[1]
FOLDER = Path(os.environ.get("CUEPOINT_MEDIA", ROOT.parent / "shared" / "media"))
VIDEOS = {".mp4", ".avi", ".webm", ".mov", ".mkv"}
UNREADABLE = {"empty.mp4", "text_renamed.mp4", "truncated_intel_bottle.mp4"}
SOUND_ONLY = {"mb_multi_aac.mp4", "pop_italia.mp4"}
CUT_SHORT = {"truncated_bbb.webm", "truncated_simpl_chrome.mp4"}
LONG = {"ax_long_1080p_low.mp4", "ax_long_180p_av1.mp4"}
UPRIGHT = {
    "ax_2_top_shots.mp4": (1080, 1440),
    "ax_edit_list.mp4": (1080, 1920),
    "ax_portrait_4k60.mp4": (2160, 3840),
    "ax_rot180.mp4": (1280, 720),
    "decord_video_90.mov": (320, 568),
    "decord_video_180.mov": (568, 320),
    "mb_rotate_bbb.mp4": (1080, 1920),
}


def files() -> list[str]:
    """Videos of the folder; one name where it is not there, so that its absence is seen."""
    found = [path for part in ("clips", "odd") for path in sorted((FOLDER / part).glob("*.*"))]
    names = [f"{path.parent.name}/{path.name}" for path in found if path.suffix in VIDEOS]
    return names or ["clips/none"]


ALL = files()
GOOD = [name for name in ALL if Path(name).name not in UNREADABLE | LONG]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "home")


@pytest.fixture(scope="module")
def indexed(
    media: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Library, Video]]:
    """`indexed(name)` gives a library that holds this video alone, indexed once, and the video."""

    @cache
    def index(name: str) -> tuple[Library, Video]:
        library = Library(tmp_path_factory.mktemp("library") / "home")
        return library, ingest(library, media / name, providers=BARE)

    return index


def valid(rows: list[dict[str, Any]], keys: set[str]) -> None:
    assert all(set(row) == keys for row in rows)
    json.dumps(rows, allow_nan=False)
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", GOOD)
def test_a_video_is_indexed(
    name: str, media: Path, indexed: Callable[[str], tuple[Library, Video]]
) -> None:
    path = media / name
    library, video = indexed(name)
    assert video.state == "ready" and video.duration > 0
    assert {stage.state for stage in video.stages.values()} <= {"done", "skipped"}
    notes = " ".join(video.notes)
    assert ("cut short" in notes) == (path.name in CUT_SHORT), notes
    render = Json(library)
    json.dumps(render(video), allow_nan=False)
    frames, scenes = library.frames(video.id), library.scenes(video.id)
    rows = render(frames)
    valid(rows, {"id", "video", "seconds", "image", "reason"})
    assert all(row["reason"] and Path(row["image"]).is_file() for row in rows)
    valid(render(scenes), {"id", "video", "start", "end", "image"})
    said = render(library.utterances(video.id))
    valid(
        said, {"id", "video", "start", "end", "text", "speaker", "source", "language", "confidence"}
    )
    if path.name in SOUND_ONLY:
        assert (video.width, video.height, video.fps) == (None, None, None)
        assert frames == [] and scenes == [] and "sound only" in notes
        assert sample_frames(library, video.id, "uniform") == []
        return
    assert video.width and video.height and video.fps
    assert UPRIGHT.get(path.name, (video.width, video.height)) == (video.width, video.height)
    assert frames and frames == sorted(frames, key=lambda one: one.seconds)
    assert frames[0].seconds >= 0 and frames[-1].seconds <= video.duration + 0.05
    assert scenes[0].start == 0.0
    assert all(a.end == b.start for a, b in pairwise(scenes))
    assert scenes[-1].end >= video.duration - 0.05
    assert verify(library) == []


@pytest.mark.parametrize("name", [n for n in ALL if Path(n).name in UNREADABLE] or ALL[:1])
def test_what_is_no_video_is_refused_in_one_line(name: str, media: Path, library: Library) -> None:
    with pytest.raises(UnreadableMedia) as error:
        ingest(library, media / name, providers=BARE)
    assert Path(name).name in str(error.value)
    assert library.list() == [] and not list(library.root.glob("videos/*"))


@pytest.mark.parametrize("name", [n for n in ALL if Path(n).name in LONG] or ALL[:1])
def test_a_long_video_can_be_asked_after_its_keyframes(
    name: str, media: Path, library: Library
) -> None:
    video = ingest(library, media / name, providers=BARE, only=("keyframes",))
    assert video.state == "queued" and video.duration == pytest.approx(362.77, abs=0.1)
    states = [video.stages[stage].state for stage in STAGES]
    assert states[:4] == ["done", states[1], "done", "waiting"]
    frames = library.frames(video.id)
    assert len(frames) > 20 and {frame.reason for frame in frames} == {"keyframe"}
    assert library.coverage(video.id).longest_gap < 30


@pytest.mark.parametrize(
    "name",
    ["clips/skv_bikes.mp4", "clips/moviepy_fire2.mp4", "odd/mb_annexb.mkv",
     "odd/moviepy_no_duration.webm", "odd/psd_counter.mp4"],
)  # fmt: skip
def test_every_strategy_gives_frames_with_reasons(
    name: str, indexed: Callable[[str], tuple[Library, Video]]
) -> None:
    library, video = indexed(name)
    render = Json(library)
    for strategy in STRATEGIES:
        frames = sample_frames(library, video.id, strategy, count=8)
        rows = render(frames)
        valid(rows, {"id", "video", "seconds", "image", "reason"})
        assert 1 <= len(rows) <= 8, strategy
        assert all(row["reason"] and Path(row["image"]).is_file() for row in rows), strategy
        assert all(0 <= row["seconds"] <= video.duration + 0.05 for row in rows), strategy
        assert [row["seconds"] for row in rows] == sorted(row["seconds"] for row in rows), strategy
    late = sample_frames(library, video.id, "dense", start=video.duration / 2)
    assert all(frame.seconds >= video.duration / 2 for frame in late)
