"""Edit lists: moments as a cut that an editing program opens (CMX 3600 EDL, FCPXML, OTIO).

An edit list has one rate. It is that of the video with most moments, or the nearest standard one;
every time is one of presentation, told in frames of that rate, from the timecode on with which the
file begins. The clips bear the titles of their videos; the quotations, with their numbers, stand in
markers and notes.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

from tools.errors import RefusedRequest
from tools.export.moments import Moment
from tools.export.originals import media_url
from tools.export.rates import (
    SAME,
    drops,
    frame_span,
    frames_in,
    is_drop_frame,
    standard_rate,
    timecode_frames,
)
from tools.library import Library
from tools.text.clean import clean

TITLE = 120
"""Characters of a title."""
MOST_EVENTS = 999
"""Events of an EDL: their numbers have three digits."""
DAY = 86_400
"""Seconds that a timecode counts, at most."""


@dataclass(frozen=True)
class Source:
    """A video that is cut from; rate is its own nearest standard one, frames those of the cut's."""

    id: str
    title: str
    url: str
    rate: Fraction
    start: int
    """Frame of its timecode with which it begins; 0 without one."""
    frames: int
    size: tuple[int, int] | None
    heard: bool
    uneven: str
    """How its own rate differs from that of the cut; empty where it does not."""
    counts_all: bool
    """True of a timecode that leaves out no numbers."""


@dataclass(frozen=True)
class Edit:
    """A moment in frames of the cut: [first, last) of the source, from `at` on in the cut."""

    moment: Moment
    source: Source
    first: int
    last: int
    at: int

    @property
    def code(self) -> int:
        """First frame by the timecode of the source."""
        return self.source.start + self.first


@dataclass(frozen=True)
class EditList:
    """Moments, one after the other, at one rate."""

    title: str
    rate: Fraction
    edits: tuple[Edit, ...]

    @property
    def frames(self) -> int:
        """Length in frames."""
        return self.edits[-1].at + self.edits[-1].last - self.edits[-1].first

    @property
    def drops(self) -> bool:
        """True of a rate that drops numbers, unless the timecode of a source drops none."""
        return is_drop_frame(self.rate) and not any(one.counts_all for one in self.sources)

    @property
    def sources(self) -> list[Source]:
        """Sources in the order in which they come."""
        return list({edit.source.id: edit.source for edit in self.edits}.values())

    @property
    def remarks(self) -> list[str]:
        """Remarks for the editor on sources with another rate, whose times are rounded."""
        return [f"{one.title}: {one.uneven}" for one in self.sources if one.uneven]


def edit_list(library: Library, moments: Sequence[Moment], title: str) -> EditList:
    """Place moments one after the other; RefusedRequest where there are none."""
    if not moments:
        raise RefusedRequest("there is no cited moment for an edit list")
    counts = Counter(moment.evidence.video for moment in moments)
    fps = {id: library.get(id).fps for id in counts}
    seen = [id for id, _ in counts.most_common() if fps[id]]
    rate = standard_rate(fps[seen[0]] or 25.0) if seen else Fraction(25)
    sources = {id: _source(library, id, rate) for id in counts}
    edits: list[Edit] = []
    at = 0
    for moment in moments[:MOST_EVENTS]:
        source = sources[moment.evidence.video]
        length = library.get(source.id).duration
        first, last = frame_span(moment.start, moment.end, rate, length)
        edits.append(Edit(moment, source, first, last, at))
        at += last - first
    return EditList(clean(title, TITLE) or "Cuepoint", rate, tuple(edits))


def _source(library: Library, id: str, rate: Fraction) -> Source:
    video, probe = library.get(id), library.manifest(id)["probe"]
    own = standard_rate(video.fps) if video.fps else rate
    told = f"times are those of presentation, in frames of {float(rate):.5g} a second"
    uneven = ""
    if video.fps and probe["video"].get("variable"):
        uneven = f"its frame rate varies: {told}"
    elif video.fps and abs(video.fps - rate) > 0.01:
        uneven = f"it has {video.fps:.5g} frames a second: {told}"
    frames, start = max(frames_in(video.duration, rate), 1), 0
    code = probe.get("timecode") or ""  # None of what was indexed before it was read
    if video.fps and abs(video.fps - own) <= SAME:
        start = math.floor((timecode_frames(code, own) or 0) / own * rate)
    if start + frames > DAY * rate:
        start = 0
    return Source(
        id, clean(video.title, TITLE), media_url(library, video), own, start, frames,
        (video.width, video.height) if video.width and video.height else None,
        bool(probe["audio"]), uneven, start > 0 and not drops(code),
    )  # fmt: skip


def to_otio(edits: EditList) -> str:
    """OpenTimelineIO's own JSON, with a track for pictures and one for sound."""
    otio = _otio()
    timeline = _timeline(edits)
    tracks = [(otio.schema.TrackKind.Video, "V1"), (otio.schema.TrackKind.Audio, "A1")]
    for kind, name in tracks:
        track = otio.schema.Track(name=name, kind=kind)
        for edit in edits.edits:
            is_video = kind == otio.schema.TrackKind.Video
            there = edit.source.size if is_video else edit.source.heard
            clip = _clip(edit, edits.rate)
            track.append(clip if there else otio.schema.Gap(source_range=clip.source_range))
        if any(isinstance(item, otio.schema.Clip) for item in track):
            timeline.tracks.append(track)
    return otio.adapters.write_to_string(timeline, "otio_json")


def to_edl(edits: EditList) -> str:
    """CMX 3600; with drop-frame timecode where the rate has one.

    The adapter writes one track: which channels an event takes (V, A or both: B) is put in after.
    """
    otio = _otio()
    timeline = _timeline(edits)
    rate = edits.rate if edits.drops else Fraction(math.ceil(edits.rate))  # frames, but for drops
    track = otio.schema.Track(name="V", kind=otio.schema.TrackKind.Video)
    numbers = {one.id: number for number, one in enumerate(edits.sources, 1)}
    for edit in edits.edits:
        clip = _clip(edit, rate)
        remarks = [edit.source.uneven] if edit.source.uneven else []
        letters = re.sub(r"[^A-Za-z0-9]", "", edit.source.title)[:5].upper()
        reel = f"{letters}{numbers[edit.source.id]:03d}"  # eight letters, one a source
        clip.metadata["cmx_3600"] = {"reel": reel, "comments": [edit.moment.note, *remarks]}
        track.append(clip)
    timeline.tracks.append(track)
    adapter: Any = import_module("otio_cmx3600_adapter.cmx_3600")
    text: str = adapter.write_to_string(timeline, rate=float(rate), style="nucoda")
    sources = [edit.source for edit in edits.edits]
    channels = ["V" if not one.heard else "B" if one.size else "A" for one in sources]

    def with_channel(event: re.Match[str]) -> str:
        return f"{event[1]}{channels[int(event[2]) - 1]:<5}"

    text = re.sub(r"(?m)^((\d{3})  \S+ +)V    ", with_channel, text)
    code = "DROP FRAME" if edits.drops else "NON-DROP FRAME"
    return text.replace("\n\n", f"\nFCM: {code}\n\n", 1)


def _otio() -> Any:
    """OpenTimelineIO, which has no types and is loaded where it is needed."""
    return import_module("opentimelineio")


def _timeline(edits: EditList) -> Any:
    otio = _otio()
    about = {"cuepoint": {"remarks": edits.remarks}} if edits.remarks else {}
    return otio.schema.Timeline(name=edits.title, metadata=about)


def _clip(edit: Edit, rate: Fraction) -> Any:
    """Clip of OpenTimelineIO with the quotation as a marker at its first frame."""
    otio = _otio()

    def span(first: int, count: int) -> Any:
        times = (otio.opentime.RationalTime(value, float(rate)) for value in (first, count))
        return otio.opentime.TimeRange(*times)

    one = edit.moment.evidence
    marker = otio.schema.Marker(
        name=edit.moment.note,
        marked_range=span(edit.code, 1),
        color=otio.schema.MarkerColor.GREEN,
        comment=edit.source.uneven,
        metadata={"cuepoint": {"id": one.id, "start": one.start, "end": one.end}},
    )
    media = otio.schema.ExternalReference(
        edit.source.url, span(edit.source.start, edit.source.frames)
    )
    where = span(edit.code, edit.last - edit.first)
    clip = otio.schema.Clip(edit.source.title, media, where, metadata={})
    clip.markers.append(marker)
    return clip
