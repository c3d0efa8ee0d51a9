"""Moderation of requests: words, names, examples, an owner's list, and a moderation service.

A request is judged when it is proposed and again right before it is sent. What is judged is all of
its text. A refusal is final: nobody rephrases it, and it is never sent.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from tools.embed import bundled_embedder
from tools.errors import ProviderUnavailable, RefusedRequest
from tools.generate.job import Verdict
from tools.generate.jobs import digest_of
from tools.generate.request import GenerationRequest, Kind
from tools.text.classifier import Classifier
from tools.text.spelling import nearest_word
from tools.text.tokens import STOP_WORDS, stem, surface_forms

OWN_FOOTAGE: frozenset[Kind] = frozenset({"teaser", "captions", "narration"})
"""Kinds that show nothing but what is in the library: a name or a mark in it is no likeness."""
LIST_BYTES = 1 << 20
COMPOUND = 7
"""Letters of a word from which on it is found at either end of a longer one, as in German."""
LEAD = 0.15
"""Lead of what is refused over what passes, at least."""
LONG = 9
"""Letters of a name from which on one of them may be wrong."""
FEWEST, PART = 3, 6
"""Words of a request and of a sentence of it, at least, to be compared with examples."""
PASSES = "passes"
_APART = re.compile(r"\b(?:\w[\W_]){3,}\w\b")
_SIGNS = re.compile(r"(?<!\S)(?=\S*[A-Za-z])\S*[013457@$]\S*")
_LETTERS = str.maketrans("013457@$", "oieastas")
_SENTENCE = re.compile(r"[.;!?:\n]+|, (?:and|then|und|dann) | (?:while|während) ")
Service = Callable[[str], list[str]]
"""A moderation service: reasons to refuse a text, none if it passes; ProviderUnavailable."""


class Moderation:
    """The one gate before anything is made or sent."""

    def __init__(self, refused: Path | None = None, service: Service | None = None) -> None:
        self._refused, self._service = refused, service

    def judge(self, request: GenerationRequest, inputs: Mapping[str, bytes]) -> Verdict:
        """Judge a request; RefusedRequest where the owner's list cannot be read."""
        text = "\n".join((request.prompt, request.title, *request.script))
        reasons = categories(text, likeness=request.kind not in OWN_FOOTAGE)
        reasons += [
            f"list:{phrase}"
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


def categories(text: str, likeness: bool = True) -> list[str]:
    """Kinds of what is refused that a text asks for; names only where a likeness would be made."""
    found: dict[str, None] = {}
    for reading in _readings(text):
        forms = surface_forms(reading)
        found |= dict.fromkeys(_by_words(forms))
        found |= dict.fromkeys(_by_example(reading))
        if likeness:
            found |= dict.fromkeys(_by_name(forms))
    return list(found)


def _readings(text: str) -> list[str]:
    """A text as it stands, with letters that stand apart joined, and with letters for digits."""
    joined = _APART.sub(lambda run: re.sub(r"\W|_", "", run[0]), text)
    later = _APART.sub(lambda run: re.sub(r"\W|_", "", run[0])[1:], text)  # after an "a"
    lettered = (
        _SIGNS.sub(lambda match: match[0].translate(_LETTERS), one) for one in (joined, later)
    )
    return list(dict.fromkeys((text, joined, later, *lettered)))


def _by_words(forms: Sequence[str]) -> Iterator[str]:
    """Kinds of which a word or phrase stands in a text, or a long word at an end of a compound."""
    lists = _words()
    joined = f" {' '.join(map(stem, forms))} "
    for phrase in lists[""]:
        joined = joined.replace(f" {phrase} ", " ")
    words = joined.split()
    ends = {
        end
        for word in words
        for size in range(COMPOUND, len(word))
        for end in (word[:size], word[-size:])
    }
    for category, terms in lists.items():
        if category and (ends & terms or any(f" {term} " in joined for term in terms)):
            yield category


def _by_name(forms: Sequence[str]) -> Iterator[str]:
    """Kinds of the names in a text; a name before a word such as "street" is that of a place."""
    names, places = _names()
    longest = max(name.count(" ") for name in names) + 1
    for start in range(len(forms)):
        for end in range(start + 1, min(start + longest, len(forms)) + 1):
            name = " ".join(forms[start:end])
            category = names.get(name) or names.get(name.removesuffix("s")) or _misspelt(name)
            if category and (end == len(forms) or forms[end] not in places):
                yield category


@lru_cache(4096)
def _misspelt(name: str) -> str:
    """Kind of a long name of which one letter is wrong, or two are exchanged; else empty."""
    if len(name) < LONG:
        return ""
    alike = _long_names().get((name[0], len(name)), ())
    return _names()[0].get(nearest_word(name, alike, long=len(name) + 1), "")


@cache
def _long_names() -> dict[tuple[str, int], list[str]]:
    """Long names by their first letter and the lengths that they may be misspelt with."""
    found: dict[tuple[str, int], list[str]] = {}
    for name in (one for one in _names()[0] if len(one) >= LONG):
        for length in (len(name) - 1, len(name), len(name) + 1):
            found.setdefault((name[0], length), []).append(name)
    return found


def _by_example(text: str) -> Iterator[str]:
    """Kinds that a text, or a sentence of it, is more like than what passes."""
    classifier = _classifier()
    passes = classifier.names.index(PASSES)
    split = map(str.strip, (text, *_SENTENCE.split(text)))
    parts = [(part, _canonical(part)) for part in split]
    parts = [one for n, one in enumerate(parts) if len(one[1]) >= (PART if n else FEWEST)]
    vectors = bundled_embedder().texts([part for part, _ in parts])
    for (_, words), vector in zip(parts, vectors, strict=True):
        scores = classifier.scores(words, vector)
        best = int(scores.argmax())
        if scores[best] - scores[passes] > LEAD:
            yield classifier.names[best]


@cache
def _words() -> dict[str, frozenset[str]]:
    """Terms by kind, as stems; by "" those that harm nobody."""
    lists = _table("moderation")["words"]
    return {
        name if name != "harmless" else "": frozenset(
            " ".join(map(stem, surface_forms(term))) for term in terms.split(",")
        )
        for name, terms in lists.items()
    }


@cache
def _names() -> tuple[dict[str, str], frozenset[str]]:
    """Kinds by name, and the words that make a name that of a place; both as they stand."""
    lists = {
        name: [" ".join(surface_forms(term)) for term in terms.split(",")]
        for name, terms in _table("moderation")["names"].items()
    }
    named = {name: kind for kind in ("figures", "marks") for name in lists[kind]}
    for office in lists["office"]:
        for land in lists["office_of"]:
            ways = (f"{office} of", f"{office} of the", f"{office} von", office)
            named |= dict.fromkeys([*(f"{way} {land}" for way in ways)], "figures")
            named[f"{land} {office}"] = "figures"
    return named, frozenset(lists["places"])


@cache
def _classifier() -> Classifier:
    lists = _table("moderation_examples")["examples"]
    lines = [(kind, line) for kind, each in lists.items() for line in each.splitlines() if line]
    return Classifier(
        [(kind, _canonical(line)) for kind, line in lines],
        STOP_WORDS,
        bundled_embedder().texts([line for _, line in lines]),
    )


def _canonical(text: str) -> list[str]:
    """Stems of a text, one of all that name a child, or any person."""
    same = _same()
    return [same.get(one, one) for one in map(stem, surface_forms(text))]


@cache
def _same() -> dict[str, str]:
    return {
        stem(form): name
        for name, words in _table("moderation_examples")["same"].items()
        for form in surface_forms(words)
    }


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text("utf-8"))


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
        names = ", ".join(sorted(name for name, hit in named.items() if hit))
        return [f"service:{names}"] if flagged else []

    return judged
