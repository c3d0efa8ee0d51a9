"""Replies: lines that cite evidence, shaped and worded as people read them."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from agent.extractive.intents import Language
from agent.grounding.review import Reason
from tools.media import Evidence
from tools.text.languages import foreign_name

QUOTES = 5
"""Quotations in the text of an answer, at most; more are evidence without a line."""
LISTED = 12
SHOWN = 3
"""Moments that are shown where nothing is asserted."""
LONGEST_QUOTE = 240
Call = tuple[str, dict[str, Any]]
"""A tool and its arguments."""


@dataclass(frozen=True)
class Found:
    """Evidence that a tool returned, with the label that cites it."""

    label: str
    one: Evidence


@dataclass(frozen=True)
class Reply:
    """An answer in parts: a first line, lines that cite, and remarks that claim nothing.

    `lead` may cite; `remarks` stand behind the lines. `reason` says why nothing is asserted, and
    `nearest` what comes closest then.
    """

    lead: str = ""
    lines: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    reason: Reason | None = None
    nearest: tuple[Found, ...] = ()
    is_talk: bool = False
    """True for small talk, which answers nothing about a video."""
    plan: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the turns after it are told of how the question was understood, as plain data."""

    @property
    def found(self) -> bool:
        """True if evidence states the answer."""
        return self.reason is None and not self.is_talk

    @property
    def text(self) -> str:
        """The text, a paragraph for each part."""
        listed = (
            "\n".join(f"- {line}" for line in self.lines)
            if len(self.lines) > 1 or self.lead
            else "".join(self.lines)
        )
        return "\n\n".join(filter(None, [self.lead, listed, *self.remarks]))


_T = TypeVar("_T")
Steps = Generator[list[Call], list[list[Found]], _T]
"""The steps to a value: each yields tool calls and is sent what each of them found."""
Answering = Steps[Reply]
"""The steps of an answer."""


def time(seconds: float) -> str:
    """A time as people say it: 0:47, 1:02:30."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length(seconds: float) -> str:
    """A length of time: 14 s, 1:38 min, 1:02:30 h."""
    unit = "s" if seconds < 60 else "min" if seconds < 3600 else "h"
    return f"{seconds:.0f} s" if seconds < 60 else f"{time(seconds)} {unit}"


def quoted(text: str) -> str:
    """Text between quotation marks, cut at a word where it is long; its own become single ones."""
    if len(text) > LONGEST_QUOTE:
        text = text[:LONGEST_QUOTE].rsplit(" ", 1)[0].rstrip(",;:") + " …"
    return '"' + text.replace('"', "'") + '"'


class Writer:
    """Lines of an answer in one language; a video is named where there are several."""

    def __init__(
        self,
        language: Language,
        title: Callable[[str], str],
        several: bool,
        when: Callable[[Evidence], str] | None = None,
    ) -> None:
        self._sentences, self._title, self._several = language.sentences, title, several
        self.when = when or (lambda one: time(one.start))
        self._code = language.code

    def say(self, sentence: str, /, **values: Any) -> str:
        """A sentence of the language's data."""
        return self._sentences[sentence].format(**values)

    def line(self, found: Found) -> str:
        """A piece of evidence as a line: when, how, its own words, and the citation."""
        one = found.one
        if one.kind == "speech":
            name = foreign_name(one.language) if self._code == "en" else ""
            tongue = f"(in {name}) " if name else ""
            told = self.say("spoken", time=self.when(one), quote=tongue + quoted(one.text))
        elif one.kind == "screen":
            told = self.say("shown", time=self.when(one), quote=quoted(one.text))
        elif one.kind == "video":
            told = one.text
        else:
            told = self.say("seen", time=self.when(one), text=one.text)
        return f"{self.named(one.video)}{told.strip()} [{found.label}]"

    def named(self, video: str) -> str:
        """The title of a video before a line, where there are several."""
        return f"{self._title(video)} · " if self._several else ""

    def often(self, count: int) -> str:
        """A number of times in words."""
        return self.say({1: "once", 2: "twice"}.get(count, "often"), n=count)

    def joined(self, seconds: Sequence[float]) -> str:
        """Times as people list them: 0:47, 1:10 and 1:23."""
        *first, last = map(time, seconds)
        return self.say("join").join(filter(None, [", ".join(first), last]))

    def times(self, found: Sequence[Found]) -> str:
        """Times with their citations, as a list."""
        marked = [f"{time(f.one.start)} [{f.label}]" for f in found]
        return " · ".join(marked)

    def closest(self, lead: str, found: Sequence[Found], reason: Reason) -> Reply:
        """Moments that come closest, under one sentence."""
        shown = tuple(found[:SHOWN])
        return Reply(lead, tuple(map(self.line, shown)), (), reason, shown)


def with_remark(reply: Reply, remark: str) -> Reply:
    """A reply with one more remark behind it."""
    return replace(reply, remarks=(*reply.remarks, remark))


Side = Literal["before", "after"]
