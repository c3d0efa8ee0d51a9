"""Turn what is stored into evidence, the one value that every door renders."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
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
"""Kinds that the first release wrote as a number of another kind's id."""
Reliability = Literal["", "draft", "uncertain"]
"""How far recognised speech can be trusted; empty where it proves what it says."""
Sound = Literal["none", "unheard", "heard"]
"""A video's sound: no track, one whose indexing is still to come, or one that is indexed."""
SOME, MUCH, MOST = 0.08, 0.25, 0.5
"""Shares of a picture from which on a colour is told as some, much and mostly."""
FIRST_PICTURE = 0.05
"""Seconds from a cut within which a picture is the first of its scene."""
_CODECS = {
    "h264": "H.264 (AVC)", "hevc": "H.265 (HEVC)", "libdav1d": "AV1", "av1": "AV1", "vp8": "VP8",
    "libvpx-vp9": "VP9", "vp9": "VP9", "mpeg4": "MPEG-4 Part 2", "mpeg2video": "MPEG-2",
    "mjpeg": "Motion JPEG", "prores": "ProRes",
}  # fmt: skip
"""Names that people know, by FFmpeg's names of decoders."""
_SOUND: Mapping[Sound, str] = {
    "none": "without sound",
    "unheard": "with sound that is not indexed yet",
    "heard": "with sound",
}


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
    return _RELEASED.get((match["kind"], match["n"]), kind), match["video"], start, end


def of_speech(one: Utterance, image: str | None, score: float = 0.0) -> Evidence:
    """An utterance; facts: `speakers`, `reliability`."""
    return _speech(one, [one.speaker] if one.speaker else [], _spoken(one), image, score)


def _spoken(one: Utterance) -> str:
    return f"{one.speaker}: {one.text}" if one.speaker else one.text


def _speech(
    one: Utterance, speakers: list[str], text: str, image: str | None, score: float
) -> Evidence:
    reliability: Reliability = "uncertain" if one.confidence < DOUBTFUL else ""
    if one.source == "draft":
        reliability = "draft"
    facts = {"speakers": speakers, "reliability": reliability}
    span = one.start, one.end
    return Evidence(
        one.id, one.video, *span, "speech", text, image, score, one.source, one.language, facts
    )


def unproven(one: Evidence) -> Reliability:
    """Why what was recognised proves nothing; empty where it may."""
    return one.facts.get("reliability", "")


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


def of_passage(said: Sequence[Utterance], image: str | None, score: float = 0.0) -> Evidence:
    """Consecutive utterances as one; as uncertain as the least certain of them."""
    if len(said) == 1:
        return of_speech(said[0], image, score)
    voices = list(dict.fromkeys(one.speaker for one in said if one.speaker))
    alone = len({one.speaker for one in said}) == 1
    worst = min(said, key=lambda one: one.confidence)
    whole = replace(
        worst,
        start=said[0].start,
        end=max(one.end for one in said),
        text=" ".join(one.text if alone else _spoken(one) for one in said),
        speaker=said[0].speaker if alone else None,
        language=said[0].language if len({one.language for one in said}) == 1 else "",
        n=1,
    )
    return _speech(whole, voices, _spoken(whole), image, score)


def of_screen(one: ScreenText, image: str | None, score: float = 0.0) -> Evidence:
    """Text that was on screen."""
    return Evidence(one.id, one.video, one.start, one.end, "screen", one.text, image, score, "text")


def of_frame(
    frame: Frame, look: Attributes | None, score: float = 0.0, *, scenes: Sequence[Scene] = ()
) -> Evidence:
    """One picture; facts: `colours`, `brightness`, and `begins`, the scene that starts with it."""
    facts, text = _seen(look), describe(look) if look else ""
    number = bisect_right(scenes, frame.seconds, key=lambda scene: scene.start)
    if number > 1 and frame.seconds - scenes[number - 1].start < FIRST_PICTURE:
        facts["begins"] = number
        text = f"a cut, scene {number} begins" + (f", {text}" if text else "")
    span = frame.start, frame.end
    return Evidence(
        frame.id, frame.video, *span, "frame", text, frame.image, score, "picture", facts=facts
    )


def of_scene(
    scene: Scene, number: int, count: int, look: Attributes | None, score: float = 0.0
) -> Evidence:
    """A shot between two cuts; facts: `number`, `count`, `colours`, `brightness`."""
    text = f"scene {number} of {count}" + (f", {describe(look)}" if look else "")
    facts, span = {"number": number, "count": count, **_seen(look)}, (scene.start, scene.end)
    return Evidence(
        scene.id, scene.video, *span, "scene", text, scene.image, score, "cuts", facts=facts
    )


def of_span(
    video: str,
    start: float,
    end: float,
    look: Attributes | None,
    image: str | None,
    score: float = 0.0,
) -> Evidence:
    """A stretch of pictures; facts: `colours`, `brightness`."""
    id, text = evidence_id("frame", video, start, end), describe(look) if look else ""
    return Evidence(
        id, video, start, end, "frame", text, image, score, "picture", facts=_seen(look)
    )


def of_sound(
    video: str, start: float, end: float, text: str, image: str | None, score: float = 0.0
) -> Evidence:
    """A stretch of sound."""
    id = evidence_id("sound", video, start, end)
    return Evidence(id, video, start, end, "sound", text, image, score, "sound")


def of_video(
    video: Video,
    scenes: int,
    probe: Mapping[str, Any],
    looks: Sequence[Attributes],
    image: str | None,
) -> Evidence:
    """The whole video; facts: those of `video_facts`."""
    facts = video_facts(video, scenes, probe, looks)
    text = ", ".join([*video_parts(facts), f"called {video.title}"])
    id = evidence_id("video", video.id, 0.0, video.duration)
    span = 0.0, video.duration
    return Evidence(id, video.id, *span, "video", text, image, 0.0, "file", facts=facts)


def video_facts(
    video: Video, scenes: int, probe: Mapping[str, Any], looks: Sequence[Attributes]
) -> dict[str, Any]:
    """Duration in seconds, scenes, size in pixels, frames a second, codec, colours, sound,
    languages of subtitles, time of recording (ISO 8601, or None) and title."""
    stage = video.stages.get("sound")
    heard = stage is None or stage.state in ("done", "skipped")
    sound: Sound = ("heard" if heard else "unheard") if probe["audio"] else "none"
    return {
        "duration": video.duration,
        "scenes": scenes,
        "width": video.width,
        "height": video.height,
        "fps": video.fps,
        "codec": probe["video"]["codec"] if probe["video"] else None,
        **_seen(overall(looks, video.duration)),
        "sound": sound,
        "subtitles": [track["language"] or "?" for track in probe.get("subtitles", ())],
        "recorded_at": video.recorded_at.isoformat() if video.recorded_at else None,
        "title": video.title,
    }


def video_parts(facts: Mapping[str, Any]) -> list[str]:
    """The facts of a whole video in words, the most asked for first."""
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
    if "colours" in facts and (told := _described(facts["colours"], facts["brightness"])):
        parts.append(f"on the whole {told}")
    parts.append(_SOUND[facts["sound"]])
    if facts["subtitles"]:
        parts.append(f"with subtitles ({', '.join(dict.fromkeys(facts['subtitles']))})")
    if facts["recorded_at"]:
        at = datetime.fromisoformat(facts["recorded_at"])
        parts.append(f"recorded {at:%Y-%m-%d %H:%M %Z}".strip())
    return parts


def _seen(look: Attributes | None) -> dict[str, Any]:
    return {"colours": dict(look.colours), "brightness": look.brightness} if look else {}


def foremost(colours: Mapping[str, float]) -> dict[str, float]:
    """The colours that are told of a picture: three at most, the largest share first."""
    shares = sorted(colours.items(), key=lambda item: -item[1])
    return dict([(name, share) for name, share in shares if share >= SOME][:3])


def describe(look: Attributes) -> str:
    """Colours and light in words, the largest share first: "mostly blue, some white, bright"."""
    return _described(look.colours, look.brightness)


def _described(colours: Mapping[str, float], light: float) -> str:
    words = [
        f"{'mostly' if share >= MOST else 'much' if share >= MUCH else 'some'} {name}"
        for name, share in foremost(colours).items()
    ]
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
