"""Edit lists, opened again and compared to the frame: 25, 29.97 and a variable rate."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import av
import opentimelineio as otio
import pytest

from tests import numbered
from tools.errors import RefusedRequest
from tools.export.edit_lists import EditList, edit_list, to_edl, to_otio
from tools.export.fcpxml import to_fcpxml
from tools.export.moments import Moment, moments_of
from tools.export.rates import (
    STANDARD,
    frame_span,
    is_drop_frame,
    standard_rate,
    timecode_frames,
)
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence, Video
from tools.models.providers import BARE

NTSC = Fraction(30000, 1001)
QUOTE = 'He said "cut"\n* FROM CLIP NAME: evil <&>'
LINE = '[7] "He said "cut" * FROM CLIP NAME: evil <&>"'
TITLE = 'Zoë\'s "cut" & <co>'
UNEVEN = [4 * n - n % 2 for n in range(90)]
"""Times of pictures in hundredths of a second: 3 and 5 from one to the next, in turns."""


@dataclass(frozen=True)
class Shelf:
    library: Library
    videos: dict[str, Video]


@pytest.fixture(scope="module")
def shelf(encode: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("edits")
    library = Library(folder / "home")
    files = {
        "25": numbered.film(encode, folder / "a b%20c.mp4", Fraction(25), 100, tone=True),
        "29.97": numbered.film(encode, folder / "ntsc.mp4", NTSC, 1980),
        "variable": numbered.uneven_film(encode, folder / "uneven.mp4", UNEVEN, 100),
    }
    made = {
        name: ingest(library, path, providers=BARE, title=f"{TITLE} {name}", sampling="uniform")
        for name, path in files.items()
    }
    return Shelf(library, made)


def quoted(video: Video, start: float, end: float, handle: int = 7) -> Moment:
    one = Evidence(f"speech:{video.id}@0", video.id, start, end, "speech", QUOTE)
    return Moment(one, handle, start, end)


Frames = list[tuple[int, int]]
CUTS: dict[str, Frames] = {
    "25": [(7, 33), (58, 60), (29, 41)],
    "29.97": [(1780, 1830), (17, 58), (1798, 1799)],
    "variable": [(16, 42), (58, 76)],
}
"""Frames of the source, in and out; those at 29.97 lie around the two numbers that are dropped."""


@dataclass(frozen=True)
class Case:
    name: str
    video: Video
    rate: Fraction
    frames: Frames
    edits: EditList


@pytest.fixture(params=CUTS)
def case(shelf: Shelf, request: pytest.FixtureRequest) -> Case:
    name = request.param
    video, rate = shelf.videos[name], NTSC if name == "29.97" else Fraction(25)
    # Evidence is told in whole milliseconds.
    moments = [
        quoted(video, round(float(a / rate), 3), round(float(b / rate), 3)) for a, b in CUTS[name]
    ]
    return Case(name, video, rate, CUTS[name], edit_list(shelf.library, moments, "An edit"))


def offsets(frames: Frames) -> list[int]:
    return [sum(b - a for a, b in frames[:n]) for n in range(len(frames))]


def test_the_rate_is_that_of_the_video_or_the_nearest(case: Case) -> None:
    assert case.edits.rate == case.rate
    assert [(edit.first, edit.last) for edit in case.edits.edits] == case.frames
    assert [edit.at for edit in case.edits.edits] == offsets(case.frames)


def test_an_edl_opens_with_the_same_frames(case: Case) -> None:
    text = to_edl(case.edits)
    opened: Any = otio.adapters.read_from_string(text, "cmx_3600", rate=float(case.rate))
    assert opened.name == "An edit"
    kinds = ["Video", "Audio"] if case.name == "25" else ["Video"]
    assert [track.kind for track in opened.tracks] == kinds
    for track in opened.tracks:
        clips = list(track)
        found = [c.source_range for c in clips]
        assert [(r.start_time.value, r.end_time_exclusive().value) for r in found] == case.frames
        placed = [track.range_of_child(c).start_time.value for c in clips]
        assert placed == offsets(case.frames)
        for clip in clips:
            assert clip.name == case.video.title
            assert path_of(clip.media_reference.target_url) == case.video.path
            assert clip.metadata["cmx_3600"]["comments"][0] == LINE
            for marker in clip.markers:  # none at 29.97: the adapter reads no semicolon there
                assert marker.name == LINE.upper()
                assert marker.marked_range.start_time == clip.source_range.start_time
    codes = [line.split()[4] for line in text.splitlines() if line[:3].isdecimal()]
    assert re.findall(r"^\* LOC: (\S+) GREEN ", text, re.M) == codes


def path_of(url: str) -> str:
    return unquote(urlsplit(url).path)


def test_the_numbers_that_a_minute_drops_are_not_in_the_edl(case: Case) -> None:
    text = to_edl(case.edits)
    if case.name == "29.97":
        assert "FCM: DROP FRAME\n" in text
        assert re.search(r"^001 .* 00:00:59;10 00:01:01;02 00:00:00;00 00:00:01;20$", text, re.M)
        assert "00:01:00;00" not in text and "00:01:00;01" not in text
    else:
        assert "FCM: NON-DROP FRAME\n" in text and ";" not in text


def test_otio_opens_with_the_same_frames(case: Case) -> None:
    opened: Any = otio.adapters.read_from_string(to_otio(case.edits), "otio_json")
    kinds = ["Video", "Audio"] if case.name == "25" else ["Video"]
    assert [track.kind for track in opened.tracks] == kinds
    for track in opened.tracks:
        ranges = [clip.source_range for clip in track]
        assert [(r.start_time.value, r.end_time_exclusive().value) for r in ranges] == case.frames
        assert {r.start_time.rate for r in ranges} == {float(case.rate)}
        for clip in track:
            assert (clip.name, clip.markers[0].name) == (case.video.title, LINE)
            media = clip.media_reference
            assert path_of(media.target_url) == case.video.path
            assert media.available_range.contains(clip.source_range)


def seconds(text: str) -> Fraction:
    assert text.endswith("s")
    return Fraction(text[:-1])


def test_fcpxml_names_the_same_frames(case: Case) -> None:
    root = ElementTree.fromstring(to_fcpxml(case.edits))
    clips = root.findall(".//spine/asset-clip")

    def frames(element: ElementTree.Element, name: str) -> Fraction:
        return seconds(element.attrib[name]) * case.rate

    spans = [(frames(one, "start"), frames(one, "duration")) for one in clips]
    assert [(first, first + count) for first, count in spans] == case.frames
    assert [frames(one, "offset") for one in clips] == offsets(case.frames)
    sequence = root.find(".//sequence")
    assert sequence is not None and frames(sequence, "duration") == sum(
        b - a for a, b in case.frames
    )
    assert sequence.attrib["tcFormat"] == ("DF" if case.name == "29.97" else "NDF")
    format = root.find(f".//format[@id='{sequence.attrib['format']}']")
    assert format is not None and seconds(format.attrib["frameDuration"]) == 1 / case.rate
    asset = root.find(".//asset")
    assert asset is not None and path_of(asset.attrib["src"]) == case.video.path
    assert asset.get("hasAudio") == ("1" if case.name == "25" else None)
    for one in clips:
        assert one.attrib["name"] == case.video.title
        assert one.findtext("note") == LINE
        marker = one.find("marker")
        assert marker is not None and marker.attrib["value"] == LINE
        assert marker.attrib["start"] == one.attrib["start"]


def in_whole_rates(text: str, rate: Fraction) -> str:
    """FCPXML as the adapter reads it: of 29.97 it takes 29, and of a time what a float leaves.

    So it is told of 30 frames a second, and each time is one two-thousandth of a frame later.
    """
    root = ElementTree.fromstring(text)
    whole = Fraction(math.ceil(rate))
    for element in root.iter():
        for name in ("start", "duration", "offset"):
            if name in element.attrib:
                frames = seconds(element.attrib[name]) * rate
                assert frames.denominator == 1
                told = (frames + (Fraction(1, 2000) if frames else 0)) / whole
                element.set(name, f"{told.numerator}/{told.denominator}s" if frames else "0s")
        if "frameDuration" in element.attrib:
            element.set("frameDuration", f"1/{whole}s")
    return ElementTree.tostring(root, "unicode")


def test_the_adapter_opens_fcpxml_with_the_same_frames(case: Case) -> None:
    told = in_whole_rates(to_fcpxml(case.edits), case.rate)
    (opened,) = otio.adapters.read_from_string(told, "fcpx_xml")
    (track,) = opened.tracks
    ranges = [clip.source_range for clip in track]
    assert [(r.start_time.value, r.end_time_exclusive().value) for r in ranges] == case.frames
    placed = [track.range_of_child(clip).start_time.value for clip in track]
    assert placed == offsets(case.frames)
    for clip in track:
        assert (clip.name, clip.markers[0].name) == (case.video.title, LINE)
        assert path_of(clip.media_reference.target_url) == case.video.path


def test_a_variable_rate_tells_the_true_time_and_says_so(case: Case) -> None:
    forms = [to_edl(case.edits), to_otio(case.edits), to_fcpxml(case.edits)]
    for text in forms:
        told = "its frame rate varies: times are those of presentation, in frames of 25" in text
        assert told == (case.name == "variable")


def test_the_frames_of_an_uneven_video_hold_the_times_of_its_pictures(shelf: Shelf) -> None:
    video = shelf.videos["variable"]
    times = [time for time, _ in numbered.read(Path(video.path))]
    assert times[21] == pytest.approx(0.83, abs=1e-3)
    (edit,) = edit_list(shelf.library, [quoted(video, times[21], times[31])], "x").edits
    assert (edit.first, edit.last) == (20, 31)
    assert edit.first <= times[21] * 25 < edit.first + 1
    assert edit.last - 1 < times[31] * 25 <= edit.last


def test_videos_of_other_rates_share_one_and_say_so(shelf: Shelf) -> None:
    first, other = shelf.videos["25"], shelf.videos["29.97"]
    moments = [quoted(first, 1.0, 2.0), quoted(first, 2.0, 3.0, 8), quoted(other, 10.0, 12.0, 9)]
    edits = edit_list(shelf.library, moments, "Both")
    assert edits.rate == 25
    assert [(e.first, e.last) for e in edits.edits] == [(25, 50), (50, 75), (250, 300)]
    (remark,) = edits.remarks
    assert remark.endswith(
        "it has 29.97 frames a second: times are those of presentation, in frames of 25 a second"
    )
    reels = re.findall(r"^\d{3}  (\S+) +(\S+) +C ", to_edl(edits), re.M)
    assert reels == [("ZOSCU001", "B"), ("ZOSCU001", "B"), ("ZOSCU002", "V")]
    root = ElementTree.fromstring(to_fcpxml(edits))
    durations = [one.attrib["frameDuration"] for one in root.iter("format")]
    assert durations == ["1/25s", "1/25s", "1001/30000s"]


def with_timecode(path: Path, code: str) -> Path:
    """The same film, beginning with a timecode, as cameras write it."""
    made = path.with_name(f"{path.stem} {code.replace(':', '.').replace(';', '_')}.mp4")
    with av.open(str(path)) as source, av.open(str(made), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        target.metadata["timecode"] = code
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return made


@pytest.mark.parametrize(
    ("code", "start", "shown"),
    [
        ("01:00:00;00", 107892, r"01:00:00;17 01:00:01;28 00:00:00;00 00:00:01;11"),
        ("01:00:00:00", 108000, r"01:00:00:17 01:00:01:28 00:00:00:00 00:00:01:11"),
        ("23:59:59:20", 0, r"00:00:00;17 00:00:01;28 00:00:00;00 00:00:01;11"),  # past midnight
    ],
)
def test_frames_are_counted_from_the_timecode_of_the_file(
    encode: Callable[..., Path], tmp_path: Path, code: str, start: int, shown: str
) -> None:
    library = Library(tmp_path / "home")
    film = numbered.film(encode, tmp_path / "ntsc.mp4", NTSC, 90)
    video = ingest(library, with_timecode(film, code), providers=BARE)
    moment = quoted(video, round(float(17 / NTSC), 3), round(float(58 / NTSC), 3))
    edits = edit_list(library, [moment], "By timecode")
    assert re.search(rf"^001 .* {shown}$", to_edl(edits), re.M)
    opened: Any = otio.adapters.read_from_string(to_otio(edits), "otio_json")
    (clip,) = opened.tracks[0]
    assert clip.source_range.start_time.value == start + 17
    assert clip.media_reference.available_range.start_time.value == start
    assert clip.media_reference.available_range.contains(clip.source_range)
    root = ElementTree.fromstring(to_fcpxml(edits))
    found = [root.find(path) for path in (".//asset", ".//asset-clip", ".//marker")]
    frames = [seconds(one.attrib["start"]) * NTSC for one in found if one is not None]
    assert frames == [start, start + 17, start + 17]


@pytest.mark.parametrize("rate", STANDARD, ids=lambda rate: f"{float(rate):.5g}")
def test_timecodes_are_read_as_they_are_written_elsewhere(rate: Fraction) -> None:
    for frames in range(0, 23 * 3600 * 24, 12345):
        time = otio.opentime.RationalTime(frames, float(rate))
        code = otio.opentime.to_timecode(time, float(rate), None)
        assert timecode_frames(code, rate) == frames
    for code in ("", "01:00:00", "24:00:00:00", "00:60:00:00", "00:00:00:60", "1:00:00:00 evil"):
        assert timecode_frames(code, rate) is None


def test_sound_alone_is_on_a_track_of_its_own(tmp_path: Path, media: Path) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, media / "odd" / "mb_multi_aac.mp4", providers=BARE)
    edits = edit_list(library, [quoted(video, 1.0, 2.0)], "Sound")
    opened: Any = otio.adapters.read_from_string(to_otio(edits), "otio_json")
    assert [track.kind for track in opened.tracks] == ["Audio"]
    opened = otio.adapters.read_from_string(to_edl(edits), "cmx_3600", rate=25)
    assert [track.kind for track in opened.tracks] == ["Audio"]


def test_an_instant_lasts_and_a_whole_video_is_no_moment(shelf: Shelf) -> None:
    video = shelf.videos["25"]

    def kinds(*evidence: Evidence) -> Iterator[tuple[float, float]]:
        found = moments_of(shelf.library, [(one, n) for n, one in enumerate(evidence, 1)])
        return ((one.start, one.end) for one in found)

    def of(kind: Any, start: float, end: float) -> Evidence:
        return Evidence("x", video.id, start, end, kind, "")

    length = video.duration
    assert list(kinds(of("frame", 1.0, 1.0), of("video", 0.0, length), of("frame", 1.0, 1.0))) == [
        (1.0, 3.0)
    ]
    assert list(kinds(of("frame", length, length))) == [(length - 2.0, length)]
    assert list(kinds(of("speech", 3.5, length + 1))) == [(3.5, length)]


def test_without_moments_there_is_no_edit_list(shelf: Shelf) -> None:
    with pytest.raises(RefusedRequest, match="no cited moment"):
        edit_list(shelf.library, [], "x")


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (29.97, NTSC), (29.97003, NTSC), (30.0, 30), (23.976, Fraction(24000, 1001)), (24.0, 24),
        (59.94, Fraction(60000, 1001)), (10.0, 30), (12.5, 25), (15.0, 30), (1.0, 24), (120.0, 60),
        (28.3, NTSC), (24.4, 24),
    ],
)  # fmt: skip
def test_each_rate_has_its_standard_one(fps: float, rate: Fraction) -> None:
    assert standard_rate(fps) == rate


@pytest.mark.parametrize("rate", STANDARD, ids=lambda rate: f"{float(rate):.5g}")
def test_times_in_whole_milliseconds_name_their_frames(rate: Fraction) -> None:
    for first in range(0, 4000, 7):
        start, end = (round(float(n / rate), 3) for n in (first, first + 1))
        assert frame_span(start, end, rate, 1e6) == (first, first + 1)
    assert frame_span(5.0, 9.0, rate, 3.0)[1] == math.floor(3 * rate + Fraction(6, 10000) * rate)


def test_two_rates_drop_frames() -> None:
    assert [float(f"{float(r):.5g}") for r in STANDARD if is_drop_frame(r)] == [29.97, 59.94]
