"""Closed captions, CEA-608 and CEA-708: in the picture's stream, or as a track of their own.

In the picture they travel as user data (ATSC A/53, `GA94`) of packets, which are read without being
decoded. FFmpeg's decoder gives the text of a channel; when it is shown is known from its second
mode, which reports each change of the picture, but not what stands there from the first on. Runs
inside the sandbox.
"""

import contextlib
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

from av import Packet
from av.codec.context import CodecContext
from av.container import InputContainer
from av.stream import Stream

from tools.sandbox import Event
from tools.text.clean import clean
from tools.video.container import FAULTS, codec_name, lineup, open_media, video_stream
from tools.video.timeline import Clock, clock_of
from tools.video.tracks import CAPTIONS

FIRST_PACKETS = 300
"""Packets of the picture in which captions must show, or none are looked for."""
MAX_CUES = 50_000
_MARK, _TRIPLETS = b"GA94\x03", 3
_EMULATION = re.compile(rb"\x00\x00\x03(?=[\x00-\x03])")
_STYLE = re.compile(r"\{[^}]*\}")
_BASE = Fraction(1, 1000)


def read_captions(path: str) -> Iterator[Event]:
    """Yield one event per source of captions, in the form of `tracks.read_subtitles`."""
    with open_media(path) as container:
        clock = clock_of(container)
        stream = video_stream(container)
        if stream is not None and (rows := list(_in_picture(container, clock, stream))):
            yield _event(stream.index, "closed captions", _cues(sorted(rows)))
    with open_media(path) as container:
        clock = clock_of(container)
        read = lineup(container).streams
        tracks = [s for s in container.streams.subtitles if codec_name(s) == CAPTIONS and s in read]
        for track in tracks:
            packets = list(_timed(container, clock, track))
            rows = [(at, bytes(packet)) for at, packet in packets]
            ends = (at + float((p.duration or 0) * p.time_base) for at, p in packets)
            container.seek(0)
            yield _event(
                track.index, "closed captions", _cues(sorted(rows), max(ends, default=0.0))
            )


def _timed(
    container: InputContainer, clock: Clock, stream: Stream
) -> "Iterator[tuple[float, Packet[Any]]]":
    with contextlib.suppress(*FAULTS):
        for packet in clock.packets(container, stream):
            if packet.size and packet.pts is not None:
                yield float(packet.pts * packet.time_base) - clock.start, packet


def _in_picture(
    container: InputContainer, clock: Clock, stream: Stream
) -> Iterator[tuple[float, bytes]]:
    """Seconds and caption bytes of packets; ends where the first packets have none."""
    found = False
    for number, (at, packet) in enumerate(_timed(container, clock, stream)):
        data = bytes(packet)
        if (place := data.find(_MARK)) < 0:
            if number > FIRST_PACKETS and not found:
                return
            continue
        found = True
        data = _EMULATION.sub(b"\x00\x00", data[place + len(_MARK) : place + 200])
        count = data[0] & 31 if data else 0
        if count:
            yield at, data[2 : 2 + _TRIPLETS * count]


def _decode(rows: list[tuple[float, bytes]], **options: str) -> Iterator[tuple[float, str]]:
    """Times and texts that the decoder gives; "" where the captions are cleared."""
    decoder: Any = CodecContext.create(CAPTIONS, "r")
    decoder.options = options
    for at, data in rows:
        packet = Packet(data)
        packet.time_base, packet.pts = _BASE, round(at * 1000)
        with contextlib.suppress(*FAULTS):
            if (given := decoder.decode2(packet)) is not None:
                lines = (_plain(rect.ass.decode("utf-8", "replace")) for rect in given.rects)
                yield at, " ".join(filter(None, lines))


def _plain(text: str) -> str:
    """Text of a line of SubStation: number, layer, style and six more fields stand before it."""
    text = text.split(",", 8)[-1]
    return clean(_STYLE.sub("", text).replace("\\N", " ").replace("\\h", " "), 4000)


def _cues(rows: list[tuple[float, bytes]], end: float = 0.0) -> list[list[Any]]:
    """Captions as [start, end, text]: when they change, and the texts that this mode leaves out."""
    if not rows:
        return []
    end = max(end, rows[-1][0])
    changes = list(_decode(rows, real_time="1"))
    spans = [
        (at, after, text)
        for (at, text), (after, _) in pairwise([*changes, (end, "")])
        if text and after > at
    ]
    shown = {text for _, _, text in spans}
    for at, text in _decode(rows):
        if text and text not in shown:
            begun = max((after for _, after, _ in spans if after <= at), default=0.0)
            until = min((one for one, _ in changes if one > begun), default=end)
            spans.append((begun, max(until, at), text))
            shown.add(text)
    return [[round(a, 3), round(b, 3), text] for a, b, text in sorted(spans)[:MAX_CUES]]


def _event(stream: int, title: str, cues: list[list[Any]]) -> Event:
    return {
        "stream": stream, "codec": CAPTIONS, "language": None, "title": title, "partial": False,
        "hearing_impaired": True, "preferred": False, "text": True, "cues": cues,
        "trouble": "" if cues else "nothing can be read in it", "header": "",
    }  # fmt: skip
