"""The grammar of citations: marks, labels, NOT FOUND, and a text cut into claims.

A claim is one sentence with its citations: `[e3]`, the third piece of evidence that tools returned
in this conversation, or `[2]`, the second piece that people were shown. People see only the latter.
"""

import re

MARK = re.compile(r"(\s*)[\[【]\s*(e?\d{1,6}(?:\s*[,;]\s*e?\d{1,6})*)\s*[\]】]", re.IGNORECASE)
"""A citation, with the white space before it and the labels in it."""
_OPEN_MARK = re.compile(r"[\[【][\s\de,;]*$", re.IGNORECASE)
_NOT_FOUND = re.compile(
    r"[\s*#]*NOT FOUND[*]*\s*[:.\u2013\u2014-]?[*]*((?:[\s,]*\[[^\[\]\n]*\])*)[ \t.]*(?:\n|$)?"
)
_TAG = re.compile(r"<(?=/?(?:library|earlier|shown|evidence)\b)", re.IGNORECASE)
"""Where a block of a prompt begins or ends: an answer stands in later prompts."""
_FULL_STOPS = "\u3002\uff01\uff1f"
"""Those of Chinese and Japanese, which no space follows."""
_ABBREVIATIONS = {"dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "approx", "fig", "ca"}


def labels(text: str) -> list[str]:
    """Every label and handle that a text cites, in order: `e3`, `2`."""
    return [
        label.lower() for mark in MARK.finditer(text) for label in re.split(r"[\s,;]+", mark[2])
    ]


def not_found(text: str) -> tuple[list[str], str] | None:
    """The labels of the nearest misses and the rest, where a text begins with NOT FOUND."""
    match = _NOT_FOUND.match(text)
    return (labels(match[1]), text[match.end() :].strip()) if match else None


def may_be_not_found(text: str) -> bool:
    """Whether a text that is still arriving begins with NOT FOUND, or might yet."""
    start = text.lstrip(" \t\r\n*#")[:9]
    return "NOT FOUND".startswith(start)


def split(text: str) -> list[str]:
    """A text as claims, each with the marks and white space behind it; joined it is the text.

    Times, decimals, abbreviations and quoted sentences stay whole.
    """
    pieces: list[str] = []
    begin, at, quoted = 0, 0, False
    while at < len(text):
        char = text[at]
        at += 1
        if char == '"':
            quoted = not quoted
        elif char in "“„«":
            quoted = True
        elif char in "”»":
            quoted = False
        if char == "\n":
            quoted = False
        elif quoted or not _ends_sentence(text, begin, at):
            continue
        at = _after_marks(text, at)
        if at < len(text) and (char in "\n" + _FULL_STOPS or not text[at].islower()):
            if _OPEN_MARK.match(text, at):
                break  # a mark that has not arrived whole still belongs to this claim
            if text[begin:at].strip():
                pieces.append(text[begin:at])
                begin = at
    if text[begin:]:
        pieces.append(text[begin:])
    return pieces


def _after_marks(text: str, at: int) -> int:
    while mark := MARK.match(text, at):
        at = mark.end()
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _ends_sentence(text: str, begin: int, at: int) -> bool:
    """Whether a sentence may end before position at."""
    if text[at - 1] in _FULL_STOPS:
        return True
    closed = text[at - 1] in "\"”»)'\u2019"
    stop = at - 2 if closed else at - 1
    if stop < begin or text[stop] not in ".!?…":
        return False
    if at < len(text) and not text[at].isspace() and not MARK.match(text, at):
        return False
    before = text[begin:stop].split()
    word = before[-1].lstrip("(\"'“„") if before else ""
    numbered = word.isdigit() and len(before) == 1
    initial = len(word) == 1 and word.isalpha() and word != "I"
    return not (numbered or initial or word.casefold() in _ABBREVIATIONS)


class Scribe:
    """Cuts a text that arrives in pieces into the claims that `split` would give."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[str]:
        """The claims that are complete now: the last one waits for what follows it."""
        self._held += text
        *done, self._held = split(self._held) or [""]
        return done


def harmless(text: str) -> str:
    """A text in which nothing looks like the fences of a prompt: it may stand in a later one."""
    return _TAG.sub("\u2039", text)
