"""Claims against evidence: it exists, it is in scope, and it holds what is claimed.

A claim is one sentence with its citations: `[e3]`, the third piece of evidence that tools returned
in this conversation, or `[2]`, the second piece that people were shown. People see only the latter.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.grounding.claim import Said
from agent.grounding.evidence import Held, Measures, Verdict
from tools.media import Evidence

_MARK = re.compile(r"(\s*)[\[【]\s*(e?\d{1,6}(?:\s*[,;]\s*e?\d{1,6})*)\s*[\]】]", re.IGNORECASE)
_OPEN_MARK = re.compile(r"[\[【][\s\de,;]*$", re.IGNORECASE)
_NOT_FOUND = re.compile(
    r"[\s*#]*NOT FOUND[*]*\s*[:.\u2013\u2014-]?[*]*((?:[\s,]*\[[^\[\]\n]*\])*)[ \t.]*(?:\n|$)?"
)
_TAG = re.compile(r"<(?=/?(?:library|earlier|shown|evidence)\b)", re.IGNORECASE)
"""Where a block of a prompt begins or ends: an answer stands in later prompts."""
_FULL_STOPS = "\u3002\uff01\uff1f"
"""Those of Chinese and Japanese, which no space follows."""
_ABBREVIATIONS = {"dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "approx", "fig", "ca"}


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer without its marks, the handles it cites and how well they hold.

    why says in words what is amiss, with the labels that the model wrote; empty where verified.
    """

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    why: str = ""


def labels(text: str) -> list[str]:
    """Every label and handle that a text cites, in order: `e3`, `2`."""
    return [label for mark in _MARK.finditer(text) for label in _labels(mark[2])]


def _labels(inside: str) -> list[str]:
    return [part.lower() for part in re.split(r"[\s,;]+", inside)]


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
    while mark := _MARK.match(text, at):
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
    if at < len(text) and not text[at].isspace() and not _MARK.match(text, at):
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


class Review:
    """Tests claims one after another, and gives evidence its handle when it is first shown.

    What pictures hold is measured again by `measured`; without it the index's own words tell.
    """

    def __init__(
        self,
        seen: Sequence[str],
        handles: Sequence[str],
        records: Mapping[str, Evidence | None],
        titles: Mapping[str, str],
        scope: Collection[str] = (),
        measured: Measures | None = None,
    ) -> None:
        self.handles = list(handles)
        self.gone = False
        self._known = list(handles)  # a handle given just now is none that the model can mean
        self._seen, self._records, self._titles = seen, records, titles
        self._scope, self._measured = scope, measured

    def ids(self, found: Iterable[str]) -> list[str]:
        """The evidence ids behind labels and handles, without those that stand for nothing."""
        return [id for label in found if (id := self._id(label))]

    def _id(self, label: str) -> str | None:
        known = self._seen if label.startswith("e") else self._known
        number = int(label.lstrip("e"))
        return known[number - 1] if 0 < number <= len(known) else None

    def handle(self, id: str) -> int:
        """The number by which people know this evidence."""
        if id not in self.handles:
            self.handles.append(id)
        return self.handles.index(id) + 1

    def usable(self, id: str | None) -> Evidence | None:
        """The evidence, where it exists still and belongs to the videos asked about."""
        record = self._records.get(id) if id else None
        self.gone |= id is not None and record is None
        return record if record and (not self._scope or record.video in self._scope) else None

    def claim(self, raw: str) -> tuple[str, Claim | None]:
        """The sentence as people see it, and the claim; None for what claims nothing."""
        raw = harmless(raw)
        bare = _MARK.sub("", raw)
        said = Said(bare)
        kept: dict[str, Evidence] = {}  # by label
        amiss: list[str] = []

        def show(mark: re.Match[str]) -> str:
            out = ""
            for label in _labels(mark[2]):
                record = self.usable(self._id(label))
                if record is None:
                    amiss.append(self._missing(label))
                elif why := said.misses(self._held({label: record})):
                    amiss.append(why)
                elif record not in kept.values():
                    kept[label] = record
                    out += f"[{self.handle(record.id)}]"
            return mark[1] + out if out else ""

        shown = _MARK.sub(show, raw)
        text = " ".join(bare.split()).lstrip("-*•# ")
        if not kept and (not re.search(r"\w", text) or text.endswith((":", "?"))):
            return shown, None  # a heading, a question back
        handles = tuple(self.handle(record.id) for record in kept.values())
        if not kept:
            return shown, Claim(text, (), "unsupported", _joined(amiss) or "nothing is cited")
        verdict, why = said.verdict(self._held(kept))
        why = _joined([*amiss, why]) if verdict != "verified" else ""
        return shown, Claim(text, handles, verdict, why)

    def _held(self, kept: Mapping[str, Evidence]) -> Held:
        return Held(kept, self._titles, self._measured)

    def _missing(self, label: str) -> str:
        """Why a label cannot be cited at all."""
        id = self._id(label)
        if id is None:
            return f"no evidence [{label}] was retrieved"
        gone = self._records.get(id) is None
        return f"[{label}] {'is gone, with its video' if gone else 'is of another video'}"


def _joined(reasons: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(reasons))
