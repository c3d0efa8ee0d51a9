"""Moderation of requests: rules over words, an owner's list, and a moderation service.

A request is judged when it is proposed and again right before it is sent. What is judged is all of
its text. A refusal is final: nobody rephrases it, and it is never sent.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tools.errors import ProviderUnavailable, RefusedRequest
from tools.generate.job import Verdict
from tools.generate.jobs import digest_of
from tools.generate.request import GenerationRequest, Kind
from tools.text.tokens import stem, surface_forms

OWN_FOOTAGE: frozenset[Kind] = frozenset({"teaser", "captions", "narration"})
"""Kinds that show nothing but what is in the library: a name or a mark in it is no likeness."""
LIST_BYTES = 1 << 20
_APART = re.compile(r"\b(?:\w[\W_]){3,}\w\b")
_SIGNS = re.compile(r"(?<!\S)(?=\S*[A-Za-z])\S*[013457@$]\S*")
_LETTERS = str.maketrans("013457@$", "oieastas")
COMPOUND = 7
"""Letters of a word from which on it is found at either end of a longer one, as in German."""
Service = Callable[[str], list[str]]
"""A moderation service: reasons to refuse a text, none if it passes; ProviderUnavailable."""


@dataclass(frozen=True)
class Rule:
    """A rule: it holds where a text has a term of each of its groups."""

    category: str
    groups: tuple[frozenset[str], ...]
    likeness: bool


class Moderation:
    """The one gate before anything is made or sent."""

    def __init__(self, refused: Path | None = None, service: Service | None = None) -> None:
        self._refused, self._service = refused, service

    def judge(self, request: GenerationRequest, inputs: Mapping[str, bytes]) -> Verdict:
        """Judge a request; RefusedRequest where the owner's list cannot be read."""
        text = "\n".join((request.prompt, request.title, *request.script))
        reasons = [
            _sentence(rule.category)
            for rule in matching(text, likeness=request.kind not in OWN_FOOTAGE)
        ]
        reasons += [
            f"the owner of this library refuses {phrase!r}"
            for phrase in self._phrases()
            if phrase.casefold() in " ".join(text.casefold().split())
        ]
        by = "rules"
        if self._service and not reasons:
            by, reasons = "rules and a moderation service", self._service(text)
        return Verdict(
            "refused" if reasons else "passed",
            tuple(dict.fromkeys(reasons)),
            by,
            digest_of(request, inputs),
        )

    def _phrases(self) -> list[str]:
        if self._refused is None:
            return []
        try:
            if self._refused.stat().st_size > LIST_BYTES:
                raise RefusedRequest(f"{str(self._refused)!r} is longer than {LIST_BYTES} bytes")
            lines = self._refused.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise RefusedRequest(
                f"the list of what is refused (CUEPOINT_GENERATE_REFUSE) cannot be read: {error}"
            ) from error
        kept = (" ".join(line.split()) for line in lines)
        return [line for line in kept if line and not line.startswith("#")]


def matching(text: str, likeness: bool = True) -> list[Rule]:
    """Rules that a text breaks; those on likeness only where a likeness would be made."""
    joined = f" {' '.join(_words(text))} "
    for phrase in _terms("harmless"):
        joined = joined.replace(f" {phrase} ", " ")
    return [
        rule
        for rule in _rules()
        if (likeness or not rule.likeness)
        and all(any(f" {term} " in joined for term in group) for group in rule.groups)
    ]


def _words(text: str) -> list[str]:
    """Stems of a text; letters that stand apart, and digits for letters, are read as the word."""
    apart = [re.sub(r"\W|_", "", run) for run in _APART.findall(text)]
    whole = [form for run in apart for form in (run, run[1:])]  # "a n a k e d": with the article
    typed = f"{text} {' '.join(whole)}"
    letters = _SIGNS.sub(lambda match: match[0].translate(_LETTERS), typed)
    forms = [*surface_forms(typed), *(surface_forms(letters) if letters != typed else ())]
    inside = [
        term
        for form in forms
        for term in (_long() if len(form) > COMPOUND else ())
        if form.startswith(term) or form.endswith(term)
    ]
    return [*map(stem, forms), *inside]


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(
            str(rule["category"]),
            tuple(_terms(*group) for group in rule["all"]),
            bool(rule.get("likeness")),
        )
        for rule in _table()["rules"]
    )


@cache
def _long() -> frozenset[str]:
    """Terms of one long word, as stems, which a compound may hold; none of a list of harmless."""
    lists: dict[str, list[str]] = _table()["words"]
    terms = _terms(*(name for name in lists if name != "harmless"))
    return frozenset(term for term in terms if len(term) >= COMPOUND and " " not in term)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("moderation.toml").read_text("utf-8"))


def _terms(*lists: str) -> frozenset[str]:
    """Terms of some lists, by stem."""
    words: list[str] = [word for name in lists for word in _table()["words"][name]]
    return frozenset(" ".join(map(stem, surface_forms(word))) for word in words)


def _sentence(category: str) -> str:
    return _table()["reasons"][category]


def moderation_service(base_url: str, model: str, key: str = "") -> Service:
    """Moderation by a server that speaks `POST /moderations`.

    Where it cannot be asked, nothing passes: ProviderUnavailable.
    """

    def judged(text: str) -> list[str]:
        import httpx

        headers = {"authorization": f"Bearer {key}"} if key else {}
        try:
            answer = httpx.post(
                f"{base_url.rstrip('/')}/moderations",
                json={"model": model, "input": text}, headers=headers, timeout=30,
            )  # fmt: skip
            answer.raise_for_status()
            (result,) = answer.json()["results"]
            flagged, named = bool(result["flagged"]), result.get("categories", {})
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ProviderUnavailable(
                "the moderation service (CUEPOINT_MODERATION_BASE_URL) does not answer as it "
                "should, and nothing passes without it"
            ) from error
        names = ", ".join(sorted(name for name, hit in named.items() if hit)) or "its rules"
        return [f"a moderation service refuses it: {names}"] if flagged else []

    return judged
