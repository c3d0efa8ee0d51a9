"""Subtitle cues: cleaned to utterances, and written back as subtitle files.

Subtitle files come from anywhere, so nothing in a cue is believed: its times, markup and names
are checked, and repairs are reported.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

from tools.media import Utterance, numbered
from tools.text.clean import clean

MAX_RAW = 4000
"""Characters of a cue that are read, markup included."""


class Cue(NamedTuple):
    """Cue as it stands in a file: text by lines, times in unchecked seconds."""

    start: float
    end: float
    text: str
    speaker: str | None = None


TAGS = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]+>")
MICRODVD = re.compile(r"\{[A-Za-z]:[^{}]*\}")
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]+)>")
DRAWING = re.compile(
    r"\{[^{}]{0,200}\\p[1-9][^{}]{0,200}\}.*?(?:\{[^{}]{0,200}\\p0[^{}]{0,200}\}|$)", re.S
)
SAID_BY = re.compile(
    r"(>>+\s*|[-\u2013]\s*)?([^\W\d_a-z][\w.'\u2019 -]{0,29}?)"
    r"(\s*\([^()]{1,40}\)|\s*\[[^\[\]]{1,40}\])?(?::\s+|\uff1a)(?=\S)"
)
"""Mark of a new speaker, name, manner (`(whispering)`), colon."""
NOT_NAMES = {"answer", "chapter", "default", "example", "note", "ntp", "part", "question", "step"}


def without_styling(start: float, end: float, text: str, styled: bool, speaker: str = "") -> Cue:
    """Remove styling from a cue's text, but for voice tags; `styled` marks SubStation text."""
    text = text[:MAX_RAW].replace("\\N", "\n")
    if styled:
        text = DRAWING.sub("", text).replace("\\n", "\n").replace("\\h", " ")
    # Braces are markup in styled formats; elsewhere only with a backslash in them.
    if not styled and MICRODVD.search(text):  # some converters leave the codes of their source
        text = MICRODVD.sub("", text).replace("|", "\n")
    text = re.sub(r"\{[^{}]*\}" if styled else r"\{\\[^{}]*\}", "", text)
    return Cue(start, end, text, speaker or None)


def utterances(
    video: str, cues: Iterable[Cue], duration: float | None
) -> tuple[list[Utterance], list[str]]:
    """Utterances by time, inside the video (duration in seconds), and notes on repairs."""
    spoken = [piece for cue in cues for piece in _voices(cue)]
    spoken, notes = _timed(sorted(spoken, key=lambda cue: (cue.start, cue.end)), duration)
    made = (
        Utterance(video, cue.start, cue.end, text, cue.speaker)
        for cue in _unrolled(_named(spoken))
        if (text := clean(cue.text))
    )
    return list(numbered(made)), notes


def _voices(cue: Cue) -> Iterator[Cue]:
    """Parts of a cue by voice tag, as plain text, line by line."""
    first, *parts = VOICE.split(cue.text)  # text, name, text, name, text…
    for name, text in [(cue.speaker or "", first), *zip(parts[::2], parts[1::2], strict=True)]:
        name, lines = clean(name, 60), html.unescape(TAGS.sub("", text)).split("\n")
        if plain := "\n".join(filter(None, map(clean, lines))):
            named = name and name.casefold() not in NOT_NAMES
            yield cue._replace(text=plain, speaker=name if named else None)


def _timed(cues: list[Cue], duration: float | None) -> tuple[list[Cue], list[str]]:
    """Repair times, and note repairs; cues come sorted by start."""
    limit = duration or float("inf")
    outside = clipped = without = 0
    after = limit  # when the next cue that does not start with this one starts
    kept: list[Cue] = []
    for cue, following in reversed(list(zip_longest(cues, cues[1:]))):
        if following and following.start > cue.start:
            after = following.start
        start, end = max(cue.start, 0.0), cue.end
        if end <= cue.start:
            without += 1
            end = min(start + max(1.0, min(5.0, 0.06 * len(cue.text))), after)
        if start >= limit or end <= 0:
            outside += 1
            continue
        clipped += end > limit + 1  # less is the usual rounding of a last cue
        kept.append(cue._replace(start=start, end=min(end, limit)))
    kept.reverse()
    for at, (cue, following) in enumerate(pairwise(kept)):
        if cue.start < following.start < cue.end < following.end:  # one that spans it runs beside
            kept[at] = cue._replace(end=following.start)
    notes = (
        (without, "had no length, or a negative one: estimated"),
        (outside, "lie outside the video: left out"),
        (clipped, "reach beyond the end of the video: cut"),
    )
    return kept, [f"{count} of {len(cues)} subtitles {what}" for count, what in notes if count]


def _named(cues: list[Cue]) -> Iterator[Cue]:
    """Split `Name: text` into speaker and text, and lines that begin with `>>`.

    A name occurs at least twice, or is in capitals and marked as a new speaker or by its manner.
    """
    names = Counter(
        match[2] for cue in cues for line in cue.text.split("\n") if (match := SAID_BY.match(line))
    )
    names.update(cue.speaker for cue in cues if cue.speaker)
    for cue in cues:
        part = None
        for line in cue.text.split("\n"):
            match = SAID_BY.match(line)
            marked = match and match[2].isupper() and (match[1] or match[3])
            known = match and (marked or names[match[2]] > 1)
            if match and known and match[2].casefold() not in NOT_NAMES:
                if part:
                    yield part
                part = cue._replace(text=line[match.end() :], speaker=match[2])
            elif line.startswith(">>"):
                if part:
                    yield part
                part = cue._replace(text=line.lstrip("> "), speaker=None)
            else:
                part = (
                    part._replace(text=f"{part.text}\n{line}") if part else cue._replace(text=line)
                )
        if part:
            yield part


def _unrolled(cues: Iterable[Cue]) -> list[Cue]:
    """Remove words that a cue of a rolling caption repeats from the one before it."""
    rows = [(cue, cue.text.split()) for cue in cues]
    repeated = [
        _overlap(before, after) if cue.start - last.end < 0.3 else 0
        for (last, before), (cue, after) in pairwise(rows)
    ]
    rolling = sum(map(bool, repeated)) > 0.3 * len(rows)
    result: list[Cue] = []
    for (cue, words), again in zip(rows, [0, *repeated], strict=False):
        whole = again == len(words) and result and result[-1].speaker == cue.speaker
        if whole and (rolling or result[-1].text.split() == words):
            result[-1] = result[-1]._replace(end=max(cue.end, result[-1].end))
        elif rolling and again:
            result.append(cue._replace(text=" ".join(words[again:])))
        else:
            result.append(cue)
    return result


def _overlap(before: list[str], after: list[str]) -> int:
    """Number of words at the end of one cue that stand again at the start of the next."""
    for count in range(min(len(before), len(after), 80), 0, -1):
        if before[-count:] == after[:count]:
            return count if count > 2 or count in (len(before), len(after)) else 0
    return 0


def to_txt(spoken: Iterable[Utterance]) -> str:
    """Plain text, a line an utterance."""
    return "".join(f"{_with_speaker(item)}\n" for item in spoken)


def to_srt(spoken: Iterable[Utterance]) -> str:
    """SubRip; the speaker stands before the text."""
    return "\n".join(
        f"{number}\n{_stamp(item.start, ',')} --> {_stamp(item.end, ',')}\n"
        f"{_with_speaker(item).replace('-->', '->')}\n"
        for number, item in enumerate(spoken, 1)
    )


def to_vtt(spoken: Iterable[Utterance]) -> str:
    """WebVTT; the speaker is a voice tag."""
    return "WEBVTT\n\n" + "\n".join(
        f"{_stamp(item.start, '.')} --> {_stamp(item.end, '.')}\n"
        + (f"<v {html.escape(item.speaker, quote=False)}>" if item.speaker else "")
        + f"{html.escape(item.text, quote=False)}\n"
        for item in spoken
    )


TRANSCRIPTS: dict[str, Callable[[Sequence[Utterance]], str]] = {
    "srt": to_srt, "vtt": to_vtt, "txt": to_txt,
}  # fmt: skip
"""Writers of a transcript, by the name of their form."""


def _with_speaker(item: Utterance) -> str:
    return f"{item.speaker}: {item.text}" if item.speaker else item.text


def _stamp(seconds: float, point: str) -> str:
    # By hand: the library writes braces and backslashes of a text as styling, and so loses them.
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milliseconds:03}"
