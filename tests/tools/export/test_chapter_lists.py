"""Chapters as text, read again: by YouTube's rules, as WebVTT, and by FFmpeg."""

import re
from itertools import pairwise
from pathlib import Path

import av
import pysubs2
import pytest

from tests.conftest import Shelf
from tools.errors import RefusedRequest
from tools.export.chapter_lists import chapters_of, to_ffmetadata, to_webvtt, to_youtube
from tools.library import Library
from tools.media import Chapter
from tools.summary.titles import chapters

TITLES = ["a=b; #1 \\ end", "two\nlines\r\nx", "--> <b>", "", "Zoë"]


def made(*starts: float, end: float, titles: list[str] | None = None) -> list[Chapter]:
    named = titles or [f"Part {n}" for n in range(1, len(starts) + 1)]
    spans = zip(starts, [*starts[1:], end], named, strict=True)
    return [Chapter("0" * 16, first, last, title, "") for first, last, title in spans]


def test_youtube_takes_the_chapters_of_a_talk(talk: tuple[Library, str]) -> None:
    found = chapters_of(*talk)
    assert found == chapters(*talk) and len(found) >= 3
    lines = to_youtube(found).splitlines()
    times = [int(line[:2]) * 60 + int(line[3:5]) for line in lines]
    assert times[0] == 0 and all(later - before >= 10 for before, later in pairwise(times))
    assert [line[6:] for line in lines] == [one.title for one in found]


def test_brief_chapters_join_the_one_before_them() -> None:
    text = to_youtube(made(0.4, 3.0, 12.0, 30.0, 38.0, 60.0, 95.0, end=98.0))
    assert text == "00:00 Part 1\n00:12 Part 3\n00:30 Part 4\n01:00 Part 6\n"


def test_hours_stand_before_every_time_or_none() -> None:
    text = to_youtube(made(0.0, 600.0, 3661.9, end=7200.0))
    assert text == "0:00:00 Part 1\n0:10:00 Part 2\n1:01:01 Part 3\n"


def test_fewer_than_youtube_takes_is_told() -> None:
    with pytest.raises(RefusedRequest, match="3 chapters or more, each of 10 s or more"):
        to_youtube(made(0.0, 8.0, 60.0, end=90.0))


def test_a_video_that_nothing_parts_has_none(shelf: Shelf) -> None:
    with pytest.raises(RefusedRequest, match="'kettle!' has no chapters"):
        chapters_of(shelf.library, shelf.video)


def test_webvtt_holds_a_cue_a_chapter() -> None:
    text = to_webvtt(made(0.0, 10.5, 20.0, 30.0, 3700.25, end=3800.0, titles=TITLES))
    cues = pysubs2.SSAFile.from_string(text, "vtt")
    assert [(one.start, one.end) for one in cues] == [
        (0, 10500), (10500, 20000), (20000, 30000), (30000, 3700250), (3700250, 3800000),
    ]  # fmt: skip
    assert "two lines x" in text and "--&gt; &lt;b&gt;" in text and text.count("-->") == 5


def test_ffmpeg_reads_the_same_chapters(tmp_path: Path) -> None:
    wanted = made(0.0, 10.5, 20.0, 30.0, 3700.25, end=3800.0, titles=TITLES)
    path = tmp_path / "chapters.ffmetadata"
    path.write_text(to_ffmetadata(wanted), "utf-8")
    with av.open(str(path), format="ffmetadata") as opened:
        rows = opened.chapters()
    times = [(float(r["start"] * r["time_base"]), float(r["end"] * r["time_base"])) for r in rows]
    assert times == [(one.start, one.end) for one in wanted]
    titles = [r["metadata"]["title"] for r in rows]
    assert titles == ["a=b; #1 \\ end", "two lines x", "--> <b>", "…", "Zoë"]
    assert not re.search(r"^lines", path.read_text("utf-8"), re.M)
