"""SubStation (.ass, .ssa): what is said and sung, and the signs that are put on the picture.

One file mixes them, and draws a sung line once a syllable and layer. A line of talk may be placed
too, so `\\pos` tells a sign only where most lines are not placed and nobody is named.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tools.text.clean import clean
from tools.transcript.cues import Cue, without_styling
from tools.transcript.timed_text import TIME, seconds

MAX_EVENTS = 50_000
MAX_TEXT = 4000
DIALOGUE = re.compile(
    rf"(Dialogue|Comment):[^,]*,\s*{TIME}\s*,\s*{TIME}\s*,"
    r"([^,]*),([^,]*),[^,]*,[^,]*,[^,]*,([^,]*),(.*)"
)
SIGN = re.compile(r"(?<![A-Za-z])(?:signs?|typeset(?:ting)?|ts|on-?screen|titles?)(?![a-z])", re.I)
SONG = re.compile(
    r"(?<![A-Za-z])(?:op|ed|opening|ending|songs?|karaoke|romaji|kanji|lyrics?|insert)(?![a-z])",
    re.I,
)
"""Marks in the names of styles."""
KARAOKE = re.compile(r"\\[kK][fo]?\d")
PLACED = re.compile(r"\\(?:pos|move)\(\s*(-?\d{1,6}(?:\.\d*)?)\s*,\s*(-?\d{1,6}(?:\.\d*)?)")
ALIGNED, SIZED = re.compile(r"\\an([1-9])"), re.compile(r"\\fs(\d{1,4})")
PLAY_SIZE = 384.0, 288.0
"""Pixels of the picture that positions refer to, where a file names none."""
LETTER_WIDTH = 0.5
"""Mean width of a letter as a share of its height."""
TOGETHER = 1.0
"""Seconds between syllables of one line, at most."""


class Event(NamedTuple):
    """A line of a file with its times in seconds; `shown` is False of a comment."""

    start: float
    end: float
    style: str
    name: str
    effect: str
    text: str
    shown: bool = True


class Header(NamedTuple):
    """Size of the picture, and by style its alignment (as on a keypad) and height of letters."""

    size: tuple[float, float] = PLAY_SIZE
    styles: dict[str, tuple[int, float]] = {}  # noqa: RUF012 (never written to)


class Sign(NamedTuple):
    """Text placed on the picture; box is left, top, right, bottom as shares of the picture."""

    start: float
    end: float
    text: str
    box: tuple[float, float, float, float]


def events_of(lines: Iterable[str]) -> list[Event]:
    """Events of a file; what is no event, or has no times, is left out."""
    found: list[Event] = []
    for line in lines:
        if len(found) < MAX_EVENTS and (match := DIALOGUE.match(line)):
            kind, *times = match.groups()[:7]
            start, end = seconds(*times[:3]), seconds(*times[3:])
            style, name, effect, text = match.groups()[7:]
            found.append(Event(start, end, style, name, effect, text, kind == "Dialogue"))
    return found


def header_of(lines: Iterable[str]) -> Header:
    """Positions that the head of a file gives; defaults for what is no number."""
    size, styles = list(PLAY_SIZE), dict[str, tuple[int, float]]()
    for line in lines:
        name, _, value = line.partition(":")
        if name in ("PlayResX", "PlayResY") and re.fullmatch(r"\s*\d{1,5}\s*", value):
            size["XY".index(name[-1])] = max(float(value), 1.0)
        elif name == "Style" and len(styles) < 1000:
            fields = [field.strip() for field in value.split(",")]
            if len(fields) > 18 and fields[18] in [*"123456789"]:
                letters = re.fullmatch(r"\d{1,4}(?:\.\d*)?", fields[2])
                styles[fields[0]] = int(fields[18]), float(fields[2]) if letters else 20.0
    return Header((size[0], size[1]), styles)


def split(
    events: Sequence[Event], header: Header, partial: bool = False
) -> tuple[list[Cue], list[Sign]]:
    """Lines said or sung, and the signs; a `partial` track holds signs rather than talk."""
    effects = [e for e in events if e.shown and e.effect.strip().lower().startswith("fx")]
    plain = [e for e in events if e.shown and not e.effect.strip().lower().startswith("fx")]
    sources = [e for e in events if KARAOKE.search(e.text)]
    styles = {e.style for e in effects}
    # The comment that the effects were made from holds the line with its spaces.
    cues = [_cue(e) for e in sources if not e.shown and e.style in styles]
    spans = _spans(sources)
    cues += _sung(e for e in effects if not _is_inside(e, spans))
    placed = [e for e in plain if PLACED.search(e.text) and not SONG.search(e.style)]
    talk = [e for e in plain if not SIGN.search(e.style)]
    by_place = partial or sum(not SIGN.search(e.style) for e in placed) <= len(talk) / 2
    signs: dict[str, list[Sign]] = defaultdict(list)
    for event in sorted(plain, key=lambda event: event.start):
        cue = _cue(event)
        if not cue.text.strip():
            continue
        is_placed = bool(PLACED.search(event.text)) and by_place and not event.name.strip()
        is_sign = SIGN.search(event.style) or (is_placed and not KARAOKE.search(event.text))
        if is_sign and not SONG.search(event.style):
            _add(signs, Sign(event.start, event.end, clean(cue.text), _box(event, cue, header)))
        else:
            cues.append(cue)
    # Layers hold the same text with other outlines.
    cues = list({(cue.start, cue.end, clean(cue.text)): cue for cue in cues}.values())
    every = sorted((sign for each in signs.values() for sign in each), key=lambda s: s.start)
    return sorted(cues, key=lambda cue: (cue.start, cue.end)), every


def _cue(event: Event) -> Cue:
    text = event.text[:MAX_TEXT]
    return without_styling(event.start, event.end, text, True, event.name.strip())


def _spans(lines: Iterable[Event]) -> dict[str, list[tuple[float, float]]]:
    """By style, when some lines are shown, as spans apart from each other."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in sorted(lines):
        known, start, end = spans[line.style], line.start - TOGETHER, line.end + TOGETHER
        if known and start <= known[-1][1]:
            known[-1] = known[-1][0], max(known[-1][1], end)
        else:
            known.append((start, end))
    return spans


def _is_inside(event: Event, spans: dict[str, list[tuple[float, float]]]) -> bool:
    """True if the middle of a syllable lies in one of the spans of its style."""
    middle, known = (event.start + event.end) / 2, spans.get(event.style, [])
    at = bisect_right(known, (middle, float("inf"))) - 1
    return at >= 0 and middle <= known[at][1]


def _sung(syllables: Iterable[Event]) -> list[Cue]:
    """Lines of which only the syllables are there, by their places where they have some."""
    first: dict[tuple[object, ...], tuple[Event, Cue, float]] = {}
    for event in syllables:
        cue, place = _cue(event), PLACED.search(event.text)
        if cue.text.strip():
            at = (place[1], place[2]) if place else (event.start,)
            key = event.style, cue.text, *at
            known = first.get(key, (event, cue, 0.0))[1]
            cue = cue._replace(start=min(cue.start, known.start), end=max(cue.end, known.end))
            first[key] = event, cue, float(place[1]) if place else event.start
    lines: list[Cue] = []
    before = "", 0.0
    for event, cue, at in sorted(
        first.values(), key=lambda one: (one[0].style, one[1].start, one[2])
    ):
        style, left = before
        if lines and style == event.style and at >= left and cue.start <= lines[-1].end + TOGETHER:
            line = lines[-1]
            lines[-1] = line._replace(end=max(line.end, cue.end), text=line.text + cue.text)
        else:
            lines.append(cue)
        before = event.style, at
    return lines


def _add(signs: dict[str, list[Sign]], sign: Sign) -> None:
    """Add a sign; one that moves is written once a picture, one with outlines once a layer."""
    known = signs[sign.text]
    if known and sign.start <= known[-1].end + 0.1:
        last, box = known[-1], sign.box
        low = min(last.box[0], box[0]), min(last.box[1], box[1])
        high = max(last.box[2], box[2]), max(last.box[3], box[3])
        known[-1] = last._replace(end=max(last.end, sign.end), box=(*low, *high))
    else:
        known.append(sign)


def _box(event: Event, cue: Cue, header: Header) -> tuple[float, float, float, float]:
    """Box of a sign, about: the letters' widths are a guess."""
    alignment, letters = header.styles.get(event.style, (2, 20.0))
    if match := ALIGNED.search(event.text):
        alignment = int(match[1])
    if match := SIZED.search(event.text):
        letters = float(match[1])
    column, row = (alignment - 1) % 3 / 2, 1 - (alignment - 1) // 3 / 2
    place, size = PLACED.search(event.text), header.size
    at = (float(place[1]), float(place[2])) if place else (column * size[0], row * size[1])
    rows = cue.text.split("\n")
    extent = max(map(len, rows)) * letters * LETTER_WIDTH, len(rows) * letters
    shares: list[float] = []
    for step in (0, 1):
        for axis, anchor in enumerate((column, row)):
            edge = (at[axis] + extent[axis] * (step - anchor)) / size[axis]
            shares.append(round(min(max(edge, 0.0), 1.0), 4))
    return shares[0], shares[1], shares[2], shares[3]
