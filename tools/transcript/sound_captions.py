"""Captions for the hard of hearing: the sounds that they name, apart from what is said.

Sounds stand in brackets or between notes (`[DOOR CREAKS]`, `(glass shatters) ROSE: …`,
`♪ slow piano music ♪`). Brackets in the middle of a sentence are its own, and sung words are words.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tools.media import Utterance, numbered
from tools.text.clean import clean, word_set
from tools.transcript.cues import NOT_NAMES, SAID_BY, Cue

CAPTION = "caption"
"""Source of a sound that a caption names."""
BRACKETS = re.compile(
    r"\[([^\[\]]{2,120})\]|\(([^()]{2,120})\)|\uff08([^\uff08\uff09]{1,60})\uff09"
)
TURN = re.compile(r"\s*(?:>>+|[-\u2013\u2014](?![-\u2013\u2014\d]))\s*")
NOTES = re.compile(r"[\u266a\u266b\u266c]+")
MUSIC = word_set("music playing plays melody theme instrumental humming interlude")
NOT_MUSIC = word_set("i you we me my your he she they us our")
NOT_SOUNDS = word_set("inaudible unintelligible indistinct blank")
PEOPLE = word_set(
    "announcer boy child children crowd girl host interviewer man men narrator reporter speaker "
    "woman women"
)
SHORTEST = 0.1
"""Seconds that a sound without a length is given."""


class Sound(NamedTuple):
    """A sound that a caption names, with times in unchecked seconds."""

    start: float
    end: float
    text: str


def split_sounds(cues: Iterable[Cue]) -> tuple[list[Cue], list[Sound]]:
    """Cues without the sounds that they name, each turn of talk begun by `>>`; and the sounds."""
    every = list(cues)
    names = {
        match[2].casefold()
        for cue in every
        for line in cue.text.split("\n")
        if (match := SAID_BY.match(BRACKETS.sub("", line).strip()))
    }
    kept: list[Cue] = []
    sounds: list[Sound] = []
    for cue in every:
        text, named = _without_sounds(cue.text, names)
        sounds += (Sound(cue.start, cue.end, sound) for sound in named)
        if text.strip():
            kept.append(cue._replace(text=text))
    return kept, sounds


def heard_sounds(
    video: str, sounds: Sequence[Sound], duration: float | None
) -> tuple[Utterance, ...]:
    """Sounds as rows, inside the video: one a caption, and one that goes on in the next is one."""
    limit = duration or float("inf")
    joined: list[Sound] = []
    for sound in sorted(sounds, key=lambda one: (one.start, one.end)):
        start, end = max(sound.start, 0.0), min(max(sound.end, sound.start + SHORTEST), limit)
        last = joined[-1] if joined else None
        if last and last.text == sound.text and start - last.end < SHORTEST:
            joined[-1] = last._replace(end=max(last.end, end))
        elif last and (last.start, last.end) == (start, end):
            joined[-1] = last._replace(text=clean(f"{last.text}; {sound.text}"))
        elif start < end:
            joined.append(Sound(start, end, sound.text))
    return tuple(numbered(Utterance(video, *sound, source=CAPTION) for sound in joined))


def _without_sounds(text: str, names: set[str]) -> tuple[str, list[str]]:
    sounds: list[str] = []
    lines = text.split("\n")
    turns = sum(bool(TURN.match(line)) for line in lines) > 1

    def replaced(match: "re.Match[str]") -> str:
        content = clean(match[1] or match[2] or match[3] or "", 120)
        line = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
        first = not TURN.sub("", line, count=1).strip()
        after = match.string[match.end() :].split("\n", 1)[0].strip()
        if first and after and (content.casefold() in names or _is_person(content)):
            mark = "" if line.strip() else ">> "
            return mark + content + ("" if after.startswith(":") else ": ")
        letters = sum(map(str.isalpha, content))
        words = {word.casefold() for word in content.split()}
        square = match[1] is not None
        apart = first or (square and (not after or content.isupper()))
        named = after.startswith(":")  # `TOM (whispering): …` tells how, not that there is a sound
        if letters < 2 or not apart or named or words & NOT_SOUNDS:
            return match[0]
        if any(map(str.isdigit, content)) and not square:
            return match[0]
        sounds.append(content.lower() if content.isupper() else content)
        return ""

    kept: list[str] = []
    for line in BRACKETS.sub(replaced, text).split("\n"):
        marker = TURN.match(line) if turns or ">>" in line else None
        rest = line[marker.end() :] if marker else line
        if NOTES.search(rest):
            rest = NOTES.sub(" ", rest)
            words = [word.casefold().strip(".,!") for word in rest.split()]
            if not words or (words[-1] in MUSIC and not NOT_MUSIC & set(words)):
                sounds.append(clean(" ".join(words) or "music", 120))
                rest = ""
        if rest.strip(" -\u2013\u2014>"):
            kept.append(f">> {rest.strip()}" if marker else rest)
    return "\n".join(kept), sounds


def _is_person(content: str) -> bool:
    first = content.casefold().split()[0] if content.split() else ""
    return first in PEOPLE and len(content.split()) <= 2 and first not in NOT_NAMES
