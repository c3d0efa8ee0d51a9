"""SubRip and WebVTT as people have them: cues found by their lines of times, not by blank lines.

Files lose their blank lines, hours and milliseconds, hold times before zero and texts that look
like times; editors put spaces into empty lines. A cue begins at a line that is wholly times.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from tools.transcript.cues import TAGS, Cue, without_styling

MAX_LINE = 4000
"""Characters of a line that are read."""
NEAR = 0.3
"""Seconds between two cues, at most, of which the second holds what the first one shows."""
TIME = r"(-?)(\d{1,4}(?::\d{1,2}){0,2})(?:[.,:](\d{1,9}))?"
TIMES = re.compile(rf"{TIME}\s*-{{1,3}}>\s*{TIME}(?:\s+[\w-]+:\S*)*")
"""A line of times, with coordinates (SubRip) or settings (WebVTT) after them."""
STAMP = re.compile(r"<((?:\d{1,4}:)?\d{1,2}:\d{1,2}\.\d{1,3})>")
"""The time of a word inside a cue."""


def lines_of(text: str) -> list[str]:
    """Lines of a file, each cut to what is read of it; a bare CR ends a line too."""
    return [line[:MAX_LINE].rstrip("\r\n") for line in text.replace("\x00", "").splitlines()]


def subrip(lines: Sequence[str]) -> tuple[list[Cue], int]:
    """Cues of a SubRip file, and how many more begin with times that cannot be read."""
    return _cues(lines, False)


def webvtt(lines: Sequence[str]) -> tuple[list[Cue], int]:
    """Cues of a WebVTT file, and how many more begin with times that cannot be read.

    Words of automatic captions have times of their own; each is said once, at its time.
    """
    cues, unread = _cues(lines, True)
    if any(STAMP.search(cue.text) for cue in cues):
        cues = [part for cue in _unrolled(cues) for part in _turns(cue)]
    return cues, unread


def _cues(lines: Sequence[str], webvtt: bool) -> tuple[list[Cue], int]:
    heads: list[tuple[int, float, float] | tuple[int]] = []
    for at, line in enumerate(lines):
        if "->" not in line or (heads and heads[-1][0] == at - 1 and not webvtt):
            continue  # the first line of a text may look like times
        before = lines[at - 1].strip() if at else ""
        counted = not before or before.isdecimal()
        match = TIMES.fullmatch(line.strip())
        if match and (counted or ":" in match[2]):
            heads.append((at, seconds(*match.groups()[:3]), seconds(*match.groups()[3:])))
        elif "-->" in line and (counted or webvtt) and re.match(r"\s*-?\d+:", line):
            heads.append((at,))  # meant as times
    found: list[Cue] = []
    for head, after in zip(heads, [*heads, (len(lines),)][1:], strict=True):
        text = lines[head[0] + 1 : after[0]]
        if after[0] < len(lines) and text and text[-1].strip().isdecimal():
            text = text[:-1]  # the number of the next cue
        if webvtt and "" in text:  # a line that holds a space is no empty line
            text = text[: text.index("")]
        if len(head) == 3:
            found.append(without_styling(*head[1:], "\n".join(text).strip("\n"), False))
    return found, len(heads) - len(found)


def seconds(sign: str, clock: str, fraction: str | None = None) -> float:
    """Seconds of [[hours:]minutes:]seconds and of the digits after the point."""
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + int(part)
    total += float(f"0.{fraction or 0}")
    return -total if sign else total


def _visible(text: str) -> str:
    return " ".join(html.unescape(TAGS.sub("", text)).split())


def _unrolled(cues: Iterable[Cue]) -> list[Cue]:
    """Cues without the line that the one before has left on the screen.

    Such captions hold each line for 10 ms in a cue of its own, before the next one pushes it up.
    """
    kept: list[Cue] = []
    shown = ""
    for cue in cues:
        lines = [line for line in cue.text.split("\n") if _visible(line)]
        last = _visible(lines[-1]) if lines else ""
        if lines and shown == _visible(lines[0]) and not STAMP.search(lines[0]):
            del lines[0]
        if lines:
            kept.append(cue._replace(text="\n".join(lines)))
        elif kept and cue.start - kept[-1].end < NEAR:
            kept[-1] = kept[-1]._replace(end=max(cue.end, kept[-1].end))
        shown = last or shown
    return kept


def _turns(cue: Cue) -> Iterator[Cue]:
    """Parts of a cue whose words have times, from the first word and from each change of speaker.

    Those changes are written `>>`.
    """
    first, *rest = STAMP.split(cue.text)
    start, text = cue.start, first
    for stamp, more in zip(rest[::2], rest[1::2], strict=True):
        at = seconds("", *stamp.split("."))
        begins = not _visible(text)
        if cue.start <= at < cue.end and (begins or _visible(more).startswith(">>")):
            if not begins:
                yield cue._replace(start=start, end=at, text=text)
            start, text = at, more
        else:
            text += more
    yield cue._replace(start=start, text=text)
