"""Containers: opening untrusted files safely, and probing their streams.

Only containers on an allow-list are opened, never playlists or scripts (they name other files),
and only from the disk. Runs inside the sandbox; `probe` is called through it.
"""

import contextlib
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
from av import AudioFrame, AudioResampler, AudioStream, VideoFrame, VideoStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from numpy.typing import NDArray

from tools.errors import UnreadableMedia
from tools.sandbox import Event
from tools.text.clean import clean
from tools.video.programmes import Programme, programmes
from tools.video.unread import HEAD, why_unread

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,flac,aac,gif"
CODECS = """
    av1 cfhd cinepak dirac dnxhd dvvideo ffv1 ffvhuff flashsv flashsv2 flv1 gif h261 h263 h263i
    h263p h264 hap hevc huffyuv indeo3 indeo4 indeo5 lagarith mjpeg mjpegb mpeg1video mpeg2video
    mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4v3 msrle msvideo1 png prores qtrle rawvideo rpza rv10 rv20
    rv30 rv40 svq1 svq3 theora tscc tscc2 utvideo v210 vc1 vp3 vp5 vp6 vp6a vp6f vp7 vp8 vp9 vvc
    wmv1 wmv2 wmv3 zmbv
"""
"""Allowed video codecs. FFmpeg has hundreds more, mostly of pictures and games, and the rarer a
decoder, the fewer of its faults have been found."""
MAX_SIDE = 8192
MAX_PIXELS = 34_000_000
"""Pixels of a picture, at most: a small file can claim one that fills the memory."""
LARGE_PIXELS = 9_000_000
"""Pixels above which one thread decodes, as each further one would hold pictures of its own."""
THREADS = 4
MAX_ASPECT = 20
"""Pixel aspect ratio, or its inverse, above which pixels are taken as square."""
MAX_FAULTS = 50
"""Damaged places after which decoding ends."""
JOINABLE = {"mpegts", "mpeg"}
"""Formats whose files can be joined end to end, each with its own clock."""
MAX_STREAMS = 64
"""Streams of a kind that are described."""

FAULTS = (FFmpegError, IndexError, UnicodeDecodeError, ValueError, OverflowError, MemoryError)
"""Exceptions that damaged media has been seen to raise in the bindings."""
UNKNOWN = "unknown"


@contextlib.contextmanager
def open_media(path: str, **options: str) -> Generator[InputContainer]:
    """Open a container for reading, with more options of its demuxer.

    UnreadableMedia with the decoder's message.
    """
    name = Path(path).name
    if Path(path).stat().st_size == 0:
        raise UnreadableMedia(f"{name!r} is empty")
    try:
        container = av.open(
            f"file:{path}",  # the prefix keeps a name such as `concat:a` from being a protocol
            metadata_errors="ignore",
            options={
                "format_whitelist": FORMATS,
                "protocol_whitelist": "file",
                "max_pixels": str(MAX_PIXELS),
                **options,
            },
        )
    except FAULTS as error:
        with Path(path).open("rb") as file:
            why = why_unread(clean(name, 200), file.read(HEAD))
        why = why or f"not a video that can be read: {decoder_message(error)}"
        raise UnreadableMedia(f"{name!r} is {why}") from error
    with container:
        yield container


def decoder_message(error: BaseException) -> str:
    """Message of a decoder's error, without its number and without our path."""
    text = error.strerror if isinstance(error, (FFmpegError, OSError)) else str(error)
    return clean(text or "", 200).partition(": '")[0] or type(error).__name__


def video_stream(container: InputContainer) -> VideoStream | None:
    """Main video stream, set to decode with threads; cover art does not count.

    None without one; UnreadableMedia for a codec or a size that is not allowed.
    """
    stream = _main_picture(container)
    if stream is None:
        return None
    context = stream.codec_context
    codec, size = context.codec.canonical_name, f"{context.width} x {context.height}"
    if codec not in CODECS.split():
        raise UnreadableMedia(f"pictures coded as {codec!r} are not read: convert the file")
    if max(context.width, context.height) > MAX_SIDE:
        raise UnreadableMedia(f"the picture is {size}; at most {MAX_SIDE} a side is read")
    # What was given when the container was opened does not reach the decoder.
    context.options = {"max_pixels": str(MAX_PIXELS)}
    large = context.width * context.height > LARGE_PIXELS
    context.thread_count = 1 if large else min(os.cpu_count() or 1, THREADS)
    stream.thread_type = "AUTO"
    return stream


def _main_picture(container: InputContainer) -> VideoStream | None:
    moving = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic and codec_name(stream) != UNKNOWN
    ]
    best = container.streams.best("video")
    return max(moving, key=lambda stream: stream is best, default=None)


def sound_stream(container: InputContainer) -> AudioStream | None:
    """Main audio stream of the programme that is read, among those that can be decoded.

    A transport stream may tell nothing of its sound before that begins, which may be late.
    """
    return _main_sound(container, lineup(container).streams)


def _main_sound(container: InputContainer, among: Sequence[Stream]) -> AudioStream | None:
    usable = [
        stream
        for stream in container.streams.audio
        if stream in among
        and codec_name(stream) != UNKNOWN
        and (stream.codec_context.sample_rate or container.format.name in JOINABLE)
    ]
    best = container.streams.best("audio", _main_picture(container))
    return max(
        usable, key=lambda one: (one is best, one.codec_context.sample_rate > 0), default=None
    )


class Lineup(NamedTuple):
    """Streams of a file that are read: those of one programme, and what belongs to none."""

    streams: list[Stream]
    programme: Programme | None
    others: list[Programme]
    """Programmes with streams that are not read."""


def lineup(container: InputContainer) -> Lineup:
    """Choose the programme of the main picture; without a picture, that of the main sound."""
    every, found = list(container.streams), programmes(container)
    main = _main_picture(container) or _main_sound(container, every)
    if main is None:
        return Lineup(every, None, [])
    own = next((one for one in found if main.index in one.streams), None)
    read = own.streams if own else frozenset[int]()
    others = [one for one in found if one.streams - read]
    foreign = frozenset[int]().union(*(one.streams for one in others)) - read
    return Lineup([stream for stream in every if stream.index not in foreign], own, others)


def codec_name(stream: Stream) -> str:
    """Name of a stream's decoder; UNKNOWN where this build has none, and so no context."""
    try:
        return stream.codec_context.name
    except (*FAULTS, AttributeError):
        return UNKNOWN


class Resampler:
    """Resampler of sound to arrays of one format, through changes of the format that comes in."""

    def __init__(self, *target: Any) -> None:
        self._target = target  # as PyAV's takes it: format, layout and rate
        self._format: tuple[Any, ...] | None = None
        self._resampler = AudioResampler(*target)

    def add(self, frame: AudioFrame) -> list[NDArray[Any]]:
        """Resample a frame; returns the samples that are ready, channels x samples."""
        format = frame.format.name, frame.layout.name, frame.sample_rate
        before = self.rest() if format != self._format else []
        self._format = format
        return before + [piece.to_ndarray() for piece in self._resampler.resample(frame)]

    def rest(self) -> list[NDArray[Any]]:
        """Flush the samples still inside and reset."""
        left = [piece.to_ndarray() for piece in self._resampler.resample(None)]
        self._resampler = AudioResampler(*self._target)
        return left


def origin(container: InputContainer) -> float:
    """Start of the container in its own clock, in seconds: the zero of every time.

    Each programme has a clock of its own: what counts is that of the one that is read.
    """
    streams, _, others = lineup(container)
    if others:
        starts = (
            float(stream.start_time * (stream.time_base or 0))
            for stream in streams
            if stream.type in ("video", "audio") and stream.start_time is not None
        )
        return min(starts, default=0.0)
    return container.start_time / av.time_base if container.start_time else 0.0


def shown_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Width and height in pixels as shown, with pixel aspect ratio and rotation applied."""
    aspect = float(stream.sample_aspect_ratio or 1)
    plausible = 1 / MAX_ASPECT <= aspect <= MAX_ASPECT
    width = round(frame.width * aspect) if plausible else frame.width
    height = frame.height
    return (height, width) if frame.rotation % 180 else (max(width, 1), height)


def probe(path: str) -> Iterator[Event]:
    """Yield one event with the facts of the file; decodes one frame of picture or sound."""
    with open_media(path) as container:
        start, (read, programme, others) = origin(container), lineup(container)
        tracks = [stream for stream in container.streams.audio if stream in read]
        facts: Event = {
            "format": container.format.name,
            "duration": container.duration / av.time_base if container.duration else None,
            "start": start,
            "title": clean(container.metadata.get("title", ""), 200),
            "creation_time": _creation_time(container.metadata),
            "timecode": None,
            "audio": [
                {
                    "codec": codec_name(stream),
                    "channels": getattr(stream.codec_context, "channels", 0),
                    "language": clean(stream.language or "", 40) or None,
                }
                for stream in tracks[:MAX_STREAMS]
            ],
            "subtitles": [
                {"codec": codec_name(stream), "language": clean(stream.language or "", 40) or None}
                for stream in [s for s in container.streams.subtitles if s in read][:MAX_STREAMS]
            ],
            "video": None,
            "programme": programme and programme[:2],
            "other_programmes": [other[:2] for other in others[:MAX_STREAMS]],
        }
        stream, sound = video_stream(container), sound_stream(container)
        facts["heard"] = tracks.index(sound) if sound else None
        facts["pictures"] = sum(
            not other.disposition & Disposition.attached_pic
            for other in container.streams.video
            if other in read
        )
        trouble = ""
        if stream is not None:
            told = stream.metadata.get("timecode") or container.metadata.get("timecode")
            facts["timecode"] = clean(told or "", 40) or None
            try:
                facts["video"] = _picture_facts(stream, next(container.decode(stream)))
            except (*FAULTS, StopIteration) as error:
                trouble = f": {decoder_message(error)}"
        if facts["video"] is None and not _has_sound(container, tracks):
            lacks = "holds no frame and no sound that can be decoded"
            raise UnreadableMedia(f"{Path(path).name!r} {lacks}{trouble}")
        yield facts


def _picture_facts(stream: VideoStream, frame: VideoFrame) -> Event:
    width, height = shown_size(frame, stream)
    average, guessed = stream.average_rate, stream.guessed_rate
    rate = average or guessed
    return {
        "codec": stream.codec_context.name,
        "pixel_format": frame.format.name,
        "width": width,
        "height": height,
        "fps": float(rate) if rate else None,
        "rotation": frame.rotation,
        "variable": bool(average and guessed and abs(average - guessed) > guessed / 50),
    }


def _has_sound(container: InputContainer, tracks: Sequence[AudioStream]) -> bool:
    for stream in tracks:
        with contextlib.suppress(*FAULTS, StopIteration):
            container.seek(0)
            next(container.decode(stream))
            return True
    return False


def versions() -> Iterator[Event]:
    """Yield the versions of the bindings and of the decoder."""
    number = ".".join(map(str, av.library_versions["libavcodec"]))
    yield {"av": av.__version__, "libavcodec": number}


_CREATION_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date")
"""Tags of the time of recording; the first has its zone, the last may be a year alone."""


def _creation_time(tags: Mapping[str, str]) -> str | None:
    """Time of recording by a file's own tags, the best first; None without any."""
    found = (clean(tags.get(name, ""), 40) for name in _CREATION_TAGS)
    return next((text for text in found if len(text) >= len("2026-11-19 14:00")), None)
