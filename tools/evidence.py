"""Evidence from stored rows: the one value that every door renders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import fmean
from typing import Any, Literal, get_args

from tools.areas import WAYS, Area, facts_in, told_in
from tools.media import (
    DOUBTFUL,
    Attributes,
    Evidence,
    Kind,
    ScreenText,
    Sighting,
    Utterance,
    Video,
    clock,
    evidence_id,
    spread,
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
MACHINE = "heard by machine and often wrong"
"""What stands beside every quotation of a draft."""
SoundState = Literal["none", "unheard", "heard"]
"""Sound of a video: no track, one that is not indexed yet, one that is."""
SOME, MUCH, MOST = 0.08, 0.25, 0.5
"""Shares of a picture, from which on a colour is called some, much or mostly."""
HUELESS = 0.001
"""Share of pixels with a hue, up to which a video is called black and white."""
CODECS = {
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


def _mean_colour_facts(frames: Sequence[Attributes], duration: float) -> dict[str, Any]:
    """Mean colours and light of a whole video: each frame counts until the next one."""
    if not frames:
        return {}
    ends = [frame.seconds for frame in frames[1:]] + [max(duration, frames[-1].seconds)]
    weights = [max(end - frame.seconds, 1e-3) for frame, end in zip(frames, ends, strict=True)]
    names = {name for frame in frames for name in frame.colours}
    colours = {n: fmean((f.colours.get(n, 0.0) for f in frames), weights) for n in names}
    return {"colours": colours, "brightness": fmean((f.brightness for f in frames), weights)}


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


def is_draft(evidence: Evidence) -> bool:
    """True of speech by a draft recogniser: it is marked wherever it is quoted."""
    return reliability(evidence) == "draft"


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
    """Text on screen; fact: `at_least`, true if a picture beside its span was not read."""
    return Evidence(
        seen.id, seen.video, seen.start, seen.end, "screen", seen.text, image, score, "text",
        facts={"at_least": True} if seen.at_least else {},
    )  # fmt: skip


BOXES = 60
"""Boxes of one object in its facts, at most."""


def of_sighting(seen: Sighting, areas: Sequence[Area] = (), camera: str = "") -> Evidence:
    """A tracked object: what, which way, how long, in which zones and across which lines.

    Facts: `label` and `colour` (empty where not known), `direction`, `dwell` in seconds,
    `confidence`, `seconds` of its best view, and `boxes`: time, left, top, right, bottom; those of
    `areas` (`facts_in`), and the name of its `camera`, if it has any.
    """
    name = f"{seen.colour} {seen.label or 'thing'}".strip() + ("" if seen.label else " that moves")
    parts = [name, WAYS.get(seen.direction, ""), f"{seen.end - seen.start:.0f} s in view"]
    if seen.dwell >= 1:
        parts.append(f"{seen.dwell:.0f} s of it standing still")
    there = facts_in(seen, areas)
    parts += told_in(there)
    facts: dict[str, Any] = {
        "label": seen.label, "colour": seen.colour, "direction": seen.direction,
        "dwell": seen.dwell, "confidence": seen.confidence, "seconds": seen.seconds,
        "boxes": [list(box) for box in spread(seen.boxes, BOXES)], **there,
    }  # fmt: skip
    if camera:
        facts["camera"] = camera
    if seen.colour:
        facts["colours"] = {seen.colour: 1.0}
    return Evidence(
        seen.id, seen.video, seen.start, seen.end, "object", ", ".join(filter(None, parts)),
        seen.image, seen.confidence, seen.source, facts=facts,
    )  # fmt: skip


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
        **_mean_colour_facts(frames, video.duration),
        "sound": sound,
        "subtitles": [track["language"] or "?" for track in probe.get("subtitles", ())],
        "recorded_at": video.recorded_at.isoformat() if video.recorded_at else None,
        "title": video.title,
    }
    text = ", ".join([*video_parts(facts), f"called {video.title}"])
    id = evidence_id("video", video.id, 0.0, video.duration)
    whole = id, video.id, 0.0, video.duration, "video"
    return Evidence(*whole, text, image, source="file", facts=facts)


def video_parts(facts: Mapping[str, Any]) -> list[str]:
    """Facts of a whole video in words, the most asked for first."""
    duration, scenes = facts["duration"], facts["scenes"]
    minutes = f" ({clock(round(duration, 1))})" if duration >= 60 else ""
    parts = [f"{duration:.1f} seconds{minutes} long"]
    if scenes:
        parts.append("1 scene" if scenes == 1 else f"{scenes} scenes")
    if facts["width"]:
        parts.append(f"{facts['width']} x {facts['height']} pixels")
    if facts["fps"]:
        parts.append(f"{facts['fps']:.4g} frames a second")
    if codec := facts["codec"]:
        parts.append(f"encoded as {CODECS.get(codec, codec)}")
    if "colours" in facts and (colours := describe(facts["colours"], facts["brightness"])):
        parts.append(f"on the whole {colours}")
    parts.append(_SOUND[facts["sound"]])
    if facts["subtitles"]:
        parts.append(f"with subtitles ({', '.join(dict.fromkeys(facts['subtitles']))})")
    if facts["recorded_at"]:
        at = datetime.fromisoformat(facts["recorded_at"])
        parts.append(f"recorded {at:%Y-%m-%d %H:%M %Z}".strip())
    return parts


def colour_facts(seen: Attributes | None) -> dict[str, Any]:
    """Colours and light as facts of evidence; none if they were not measured."""
    return {"colours": dict(seen.colours), "brightness": seen.brightness} if seen else {}


def main_colours(colours: Mapping[str, float]) -> dict[str, float]:
    """Up to three colours with a notable share of a picture, the largest share first."""
    shares = sorted(colours.items(), key=lambda item: -item[1])
    return dict([(name, share) for name, share in shares if share >= SOME][:3])


def is_black_and_white(colours: Mapping[str, float]) -> bool:
    """True if hardly a pixel has a hue."""
    hues = sum(share for name, share in colours.items() if name not in ("black", "grey", "white"))
    return bool(colours) and hues < HUELESS


def describe(colours: Mapping[str, float], brightness: float) -> str:
    """Colours and light in words, the largest share first: "mostly blue, some white, bright"."""
    words = [
        f"{'mostly' if share >= MOST else 'much' if share >= MUCH else 'some'} {name}"
        for name, share in main_colours(colours).items()
    ]
    dark = "very dark" if brightness < 0.12 else "dark" if brightness < 0.28 else ""
    light = "bright" if brightness > 0.65 else dark
    return ", ".join([*words, *([light] if light else [])])
