"""Citation syntax: marks, labels, NOT FOUND, and the split of a text into claims.

A claim is one sentence with its citations: `[e3]`, the third piece of evidence that tools returned
in this conversation, or `[2]`, the second piece that people were shown. People see only the latter.
"""

import re

MARK = re.compile(r"(\s*)[\[【]\s*(e?\d{1,6}(?:\s*[,;]\s*e?\d{1,6})*)\s*[\]】]", re.IGNORECASE)
"""A citation, with the white space before it and the labels in it."""
_MARKS = re.compile(rf"(?:{MARK.pattern})*\s*", re.IGNORECASE)
_OPEN_MARK = re.compile(r"[\[【][\s\de,;]*$", re.IGNORECASE)
_NOT_FOUND = re.compile(
    r"[\s*#]*NOT FOUND[*]*\s*[:.\u2013\u2014-]?[*]*((?:[\s,]*\[[^\[\]\n]*\])*)[ \t.]*(?:\n|$)?"
)
_TAG = re.compile(r"<(?=/?(?:library|earlier|shown|evidence)\b)", re.IGNORECASE)
"""Start of a prompt's block tag, which an answer must not contain: later prompts quote it."""
_FULL_STOPS = "\u3002\uff01\uff1f"
"""Full stops of Chinese and Japanese, which no space follows."""
_ABBREVIATIONS = {"dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "approx", "fig", "ca"}


def citation_labels(text: str) -> list[str]:
    """Labels and handles that a text cites, in order: `e3`, `2`."""
    return [
        label.lower() for mark in MARK.finditer(text) for label in re.split(r"[\s,;]+", mark[2])
    ]


def not_found(text: str) -> tuple[list[str], str] | None:
    """Labels of the nearest misses and the remaining text, if it begins with NOT FOUND."""
    match = _NOT_FOUND.match(text)
    return (citation_labels(match[1]), text[match.end() :].strip()) if match else None


def may_be_not_found(text: str) -> bool:
    """True if a text that is still arriving begins with NOT FOUND, or might yet."""
    start = text.lstrip(" \t\r\n*#")[:9]
    return "NOT FOUND".startswith(start)


def split_claims(text: str) -> list[str]:
    """Claims of a text, each with the marks and white space behind it; joined they are the text.

    Times, decimals, abbreviations and quoted sentences stay whole. Of a text that is still
    arriving, all claims but the last are final.
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
        elif char in "”»\n":
            quoted = False
        if char != "\n" and (quoted or not _ends_sentence(text, begin, at)):
            continue
        if marks := _MARKS.match(text, at):
            at = marks.end()
        if at < len(text) and (char in "\n" + _FULL_STOPS or not text[at].islower()):
            if _OPEN_MARK.match(text, at):
                break  # a mark that has not arrived whole still belongs to this claim
            if text[begin:at].strip():
                pieces.append(text[begin:at])
                begin = at
    return [*pieces, text[begin:]] if text[begin:] else pieces


def _ends_sentence(text: str, begin: int, at: int) -> bool:
    """True if a sentence may end before position `at`."""
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


def escape_tags(text: str) -> str:
    """Replace what looks like a prompt's block tag, so that a later prompt may quote the text."""
    return _TAG.sub("\u2039", text)
