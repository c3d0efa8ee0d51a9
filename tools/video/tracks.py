"""Subtitle tracks and chapters inside a container, read without decoding.

The text codecs carry readable payloads, so no decoder runs on them; picture-based tracks are only
named. Runs inside the sandbox.
"""

from collections.abc import Iterator
from typing import Any

from av.packet import Packet
from av.stream import Discard, Disposition
from av.subtitles.stream import SubtitleStream

from tools.sandbox import Event
from tools.text.clean import clean
from tools.video.container import FAULTS, codec_name, decoder_message, lineup, open_media
from tools.video.timeline import clock_of

TEXT_CODECS = {"ass", "ssa", "subrip", "srt", "text", "mov_text", "webvtt"}
STYLED = {"ass", "ssa"}
CAPTIONS = "cc_dec"
"""Decoder of closed captions, by which a track of them is known."""
MAX_CUES = 50_000
MAX_TEXT = 4000
MAX_TRACK, MAX_ALL = 5 << 20, 20 << 20
MAX_HEADER = 200_000
MAX_TRACKS = 64
MAX_CHAPTERS = 1000
"""At most so many cues of a track, characters of a cue, of a track, of all tracks and of a header,
tracks, and chapters. The rest is left out, and of subtitles reported: packed, they can be a
thousand times as large as their file."""


def read_subtitles(path: str) -> Iterator[Event]:
    """Yield one event per subtitle stream of the programme that is read, in stream order.

    An event holds `stream`, `codec`, `language`, `title`, `partial`, `hearing_impaired`,
    `preferred`, `text` (False: pictures, not read), `cues` and `trouble`. A cue is [start, end,
    text] in seconds from the container's start, the text with its markup, end equal to start where
    the file gives no length. Of SubStation the text holds all fields of the packet, and `header`
    the styles. Damage ends the reading: `trouble` says so.
    """
    with open_media(path) as container:
        read = lineup(container).streams
        every = [one for one in container.streams.subtitles if one in read][:MAX_TRACKS]
        streams = [one for one in every if codec_name(one) != CAPTIONS]  # see `captions`
        events = {stream.index: _described(stream) for stream in streams}
        readable = {stream.index for stream in streams if events[stream.index]["text"]}
        if readable:
            # What is discarded is not even read from the disk where the format has an index.
            for stream in container.streams:
                if stream.index not in readable:
                    stream.discard = Discard.all
            clock = clock_of(container)
            try:
                taken = dict.fromkeys(readable, 0)
                for packet in clock.packets(
                    container, *(s for s in streams if s.index in readable)
                ):
                    if packet.size:  # the empty one at the end names no stream of ours
                        index = packet.stream_index
                        room = min(MAX_TRACK - taken[index], MAX_ALL - sum(taken.values()))
                        taken[index] += _take(packet, events[index], clock.start, room)
            except FAULTS as error:
                trouble = f"damaged, read up to there: {decoder_message(error)}"
                for index in readable:
                    events[index]["trouble"] = trouble
        yield from events.values()


def read_chapters(path: str) -> Iterator[Event]:
    """Yield one event per chapter of the file, in its order: `start` in seconds, and `title`."""
    with open_media(path) as container:
        first = clock_of(container).start
        for chapter in container.chapters()[:MAX_CHAPTERS]:
            title = clean(chapter["metadata"].get("title", ""), 200)
            start = float(chapter["start"] * (chapter["time_base"] or 0)) - first
            yield {"start": round(start, 3), "title": title}


def _described(stream: SubtitleStream) -> Event:
    is_ = stream.disposition
    codec = codec_name(stream)
    handler = stream.metadata.get("handler_name", "")  # where MP4 keeps a title, if it has one
    return {
        "stream": stream.index,
        "codec": codec,
        "language": clean(stream.language or "", 40) or None,
        "title": clean(stream.metadata.get("title", ""), 80)
        or ("" if handler.endswith("Handler") else clean(handler, 80)),
        "partial": bool(
            is_ & (Disposition.forced | Disposition.comment | Disposition.descriptions)
        ),
        "hearing_impaired": bool(is_ & (Disposition.hearing_impaired | Disposition.captions)),
        "preferred": bool(is_ & (Disposition.default | Disposition.original)),
        "text": codec in TEXT_CODECS,
        "header": _header(stream) if codec in STYLED else "",
        "cues": [],
        "trouble": "",
    }


def _header(stream: SubtitleStream) -> str:
    return (stream.codec_context.extradata or b"")[:MAX_HEADER].decode("utf-8", "replace")


def _take(packet: "Packet[Any]", event: Event, origin: float, room: int) -> int:
    """Add the cue of a packet if it fits in `room` characters; returns its length."""
    if packet.pts is None:
        return 0
    text = _payload(bytes(packet), event["codec"])
    if not text:
        return 0
    if len(event["cues"]) >= MAX_CUES or len(text) > room:
        event["trouble"] = f"only the first {len(event['cues'])} cues were read"
        return 0
    start = float(packet.pts * packet.time_base) - origin
    end = start + float((packet.duration or 0) * packet.time_base)
    event["cues"].append([round(start, 3), round(end, 3), text])
    return len(text)


def _payload(data: bytes, codec: str) -> str:
    if codec == "mov_text":  # a length in two bytes, the text, then boxes with its style
        data = data[2 : 2 + int.from_bytes(data[:2], "big")]
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16", "replace")[:MAX_TEXT]
    try:
        text = data.decode()
    except UnicodeDecodeError:  # against the rules of every container, and common
        text = data.decode("cp1252", "replace")
    text = text.strip("\x00\r\n ")
    return text[:MAX_TEXT]
