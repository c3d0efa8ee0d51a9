"""The clock of a file: one time axis for picture, sound and subtitles.

Where two recordings were joined, the clock of a transport stream begins anew or skips an hour. The
places are found in one reading of the packets; from then on each packet counts on from the one
before, so that a second is the same moment for everything that is read. Runs inside the sandbox.
"""

import contextlib
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from tools.sandbox import Event
from tools.video.container import (
    FAULTS,
    JOINABLE,
    MAX_FAULTS,
    decoder_message,
    lineup,
    open_media,
    origin,
    sound_stream,
    video_stream,
)

LATE = 0.1
"""Seconds of a file's own clock up to which it begins at zero."""
BACK, AHEAD = 1.0, 10.0
"""Seconds back or ahead from which on a time belongs to another clock, if all tracks agree."""
SURE = 1.0
"""Seconds that must follow on the other clock: a single time that is wrong is no clock."""
MAX_JUMPS = 10_000
MAX_HELD = 5000
"""Packets held while a keyframe is looked for, at most."""


@dataclass(frozen=True)
class Clock:
    """Zero and length of a file in seconds, and where its own clock jumps."""

    start: float
    duration: float | None
    jumps: tuple[tuple[float, float], ...] = ()
    """Seconds at which the file's clock jumps, and by how much: below zero, it begins anew."""
    _offsets: dict[int, list[tuple[int, float]]] = field(default_factory=dict[int, Any])
    """Byte positions by stream, and the seconds to add from there on; -1 is any other stream."""

    def packets(
        self, container: InputContainer, *streams: Stream, since: float | None = None
    ) -> "Iterator[Packet[Any]]":
        """Packets on the one clock, from the last keyframe before `since` seconds on.

        Where the clock jumps, a file cannot be searched by time: it is read from its start, and
        what comes before the keyframe is not decoded.
        """
        if not self.jumps:
            if since is None:
                yield from container.demux(*streams)
            else:
                yield from self._sought(container, streams, since)
        elif since is None:
            yield from self._corrected(container.demux(*streams))
        else:
            container.seek(0)
            packets = self._corrected(container.demux(*streams))
            yield from self._since(since, streams[0], packets)

    def frames(
        self,
        container: InputContainer,
        *streams: Stream,
        since: float | None = None,
        most: float = MAX_FAULTS,
    ) -> Iterator[Any]:
        """Decoded frames of these packets; a string is the message of damage that was skipped.

        Ends after more than `most` faults; without a limit, at the first fault of the container.
        """
        packets = self.packets(container, *streams, since=since)
        while True:
            try:
                frames = next(packets).decode()
            except (StopIteration, EOFError):
                return
            except FAULTS as error:
                yield decoder_message(error)
                most -= 1
                if most < 0 or isinstance(error, MemoryError):
                    return
                if most < math.inf:  # else reading on could fail forever
                    packets = self.packets(container, *streams)
            else:
                yield from frames

    def _sought(
        self, container: InputContainer, streams: tuple[Stream, ...], since: float
    ) -> "Iterator[Packet[Any]]":
        """Packets from the last keyframe before a time on.

        In formats without an index, such as transport streams, seeking ends between keyframes:
        then it is tried further back.
        """
        leader, back = streams[0], 0.0
        while True:
            begins = back > since
            place = (max(since - back, 0.0) + self.start) / float(leader.time_base or 1)
            container.seek(int(place), stream=leader)
            packets = container.demux(*streams)
            held: list[Packet[Any]] = []
            first: Packet[Any] | None = None
            for packet in packets:
                held.append(packet)
                if packet.is_keyframe and packet.stream_index == leader.index:
                    first = packet
                if first or len(held) > MAX_HELD:
                    break
            at = None if first is None or first.pts is None else first.pts * first.time_base
            is_late = first is None or (at is not None and float(at) - self.start > since + 1e-3)
            if begins or not is_late:
                yield from held
                yield from packets
                return
            back = max(2 * back, 2.0)

    def _corrected(self, packets: "Iterator[Packet[Any]]") -> "Iterator[Packet[Any]]":
        """Packets with their times on the one clock."""
        for packet, position in _positioned(packets):
            offsets = self._offsets.get(packet.stream_index, self._offsets[-1])
            place = bisect_right(offsets, position, key=lambda pair: pair[0])
            if place and packet.size:
                ticks = round(offsets[place - 1][1] / float(packet.time_base))
                packet.pts = None if packet.pts is None else packet.pts + ticks
                packet.dts = None if packet.dts is None else packet.dts + ticks
            yield packet

    def _since(
        self, since: float, leader: Stream, packets: "Iterator[Packet[Any]]"
    ) -> "Iterator[Packet[Any]]":
        held: list[Packet[Any]] = []
        for packet in packets:
            at = None if packet.pts is None else float(packet.pts * packet.time_base) - self.start
            leads = packet.is_keyframe and packet.stream_index == leader.index
            if leads and at is not None and at <= since:
                held = []
            held.append(packet)
            if len(held) > MAX_HELD or not packet.size or (at is not None and at > since):
                break
        yield from held
        yield from packets


def _positioned(packets: "Iterator[Packet[Any]]") -> "Iterator[tuple[Packet[Any], int]]":
    """Packets with their byte positions; one without its own lies with that before it."""
    last: dict[int, int] = {}
    for packet in packets:
        at = packet.pos
        if at is None or at < 0:
            at = last.get(packet.stream_index, 0)
        last[packet.stream_index] = at
        yield packet, at


def clock_of(container: InputContainer) -> Clock:
    """The clock of an open file; one that can jump is read once while it stays as it is."""
    path = container.name.removeprefix("file:")
    about = Path(path).stat()
    if container.format.name in JOINABLE:
        return _read(path, about.st_size, about.st_mtime_ns)
    start, length = origin(container), _claimed(container)
    if length is None or start > LATE:
        length = _true_length(path, about.st_size, about.st_mtime_ns)
    return Clock(start, length)


def _claimed(container: InputContainer) -> float | None:
    return container.duration / av.time_base if container.duration else None


def _tracks(container: InputContainer) -> list[Stream]:
    return [s for s in (video_stream(container), sound_stream(container)) if s is not None]


@lru_cache(maxsize=2)
def _true_length(path: str, _size: int, _changed: int) -> float | None:
    """Length of a file that claims none, or whose clock begins late.

    In fragments and recordings of a live stream, the length that is claimed can be the end in the
    file's own clock. Which it is, the last packets tell.
    """
    with open_media(path) as container:
        start, claimed = origin(container), _claimed(container)
        if claimed:
            with contextlib.suppress(*FAULTS):
                container.seek(int((start + claimed) * av.time_base))
        there: float | None = None
        with contextlib.suppress(*FAULTS):
            for packet in container.demux(*_tracks(container)):
                if packet.pts is not None:
                    end = float((packet.pts + (packet.duration or 0)) * packet.time_base) - start
                    there = max(end, there or 0.0)
        if not claimed or there is None or claimed <= start:
            return claimed or there
        return min(claimed, claimed - start, key=lambda length: abs(length - there))


@lru_cache(maxsize=2)
def _read(path: str, _size: int, _changed: int) -> Clock:
    with open_media(path) as container:
        start, others = origin(container), lineup(container).others
        length, tracks = _claimed(container), _tracks(container)
        runs = {stream.index: _Run() for stream in tracks}
        with contextlib.suppress(*FAULTS):
            for packet, position in _positioned(container.demux(*tracks)):
                at = packet.pts if packet.dts is None else packet.dts
                if at is not None and packet.size:
                    base = float(packet.time_base)
                    end = (at + (packet.duration or 0)) * base
                    runs[packet.stream_index].add(position, at * base, end)
        if others:  # whose length may be another
            length = max((run.end - start for run in runs.values() if run.end), default=length)
        return _joined(start, length, runs)


def clock(path: str) -> Iterator[Event]:
    """Yield {"duration": seconds or None, "jumps": [[seconds, by how much], …]}."""
    with open_media(path) as container:
        found = clock_of(container)
        yield {"duration": found.duration, "jumps": found.jumps}


@dataclass
class _Break:
    position: int
    before: float
    """End of what came before, in the file's own clock."""
    after: float

    @property
    def jump(self) -> float:
        return self.after - self.before


@dataclass
class _Run:
    """Times of one track in the order of the file, and the places where they jump."""

    breaks: list[_Break] = field(default_factory=list[_Break])
    end: float | None = None
    first: int = 0
    last: int = 0
    _astray: list[tuple[int, float, float]] = field(default_factory=list[Any])

    def add(self, position: int, start: float, end: float) -> None:
        if self.end is None:
            self.first, self.end = position, end
        self.last = position
        if self._astray and abs(start - self._astray[-1][2]) > BACK:
            self._astray = []
        if not self._astray and -BACK < start - self.end < AHEAD:
            self.end = max(self.end, end)
            return
        self._astray = [*self._astray[:1], (position, start, end)]
        place, begun, _ = self._astray[0]
        if end - begun >= SURE and len(self.breaks) < MAX_JUMPS:
            self.breaks.append(_Break(place, self.end, begun))
            self.end, self._astray = end, []


def _joined(start: float, length: float | None, runs: dict[int, _Run]) -> Clock:
    """Clock that goes on where the tracks agree that the file's own one jumps."""
    if not runs:
        return Clock(start, length)
    (leader, lead), *others = runs.items()
    offset, jumps = 0.0, list[tuple[float, float]]()
    offsets: dict[int, list[tuple[int, float]]] = {index: [] for index in (-1, *runs)}
    for number, place in enumerate(lead.breaks):
        low = lead.breaks[number - 1].position if number else -1
        high = lead.breaks[number + 1].position if number + 1 < len(lead.breaks) else 1 << 62
        found = {leader: place}
        lacks = False
        for index, run in others:
            near = [b for b in run.breaks if low < b.position < high]
            near.sort(key=lambda b: abs(b.position - place.position))
            if near:
                found[index] = near[0]
            else:
                lacks = lacks or run.first < place.position < run.last
        if lacks and place.jump > 0:
            continue  # the picture pauses while the sound goes on
        offset = max(offset + b.before - b.after for b in found.values())
        for index, pairs in offsets.items():
            first = min(b.position for b in found.values())
            pairs.append((found[index].position if index in found else first, offset))
        jumps.append((round(place.after + offset - start, 3), round(place.jump, 3)))
    if not jumps:
        return Clock(start, length)
    ends = [(run.end or 0) + offset - start for run in runs.values()]
    return Clock(start, max(ends), tuple(jumps), offsets)
