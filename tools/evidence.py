"""Turn what is stored into evidence, the one value that every door renders."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from tools.media import (
    DOUBTFUL,
    Attributes,
    Evidence,
    Frame,
    Kind,
    Scene,
    ScreenText,
    Utterance,
    Video,
    evidence_id,
)

_ID = re.compile(
    rf"(?P<kind>{'|'.join(get_args(Kind))}):(?P<video>[0-9a-f]{{16}})"
    r"@(?P<start>\d{1,12})(?:-(?P<end>\d{1,12}))?(?:#(?P<n>\d{1,6}))?"
)


HEARD = 2
"""The number of a span of pictures that stands for its sound."""
MOVED = 3
"""The number of one that stands for the movement in it."""
CHAPTER = 2
"""The number of a scene that is no shot but a chapter."""
UNCERTAIN = "uncertain"
UNHEARD = "with sound that is not indexed yet"
FIRST_PICTURE = 0.05
"""Seconds from a cut within which a picture is the first of its scene."""
_CODECS = {
    "h264": "H.264 (AVC)", "hevc": "H.265 (HEVC)", "libdav1d": "AV1", "av1": "AV1", "vp8": "VP8",
    "libvpx-vp9": "VP9", "vp9": "VP9", "mpeg4": "MPEG-4 Part 2", "mpeg2video": "MPEG-2",
    "mjpeg": "Motion JPEG", "prores": "ProRes",
}  # fmt: skip
"""What people call what FFmpeg's decoders are named after."""


def overall(looks: Sequence[Attributes], duration: float) -> Attributes | None:
    """How a whole video looks: the mean of its pictures, each for as long as it stands for."""
    if not looks:
        return None
    ends = [one.seconds for one in looks[1:]] + [max(duration, looks[-1].seconds)]
    weights = [max(end - one.seconds, 1e-3) for one, end in zip(looks, ends, strict=True)]
    total = sum(weights)

    def mean(values: Iterable[float]) -> float:
        return sum(v * weight for v, weight in zip(values, weights, strict=True)) / total

    names = {name for one in looks for name in one.colours}
    return replace(
        looks[0],
        colours={name: mean(one.colours.get(name, 0.0) for one in looks) for name in names},
        brightness=mean(one.brightness for one in looks),
    )


def parse_id(text: str) -> tuple[Kind, str, float, float] | None:
    """Kind, video, start and end in seconds; None for what is not an evidence id."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    start = int(match["start"]) / 1000
    end = int(match["end"]) / 1000 if match["end"] else start
    kind: Kind = match["kind"]  # type: ignore[assignment]  # the pattern lists the kinds
    return kind, match["video"], start, end


def of_speech(one: Utterance, image: str | None, score: float = 0.0) -> Evidence:
    """Who said what, when."""
    text = f"{one.speaker}: {one.text}" if one.speaker else one.text
    doubtful = one.confidence < DOUBTFUL and one.source != "draft"
    source = f"{one.source} ({UNCERTAIN})" if doubtful else one.source
    return Evidence(
        one.id,
        one.video,
        one.start,
        one.end,
        "speech",
        text,
        image,
        score,
        source,
        one.language,
    )


def unproven(one: Evidence) -> str:
    """Why what was recognised proves nothing: `draft` or `uncertain`; empty where it may."""
    if one.source.startswith("draft"):
        return "draft"
    return UNCERTAIN if one.source.endswith(f"({UNCERTAIN})") else ""


def passage_id(said: Sequence[Utterance]) -> str:
    """The id of consecutive utterances as one; that of a single one is its own."""
    if len(said) == 1:
        return said[0].id
    return evidence_id("speech", said[0].video, said[0].start, max(one.end for one in said))


def inside(said: Sequence[Utterance], start: float, end: float) -> list[Utterance]:
    """The utterances that begin and end in a span, to the millisecond."""
    first, last = round(start * 1000), round(end * 1000)
    found = [u for u in said if first <= round(u.start * 1000) and round(u.end * 1000) <= last]
    return [u for u in found if u.end > u.start]


def passage(said: Sequence[Utterance], start: float, end: float) -> list[Utterance]:
    """The utterances that fill a span from its first to its last; none where they do not."""
    found = inside(said, start, end)
    first, last = round(start * 1000), round(end * 1000)
    fills = found and round(found[0].start * 1000) == first
    return found if fills and max(round(u.end * 1000) for u in found) == last else []


def of_passage(said: Sequence[Utterance], image: str | None) -> Evidence:
    """Consecutive utterances as one; as uncertain as the least certain of them."""
    voices = {one.speaker for one in said}
    texts = [f"{u.speaker}: {u.text}" if u.speaker and len(voices) > 1 else u.text for u in said]
    worst = min(said, key=lambda one: one.confidence)
    whole = replace(
        worst,
        start=said[0].start,
        end=max(one.end for one in said),
        text=" ".join(texts),
        speaker=said[0].speaker if len(voices) == 1 else None,
        language=said[0].language if len({one.language for one in said}) == 1 else "",
    )
    return of_speech(whole, image)


def of_screen(one: ScreenText, image: str | None, score: float = 0.0) -> Evidence:
    """What was to be read, when."""
    return Evidence(one.id, one.video, one.start, one.end, "screen", one.text, image, score, "text")


def of_frame(
    frame: Frame, look: Attributes | None, score: float = 0.0, *, scenes: Sequence[Scene] = ()
) -> Evidence:
    """One picture, with what its pixels tell, and whether it is the first of a scene."""
    text = describe(look) if look else ""
    number = bisect_right(scenes, frame.seconds, key=lambda scene: scene.start)
    if number > 1 and frame.seconds - scenes[number - 1].start < FIRST_PICTURE:
        text = f"a cut, scene {number} begins" + (f", {text}" if text else "")
    return Evidence(
        frame.id, frame.video, frame.start, frame.end, "frame", text, frame.image, score, "picture"
    )


def of_scene(scene: Scene, number: int, count: int, look: Attributes | None) -> Evidence:
    """What lies between two cuts."""
    text = f"scene {number} of {count}" + (f", {describe(look)}" if look else "")
    return Evidence(
        scene.id, scene.video, scene.start, scene.end, "scene", text, scene.image, 0.0, "cuts"
    )


def of_span(
    id: str, video: str, start: float, end: float, look: Attributes | None, image: str | None
) -> Evidence:
    """A stretch of pictures that look alike."""
    text = describe(look) if look else ""
    return Evidence(id, video, start, end, "frame", text, image, 0.0, "picture")


def of_sound(video: str, start: float, end: float, text: str, image: str | None) -> Evidence:
    """A stretch of sound; the contract has no kind of its own for it."""
    id = evidence_id("frame", video, start, end, HEARD)
    return Evidence(id, video, start, end, "frame", text, image, 0.0, "sound")


def of_video(video: Video, text: str, image: str | None) -> Evidence:
    """What is true of the whole video."""
    id = evidence_id("video", video.id, 0.0, video.duration)
    return Evidence(id, video.id, 0.0, video.duration, "video", text, image, 0.0, "file")


def facts(video: Video, scenes: int, probe: Mapping[str, Any], looks: Sequence[Attributes]) -> str:
    """Length, scenes, size, rate, codec, looks, sound, time of recording and title, in words."""
    minutes, seconds = divmod(video.duration, 60)
    length = f"{video.duration:.1f} seconds"
    if minutes:
        hours, minutes = divmod(int(minutes), 60)
        clock = f"{hours}:{minutes:02}:{seconds:04.1f}" if hours else f"{minutes}:{seconds:04.1f}"
        length += f" ({clock})"
    parts = [f"{length} long"]
    if scenes:
        parts.append("1 scene" if scenes == 1 else f"{scenes} scenes")
    if video.width:
        parts.append(f"{video.width} x {video.height} pixels")
    if video.fps:
        parts.append(f"{video.fps:.4g} frames a second")
    if probe["video"]:
        codec = probe["video"]["codec"]
        parts.append(f"encoded as {_CODECS.get(codec, codec)}")
    if (look := overall(looks, video.duration)) and (told := describe(look)):
        parts.append(f"on the whole {told}")
    sound = video.stages.get("sound")
    heard = sound is None or sound.state in ("done", "skipped")
    parts.append(("with sound" if heard else UNHEARD) if probe["audio"] else "without sound")
    if tongues := [track["language"] or "?" for track in probe.get("subtitles", ())]:
        parts.append(f"with subtitles ({', '.join(dict.fromkeys(tongues))})")
    if video.recorded_at:
        parts.append(f"recorded {video.recorded_at:%Y-%m-%d %H:%M %Z}".strip())
    parts.append(f"called {video.title}")
    return ", ".join(parts)


def describe(look: Attributes) -> str:
    """Colours and light in words, the largest share first: "mostly blue, some white, bright"."""
    shares = sorted(look.colours.items(), key=lambda item: -item[1])
    words = [
        f"{'mostly' if share >= 0.5 else 'much' if share >= 0.25 else 'some'} {name}"
        for name, share in shares
        if share >= 0.08
    ][:3]
    light = look.brightness
    words.append(
        "very dark"
        if light < 0.12
        else "dark"
        if light < 0.28
        else "bright"
        if light > 0.65
        else ""
    )
    return ", ".join(word for word in words if word)
