"""Evidence from stored rows: the one value that every door renders."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import fmean
from typing import Any, Literal, get_args

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
_RELEASED: dict[tuple[str | None, str | None], Kind] = {
    ("frame", "2"): "sound", ("frame", "3"): "motion", ("scene", "2"): "chapter",
}  # fmt: skip
"""Kinds that the first release wrote as another kind with a number."""
Reliability = Literal["", "draft", "uncertain"]
"""Reliability of recognised speech; empty where it proves what it says."""
SoundState = Literal["none", "unheard", "heard"]
"""Sound of a video: no track, one that is not indexed yet, one that is."""
SOME, MUCH, MOST = 0.08, 0.25, 0.5
"""Shares of a picture, from which on a colour is called some, much or mostly."""
FIRST_FRAME = 0.05
"""Seconds after a cut within which a frame is the first of its scene."""
_CODECS = {
    "h264": "H.264 (AVC)", "hevc": "H.265 (HEVC)", "libdav1d": "AV1", "av1": "AV1", "vp8": "VP8",
    "libvpx-vp9": "VP9", "vp9": "VP9", "mpeg4": "MPEG-4 Part 2", "mpeg2video": "MPEG-2",
    "mjpeg": "Motion JPEG", "prores": "ProRes",
}  # fmt: skip
"""Common names of codecs, by FFmpeg's names of decoders."""
_SOUND: Mapping[SoundState, str] = {
    "none": "without sound",
    "unheard": "with sound that is not indexed yet",
    "heard": "with sound",
}


def mean_attributes(frames: Sequence[Attributes], duration: float) -> Attributes | None:
    """Mean colours and light of a whole video: each frame counts until the next one."""
    if not frames:
        return None
    ends = [frame.seconds for frame in frames[1:]] + [max(duration, frames[-1].seconds)]
    weights = [max(end - frame.seconds, 1e-3) for frame, end in zip(frames, ends, strict=True)]
    names = {name for frame in frames for name in frame.colours}
    return replace(
        frames[0],
        colours={n: fmean((f.colours.get(n, 0.0) for f in frames), weights) for n in names},
        brightness=fmean((frame.brightness for frame in frames), weights),
    )


def parse_id(text: str) -> tuple[Kind, str, float, float] | None:
    """Parse an evidence id: kind, video, start and end in seconds; None if it is not one."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    start = int(match["start"]) / 1000
    end = int(match["end"]) / 1000 if match["end"] else start
    kind: Kind = match["kind"]  # type: ignore[assignment]  # the pattern lists the kinds
    return _RELEASED.get((match["kind"], match["n"]), kind), match["video"], start, end


def reliability(evidence: Evidence) -> Reliability:
    """Reason why recognised speech proves nothing; empty where it may."""
    return evidence.facts.get("reliability", "")


def passage_id(utterances: Sequence[Utterance]) -> str:
    """Evidence id of consecutive utterances; that of a single one is its own."""
    first = utterances[0]
    if len(utterances) == 1:
        return first.id
    return evidence_id("speech", first.video, first.start, max(u.end for u in utterances))


def utterances_inside(spoken: Sequence[Utterance], start: float, end: float) -> list[Utterance]:
    """The utterances that begin and end in a span, to the millisecond."""
    first, last = _ms(start), _ms(end)
    return [u for u in spoken if first <= _ms(u.start) and _ms(u.end) <= last and u.end > u.start]


def utterances_filling(spoken: Sequence[Utterance], start: float, end: float) -> list[Utterance]:
    """The utterances inside a span, if they fill it to the millisecond; else none."""
    inside = utterances_inside(spoken, start, end)
    fill = inside and (_ms(inside[0].start), max(_ms(u.end) for u in inside))
    return inside if fill == (_ms(start), _ms(end)) else []


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def of_speech(utterance: Utterance, image: str | None, score: float = 0.0) -> Evidence:
    """An utterance; facts as of a passage."""
    return of_passage([utterance], image, score)


def of_passage(spoken: Sequence[Utterance], image: str | None, score: float = 0.0) -> Evidence:
    """Consecutive utterances as one; facts: `speakers`, and the least certain's `reliability`."""
    first, worst = spoken[0], min(spoken, key=lambda u: u.confidence)
    speakers = list(dict.fromkeys(u.speaker for u in spoken))
    text = " ".join(u.text if len(speakers) == 1 else _with_speaker(u) for u in spoken)
    if len(speakers) == 1:
        text = _with_speaker(replace(first, text=text))
    reliability: Reliability = "uncertain" if worst.confidence < DOUBTFUL else ""
    if worst.source == "draft":
        reliability = "draft"
    return Evidence(
        passage_id(spoken), first.video, first.start, max(u.end for u in spoken), "speech",
        text, image, score, worst.source,
        language=first.language if len({u.language for u in spoken}) == 1 else "",
        facts={"speakers": [name for name in speakers if name], "reliability": reliability},
    )  # fmt: skip


def _with_speaker(utterance: Utterance) -> str:
    return f"{utterance.speaker}: {utterance.text}" if utterance.speaker else utterance.text


def of_screen(seen: ScreenText, image: str | None, score: float = 0.0) -> Evidence:
    """Text on screen."""
    return Evidence(
        seen.id, seen.video, seen.start, seen.end, "screen", seen.text, image, score, "text"
    )


def of_frame(
    frame: Frame, seen: Attributes | None, score: float = 0.0, *, scenes: Sequence[Scene] = ()
) -> Evidence:
    """One frame; facts: `colours`, `brightness`, and `begins`, the scene that starts with it."""
    facts, words = _colour_facts(seen), [describe(seen)] if seen else []
    number = bisect_right(scenes, frame.seconds, key=lambda scene: scene.start)
    if number > 1 and frame.seconds - scenes[number - 1].start < FIRST_FRAME:
        facts["begins"] = number
        words.insert(0, f"a cut, scene {number} begins")
    span = frame.video, frame.seconds, frame.seconds
    return _evidence("frame", *span, ", ".join(words), frame.image, score, "picture", facts)


def of_scene(
    scene: Scene, number: int, count: int, seen: Attributes | None, score: float = 0.0
) -> Evidence:
    """A shot between two cuts; facts: `number`, `count`, `colours`, `brightness`."""
    text = f"scene {number} of {count}" + (f", {describe(seen)}" if seen else "")
    facts = {"number": number, "count": count, **_colour_facts(seen)}
    span = scene.video, scene.start, scene.end
    return _evidence("scene", *span, text, scene.image, score, "cuts", facts)


def of_span(
    video: str,
    start: float,
    end: float,
    seen: Attributes | None,
    image: str | None,
    score: float = 0.0,
) -> Evidence:
    """A stretch of frames; facts: `colours`, `brightness`."""
    text, facts = describe(seen) if seen else "", _colour_facts(seen)
    return _evidence("frame", video, start, end, text, image, score, "picture", facts)


def of_sound(
    video: str, start: float, end: float, text: str, image: str | None, score: float = 0.0
) -> Evidence:
    """A stretch of sound."""
    return _evidence("sound", video, start, end, text, image, score, "sound", {})


def of_video(
    video: Video,
    scenes: int,
    probe: Mapping[str, Any],
    frames: Sequence[Attributes],
    image: str | None,
) -> Evidence:
    """The whole video, with its facts as data.

    Duration in seconds, scenes, size in pixels, frames a second, codec, colours, sound, languages
    of subtitles, time of recording (ISO 8601, or None) and title.
    """
    stage = video.stages.get("sound")
    indexed = stage is None or stage.state in ("done", "skipped")
    sound: SoundState = ("heard" if indexed else "unheard") if probe["audio"] else "none"
    facts = {
        "duration": video.duration,
        "scenes": scenes,
        "width": video.width,
        "height": video.height,
        "fps": video.fps,
        "codec": probe["video"]["codec"] if probe["video"] else None,
        **_colour_facts(mean_attributes(frames, video.duration)),
        "sound": sound,
        "subtitles": [track["language"] or "?" for track in probe.get("subtitles", ())],
        "recorded_at": video.recorded_at.isoformat() if video.recorded_at else None,
        "title": video.title,
    }
    text = ", ".join([*video_parts(facts), f"called {video.title}"])
    return _evidence("video", video.id, 0.0, video.duration, text, image, 0.0, "file", facts)


def _evidence(
    kind: Kind, video: str, start: float, end: float, text: str, image: str | None, score: float,
    source: str, facts: Mapping[str, Any],
) -> Evidence:  # fmt: skip
    id = evidence_id(kind, video, start, end)
    return Evidence(id, video, start, end, kind, text, image, score, source, facts=facts)


def video_parts(facts: Mapping[str, Any]) -> list[str]:
    """Facts of a whole video in words, the most asked for first."""
    duration, scenes = facts["duration"], facts["scenes"]
    minutes, seconds = divmod(duration, 60)
    length = f"{duration:.1f} seconds"
    if minutes:
        hours, minutes = divmod(int(minutes), 60)
        clock = f"{hours}:{minutes:02}:{seconds:04.1f}" if hours else f"{minutes}:{seconds:04.1f}"
        length += f" ({clock})"
    parts = [f"{length} long"]
    if scenes:
        parts.append("1 scene" if scenes == 1 else f"{scenes} scenes")
    if facts["width"]:
        parts.append(f"{facts['width']} x {facts['height']} pixels")
    if facts["fps"]:
        parts.append(f"{facts['fps']:.4g} frames a second")
    if codec := facts["codec"]:
        parts.append(f"encoded as {_CODECS.get(codec, codec)}")
    if "colours" in facts and (colours := _in_words(facts["colours"], facts["brightness"])):
        parts.append(f"on the whole {colours}")
    parts.append(_SOUND[facts["sound"]])
    if facts["subtitles"]:
        parts.append(f"with subtitles ({', '.join(dict.fromkeys(facts['subtitles']))})")
    if facts["recorded_at"]:
        at = datetime.fromisoformat(facts["recorded_at"])
        parts.append(f"recorded {at:%Y-%m-%d %H:%M %Z}".strip())
    return parts


def _colour_facts(seen: Attributes | None) -> dict[str, Any]:
    return {"colours": dict(seen.colours), "brightness": seen.brightness} if seen else {}


def main_colours(colours: Mapping[str, float]) -> dict[str, float]:
    """Up to three colours with a notable share of a picture, the largest share first."""
    shares = sorted(colours.items(), key=lambda item: -item[1])
    return dict([(name, share) for name, share in shares if share >= SOME][:3])


def describe(seen: Attributes) -> str:
    """Colours and light in words, the largest share first: "mostly blue, some white, bright"."""
    return _in_words(seen.colours, seen.brightness)


def _in_words(colours: Mapping[str, float], brightness: float) -> str:
    words = [
        f"{'mostly' if share >= MOST else 'much' if share >= MUCH else 'some'} {name}"
        for name, share in main_colours(colours).items()
    ]
    dark = "very dark" if brightness < 0.12 else "dark" if brightness < 0.28 else ""
    light = "bright" if brightness > 0.65 else dark
    return ", ".join([*words, *([light] if light else [])])
