"""Subtitle cues: cleaned to utterances, and written back as subtitle files.

Subtitle files come from anywhere, so nothing in a cue is believed: its times, markup and names
are checked, and repairs are reported.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from tools.media import Utterance
from tools.text.clean import clean

MAX_RAW = 4000
"""Characters of a cue, markup included, that are read."""


class Cue(NamedTuple):
    """A cue as found: its text by lines, its times in unchecked seconds."""

    start: float
    end: float
    text: str
    speaker: str | None = None


TAGS = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]+>")
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]+)>")
DRAWING = re.compile(
    r"\{[^{}]{0,200}\\p[1-9][^{}]{0,200}\}.*?(?:\{[^{}]{0,200}\\p0[^{}]{0,200}\}|$)", re.S
)
SAID_BY = re.compile(
    r"(?:>>+\s*|[-\u2013]\s*)?([^\W\d_a-z][\w.'\u2019 -]{0,29}?)(?::\s+|\uff1a)(?=\S)"
)
NOT_NAMES = {"answer", "chapter", "default", "example", "note", "ntp", "part", "question", "step"}


def without_styling(start: float, end: float, text: str, styled: bool, speaker: str = "") -> Cue:
    """Remove styling from a cue's text, but for voice tags; `styled` marks SubStation text."""
    text = text[:MAX_RAW].replace("\\N", "\n")
    if styled:
        text = DRAWING.sub("", text).replace("\\n", "\n").replace("\\h", " ")
    # Braces are markup in styled formats; elsewhere only with a backslash in them.
    text = re.sub(r"\{[^{}]*\}" if styled else r"\{\\[^{}]*\}", "", text)
    return Cue(start, end, text, speaker or None)


def utterances(
    video: str, cues: Iterable[Cue], duration: float | None
) -> tuple[list[Utterance], list[str]]:
    """Utterances by time, inside the video (duration in seconds), and notes on repairs."""
    spoken = [piece for cue in cues for piece in _voices(cue)]
    spoken, notes = _timed(sorted(spoken, key=lambda cue: (cue.start, cue.end)), duration)
    spoken = _unrolled(_named(spoken))
    count: Counter[tuple[int, int]] = Counter()
    result: list[Utterance] = []
    for cue in spoken:
        if not (text := clean(cue.text)):
            continue
        span = round(cue.start * 1000), round(cue.end * 1000)
        count[span] += 1
        result.append(Utterance(video, cue.start, cue.end, text, cue.speaker, n=count[span]))
    return result, notes


def _voices(cue: Cue) -> list[Cue]:
    """Parts of a cue by voice tag, as plain text, line by line."""
    parts = VOICE.split(cue.text)  # text, name, text, name, text…
    pieces = [(cue.speaker or "", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    plain = (
        (clean(name, 60), [clean(line) for line in html.unescape(TAGS.sub("", text)).split("\n")])
        for name, text in pieces
    )
    return [
        cue._replace(
            text="\n".join(filter(None, lines)),
            speaker=name if name and name.casefold() not in NOT_NAMES else None,
        )
        for name, lines in plain
        if any(lines)
    ]


def _timed(cues: list[Cue], duration: float | None) -> tuple[list[Cue], list[str]]:
    """Repair times, and note repairs; cues come sorted by start."""
    limit = duration or float("inf")
    outside = clipped = without = 0
    later = [limit] * len(cues)  # when the next cue that does not start with this one starts
    for at in range(len(cues) - 2, -1, -1):
        after = cues[at + 1].start
        later[at] = after if after > cues[at].start else later[at + 1]
    kept: list[Cue] = []
    for cue, after in zip(cues, later, strict=True):
        start, end = max(cue.start, 0.0), cue.end
        if end <= cue.start:
            without += 1
            end = min(start + max(1.0, min(5.0, 0.06 * len(cue.text))), after)
        if start >= limit or end <= 0:
            outside += 1
            continue
        clipped += end > limit + 1  # less is the usual rounding of a last cue
        kept.append(cue._replace(start=start, end=min(end, limit)))
    for at, (cue, after) in enumerate(pairwise(kept)):
        if cue.start < after.start < cue.end < after.end:  # one that spans the next runs beside it
            kept[at] = cue._replace(end=after.start)
    notes: list[str] = []
    if without:
        notes.append(
            f"{without} of {len(cues)} subtitles had no length, or a negative one: estimated"
        )
    if outside:
        notes.append(f"{outside} of {len(cues)} subtitles lie outside the video: left out")
    if clipped:
        notes.append(f"{clipped} of {len(cues)} subtitles reach beyond the end of the video: cut")
    return kept, notes


def _named(cues: list[Cue]) -> list[Cue]:
    """Split `Name: text` into speaker and text, where the name occurs at least twice."""
    lines = [(cue, cue.text.split("\n")) for cue in cues]
    names = Counter(
        match[1] for _, texts in lines for text in texts if (match := SAID_BY.match(text))
    )
    names.update(cue.speaker for cue in cues if cue.speaker)
    for name in list(names):
        if name.casefold() in NOT_NAMES:
            del names[name]
    result: list[Cue] = []
    for cue, texts in lines:
        parts: list[Cue] = []
        for text in texts:
            match = SAID_BY.match(text)
            if match and names[match[1]] > 1:
                parts.append(cue._replace(text=text[match.end() :], speaker=match[1]))
            elif parts:
                parts[-1] = parts[-1]._replace(text=f"{parts[-1].text}\n{text}")
            else:
                parts.append(cue._replace(text=text))
        result += parts
    return result


def _unrolled(cues: list[Cue]) -> list[Cue]:
    """Remove words that a cue of a rolling caption repeats from the one before it."""
    words = [cue.text.split() for cue in cues]
    repeated = [0] + [
        _overlap(before, after) if cues[at + 1].start - cues[at].end < 0.3 else 0
        for at, (before, after) in enumerate(pairwise(words))
    ]
    rolling = sum(map(bool, repeated)) > 0.3 * len(cues)
    result: list[Cue] = []
    for cue, said, again in zip(cues, words, repeated, strict=True):
        whole = again == len(said) and result and result[-1].speaker == cue.speaker
        if whole and (rolling or result[-1].text.split() == said):
            result[-1] = result[-1]._replace(end=max(cue.end, result[-1].end))
        elif rolling and again:
            result.append(cue._replace(text=" ".join(said[again:])))
        else:
            result.append(cue)
    return result


def _overlap(before: list[str], after: list[str]) -> int:
    """Number of words at the end of one cue that stand again at the start of the next."""
    for count in range(min(len(before), len(after), 80), 0, -1):
        if before[-count:] == after[:count]:
            return count if count > 2 or count in (len(before), len(after)) else 0
    return 0


# Writing


def to_txt(spoken: Iterable[Utterance]) -> str:
    """Plain text, a line an utterance."""
    return "".join(f"{_signed(item)}\n" for item in spoken)


def to_srt(spoken: Iterable[Utterance]) -> str:
    """SubRip; the speaker stands before the text."""
    return "\n".join(
        f"{number}\n{_stamp(item.start, ',')} --> {_stamp(item.end, ',')}\n"
        f"{_signed(item).replace('-->', '->')}\n"
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


def _signed(item: Utterance) -> str:
    return f"{item.speaker}: {item.text}" if item.speaker else item.text


def _stamp(seconds: float, point: str) -> str:
    # By hand: the library writes braces and backslashes of a text as styling, and so loses them.
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milliseconds:03}"
