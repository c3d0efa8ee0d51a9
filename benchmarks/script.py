"""Script of the talk: its slides, and the speech during each.

The files of benchmarks/talk/ are read in the order of their names. `= kind: title` begins a
slide, `| ` stands before each of its lines, `= again: title` shows a slide a second time, `+`
shows one more line of a slide of steps, `@ name` says who speaks from here on. Everything else is
said, a paragraph between empty lines.
"""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

FOLDER = Path(__file__).parent / "talk"
NEXT, PARAGRAPH, TURN = 0.4, 0.9, 1.2
"""Seconds of silence before a sentence, a paragraph, another speaker."""


@dataclass(frozen=True)
class Slide:
    """A slide; a slide of steps shows only the first ones."""

    kind: str
    title: str
    talk: int
    """Number of its file, from 0; each has a theme of its own."""
    number: int
    lines: tuple[str, ...] = ()
    shown: int | None = None
    """Number of lines shown so far; None for all."""

    @property
    def rows(self) -> list[list[str]]:
        """The lines shown so far, each as its separate pieces."""
        lines = self.lines[: self.shown]
        if self.kind == "table":
            return [line.split(" | ") for line in lines]
        if self.kind == "bars":
            return [line.rsplit(" ", 1) for line in lines]
        return [[line] for line in lines]


@dataclass(frozen=True)
class Sentence:
    """A spoken sentence, after a silence of `pause` seconds."""

    speaker: str
    text: str
    pause: float


@dataclass
class Part:
    """A slide and the sentences during it."""

    slide: Slide
    sentences: list[Sentence] = field(default_factory=list)


def read(folder: Path = FOLDER) -> list[Part]:
    """Read every part in its order."""
    parts: list[Part] = []
    speaker = ""
    for talk, path in enumerate(sorted(folder.glob("*.txt"))):
        pause = PARAGRAPH
        for line in path.read_text(encoding="utf-8").splitlines():
            mark, rest = line[:1], line[2:]
            if mark == "=":
                parts.append(Part(_slide(rest, talk, parts)))
            elif mark == "|":
                slide = parts[-1].slide
                parts[-1].slide = replace(slide, lines=(*slide.lines, rest))
            elif mark == "+":
                slide = parts[-1].slide
                parts.append(Part(replace(slide, shown=(slide.shown or 0) + 1)))
            elif mark == "@":
                speaker, pause = rest, TURN
            elif mark:
                for text in re.split(r"(?<=[.?!])\s+(?=[A-Z])", line):
                    parts[-1].sentences.append(Sentence(speaker, text, pause))
                    pause = NEXT
                pause = PARAGRAPH
    return parts


def _slide(mark: str, talk: int, parts: list[Part]) -> Slide:
    kind, title = (piece.strip() for piece in mark.split(":", 1))
    number = max((part.slide.number for part in parts), default=0) + 1
    if kind == "again":
        return next(part.slide for part in parts if part.slide.title == title)
    return Slide(kind, title, talk, number, shown=1 if kind == "steps" else None)
