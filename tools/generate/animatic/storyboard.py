"""Storyboards: the shots of each kind of film, of a request, its pictures and the library."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tools.errors import RefusedRequest
from tools.generate.animatic.looks import restyle_of
from tools.generate.animatic.plan import FADE, Cue, Shot
from tools.generate.animatic.scenery import Setting, setting_of
from tools.generate.animatic.script import checked, headline, script_of, split, texts
from tools.generate.request import LONGEST, GenerationRequest, Moment
from tools.library import Library
from tools.media import Utterance, time_range
from tools.text.clean import clean

OPENING, ENDING = 1.9, 2.4
"""Seconds of the title and of the closing card of a teaser, at most."""
LEAST = 1.0
"""Seconds of a moment, at least."""
PICTURES = 12
CAPTION = 84
"""Characters of a caption."""
_ROUNDS = ("right", "left", "close")
Probe = Callable[[Path], dict[str, Any]]


def sentences_of(request: GenerationRequest) -> list[str]:
    """Sentences that are said in a film; none where nothing is."""
    if request.kind == "ad":
        return script_of(request.script, request.prompt, request.title, request.language)
    said = [one for text in request.script for one in split(text)]
    if request.kind == "text_to_video":
        return checked(said or split(request.prompt))
    if request.kind == "narration" and not said:
        raise RefusedRequest("give the sentences that are to be spoken over the clip")
    if request.kind in ("teaser", "video_to_video"):
        return []
    return checked(said) if said else []


def shots_of(
    request: GenerationRequest, library: Library, inputs: Path, probe: Probe
) -> list[Shot]:
    """The shots of a film; RefusedRequest says what is missing for it."""
    if not 1 <= request.seconds <= LONGEST:
        raise RefusedRequest(f"a film made here has 1 to {LONGEST:g} seconds")
    return _SHOTS[request.kind](request, library, inputs, probe)


def _ad(request: GenerationRequest, library: Library, inputs: Path, probe: Probe) -> list[Shot]:
    pictures = _pictures(request, inputs)
    if not pictures:
        raise RefusedRequest("an advertisement needs a picture of the product")
    if request.moments:
        raise RefusedRequest("an advertisement is made of pictures: leave the moments out")
    said = sentences_of(request)
    words = texts(request.language)
    shots: list[Shot] = []
    for number, sentence in enumerate(said):
        last = number == len(said) - 1
        picture = pictures[0 if last else number % len(pictures)]
        head, below = headline(sentence, request.language)
        shots.append(
            Shot(
                "product",
                text=sentence,
                headline=head,
                lines=(below,) if below else (),
                source=str(picture),
                named=picture.name,
                layout="end" if last else _ROUNDS[number % len(_ROUNDS)],
                button=words["button"] if last else "",
            )
        )
    return shots


def _teaser(request: GenerationRequest, library: Library, inputs: Path, probe: Probe) -> list[Shot]:
    moments = _moments(request, "a teaser")
    opening = min(OPENING, request.seconds * 0.16)
    ending = min(ENDING, request.seconds * 0.22)
    room = request.seconds - opening - ending + FADE * (len(moments) + 1)
    if room < LEAST * len(moments):
        raise RefusedRequest(
            f"{len(moments)} moments do not fit into {request.seconds:g} s: take fewer, or ask for "
            "a longer film"
        )
    lengths = _shared([one.end - one.start for one in moments], room)
    title = clean(request.title or library.get(moments[0].video).title, 90)
    clips = [
        _clip(library, one, one.start, one.start + length)
        for one, length in zip(moments, lengths, strict=True)
    ]
    named = list(dict.fromkeys(shot.named for shot in clips))
    words = texts(request.language)
    shown = [*named[:5], f"+ {len(named) - 5}"] if len(named) > 6 else named
    return [
        Shot("title", opening, text=title),
        *clips,
        Shot("end", ending, text=words["sources"], lines=tuple(shown)),
    ]


def _captions(
    request: GenerationRequest, library: Library, inputs: Path, probe: Probe
) -> list[Shot]:
    shots = _whole_moments(request, library, "captions", cues=not request.script)
    if not request.script and not any(shot.cues for shot in shots):
        raise RefusedRequest("nobody speaks there: give the sentences of the captions")
    return shots


def _narration(
    request: GenerationRequest, library: Library, inputs: Path, probe: Probe
) -> list[Shot]:
    return _whole_moments(request, library, "a narration", cues=False)


def _image_to_video(
    request: GenerationRequest, library: Library, inputs: Path, probe: Probe
) -> list[Shot]:
    pictures = _pictures(request, inputs)
    count = len(pictures) + len(request.moments)
    if not count:
        raise RefusedRequest("name a picture, or a moment of a video, to be moved")
    if request.seconds < LEAST * count:
        raise RefusedRequest(f"{count} pictures do not fit into {request.seconds:g} s")
    each = (request.seconds + FADE * (count - 1)) / count
    shots = [Shot("still", each, source=str(one), named=one.name) for one in pictures]
    for one in request.moments:
        middle = (one.start + one.end) / 2
        shot = _clip(library, one, middle, middle + 0.04, cues=False)
        shots.append(
            Shot(
                "still", each, source=shot.source, start=shot.start, end=shot.end,
                named=shot.named, evidence=one.evidence,
            )
        )  # fmt: skip
    return shots


def _text_to_video(
    request: GenerationRequest, library: Library, inputs: Path, probe: Probe
) -> list[Shot]:
    said = sentences_of(request)
    words = texts(request.language)
    pictures: list[Shot] = [
        _clip(library, one, one.start, one.end, cues=False) for one in request.moments
    ]
    pictures += [Shot("still", source=str(p), named=p.name) for p in _pictures(request, inputs)]
    title = clean(request.title, 40)
    note = f"{title} · {words['storyboard']}" if title else words["storyboard"]
    shots: list[Shot] = []
    setting = Setting()
    for number, sentence in enumerate(said):
        setting = setting_of(sentence, setting)
        if number < len(pictures):
            shots.append(pictures[number])
            continue
        counted = f"{number + 1}/{len(said)}"
        drawn = " ".join(setting)
        shots.append(Shot("card", text=sentence, headline=counted, lines=(note,), layout=drawn))
    return shots


def _video_to_video(
    request: GenerationRequest, library: Library, inputs: Path, probe: Probe
) -> list[Shot]:
    restyle = restyle_of(request.prompt)
    if request.moments:
        clips = [_clip(library, one, one.start, one.end, cues=False) for one in request.moments]
    elif request.inputs:
        path = _input(inputs, request.inputs[0])
        facts = probe(path)
        if not facts["video"]:
            raise RefusedRequest(f"{path.name!r} has no picture to change")
        clips = [Shot("clip", source=str(path), end=facts["duration"] or 0.0, named=path.name)]
    else:
        raise RefusedRequest("name a clip, or a moment of a video, to be changed")
    left = request.seconds
    shots: list[Shot] = []
    for clip in clips:
        seconds = min((clip.end - clip.start) / restyle.speed, left)
        if seconds > 0.2:
            shots.append(_with(clip, seconds, restyle.looks, restyle.speed))
            left -= seconds - FADE
    return shots


_SHOTS = {
    "ad": _ad,
    "teaser": _teaser,
    "captions": _captions,
    "narration": _narration,
    "image_to_video": _image_to_video,
    "text_to_video": _text_to_video,
    "video_to_video": _video_to_video,
}


def _with(clip: Shot, seconds: float, looks: tuple[str, ...], speed: float) -> Shot:
    return Shot(
        "clip", seconds, source=clip.source, start=clip.start, end=clip.end, named=clip.named,
        evidence=clip.evidence, looks=looks, speed=speed,
    )  # fmt: skip


def _whole_moments(
    request: GenerationRequest, library: Library, what: str, cues: bool
) -> list[Shot]:
    """Moments one after the other, as long as the film may be."""
    left, shots = request.seconds, list[Shot]()
    for one in _moments(request, what):
        length = min(one.end - one.start, left)
        if length > 0.2:
            shots.append(_clip(library, one, one.start, one.start + length, cues))
            left -= length - FADE
    return shots


def _moments(request: GenerationRequest, what: str) -> tuple[Moment, ...]:
    if not request.moments:
        raise RefusedRequest(f"{what} is made of moments of a video: name at least one")
    return request.moments


def _clip(library: Library, moment: Moment, start: float, end: float, cues: bool = True) -> Shot:
    video = library.get(moment.video)
    end = min(end, video.duration)
    if not 0 <= start < end:
        raise RefusedRequest(f"{video.title!r} has no moment from {start:g} to {end:g} s")
    if video.width is None:
        raise RefusedRequest(f"{video.title!r} has no picture to show")
    said = captions_of(library.utterances(video.id), start, end) if cues else []
    return Shot(
        "clip",
        end - start,
        source=str(library.original(video.id).absolute()),
        start=start,
        end=end,
        named=f"{clean(video.title, 60)} · {time_range(start, end)}",
        evidence=moment.evidence,
        cues=said,
    )


def captions_of(utterances: Iterable[Utterance], start: float, end: float) -> list[Cue]:
    """Captions of what is said in a span, from its start on; long ones are parted."""
    cues: list[Cue] = []
    for one in utterances:
        if one.end <= start or one.start >= end:
            continue
        parts = _parted(clean(one.text))
        letters = sum(map(len, parts)) or 1
        at, length = one.start, one.end - one.start
        for part in parts:
            until = at + length * len(part) / letters
            if until > start + 0.15 and at < end - 0.15:
                cues.append((max(at, start) - start, min(until, end) - start, part))
            at = until
    return cues


def _parted(text: str) -> list[str]:
    parts: list[str] = []
    count = -(-len(text) // CAPTION)
    for word in text.split():
        if parts and len(parts[-1]) + len(word) < len(text) / count + 8:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def _shared(lengths: Sequence[float], room: float) -> list[float]:
    """Lengths that together fit a room: the longest are shortened."""
    low, high = 0.0, max(lengths)
    while sum(lengths) > room and high - low > 1e-4:
        level = (low + high) / 2
        fits = sum(min(one, level) for one in lengths) <= room
        low, high = (level, high) if fits else (low, level)
    return [min(one, low) for one in lengths] if low else list(lengths)


def _pictures(request: GenerationRequest, inputs: Path) -> list[Path]:
    if len(request.inputs) > PICTURES:
        raise RefusedRequest(f"a film takes {PICTURES} pictures at most")
    return [_input(inputs, name) for name in request.inputs]


def _input(inputs: Path, name: str) -> Path:
    path = inputs.absolute() / name
    if Path(name).name != name or not path.is_file():
        raise RefusedRequest(f"there is no file {clean(name, 80)!r} among what was given")
    return path
