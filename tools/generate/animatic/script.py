"""Script of a film: sentences to say, made of a brief where none are given, and their headlines.

No model writes here: what is said stands in the brief, but for an opening and a closing line.
"""

import re
from typing import Any

from tools.errors import RefusedRequest
from tools.generate.animatic.look import data
from tools.text.clean import clean

FEWEST, MOST = 3, 5
"""Sentences that are made of a brief."""
LIMIT, LENGTH = 12, 220
"""Sentences of a given script, and characters of one, at most."""
SHORT, WORDS = 7, 5
"""Words up to which a sentence is its own headline; words of one that is taken from a sentence."""
CALL = 3
"""Words of a last sentence up to which it closes the script."""
_ENDS = re.compile(r"(?<=[.!?…])\s+|\n+|;\s*")
_CLAUSE = re.compile("\\s*[,;:\u2013\u2014]\\s+|\\s+[\u2013\u2014-]\\s+")


def texts(language: str) -> dict[str, Any]:
    """Words in a language; English where there are none."""
    table = data("texts")
    return table.get(language[:2].lower(), table["en"])


def split(text: str) -> list[str]:
    """Sentences of a text, at their marks and at the ends of lines."""
    return [one for part in _ENDS.split(text) if (one := clean(part, LENGTH))]


def script_of(given: tuple[str, ...], prompt: str, title: str, language: str) -> list[str]:
    """Sentences of an advertisement: those given, or three to five made of the brief."""
    if given:
        return checked([one for text in given for one in split(text)])
    words = texts(language)
    brief = re.sub(rf"^\s*{words['lead']}", "", prompt, count=1, flags=re.IGNORECASE).strip(" :,-")
    name, colon, rest = brief.partition(":")
    named = clean(title or (name if colon and len(name.split()) <= 5 else ""), 60)
    parts = split(rest if colon and named else brief)
    if len(parts) < FEWEST:
        parts = [one for part in parts for one in _CLAUSE.split(part) if one.strip()]
    made = [_sentence(part) for part in parts if part.strip(" .,!?")]
    if not colon and len(made) > 1 and len(made[0].split()) == 1:  # the thing itself, which is seen
        made = made[1:]
    if named and len(made) < MOST - 1:
        opening = words["opening"] if title else words["opening_thing"]
        made.insert(0, opening.format(name=named))
    made = made[:MOST]
    if len(made) < MOST and not (len(made) >= FEWEST and len(made[-1].split()) <= CALL):
        made.append(words["closing"])
    if len(made) < FEWEST:
        made.insert(len(made) - 1, words["middle"])
    if len(made) < FEWEST:
        raise RefusedRequest("say in a sentence or two what the advertisement is about")
    return checked(made)


def checked(sentences: list[str]) -> list[str]:
    """The same sentences; RefusedRequest where there are none, or too many."""
    if not sentences:
        raise RefusedRequest("there is nothing to say: give a script or a brief")
    if len(sentences) > LIMIT:
        raise RefusedRequest(f"a script has {LIMIT} sentences at most; this one has more")
    return sentences


def _sentence(part: str) -> str:
    text = clean(re.sub(r"^(?:and|und)\s+", "", part.strip(" ,-"), flags=re.IGNORECASE), LENGTH)
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".!?…" else text + "."


def headline(sentence: str, language: str) -> tuple[str, str]:
    """The beginning of a sentence as its headline, and the rest of it; none if it is short."""
    words = sentence.split()
    if len(words) <= SHORT:
        return sentence.rstrip("."), ""
    table = texts(language)
    clause = _CLAUSE.search(sentence)
    joint = re.search(rf"\s(?=(?:{'|'.join(table['joints'])})\s)", sentence)
    for found in sorted(filter(None, (clause, joint)), key=lambda one: one.start()):
        if 2 <= len(sentence[: found.start()].split()) <= SHORT:
            return sentence[: found.start()], sentence[found.end() :]
    weak = set(table["weak"])
    count = WORDS
    while count > 2 and words[count - 1].strip(",.").casefold() in weak:
        count -= 1
    return " ".join(words[:count]).rstrip(",;:"), " ".join(words[count:])


def mood_of(prompt: str) -> str:
    """Name of the music's mood that the words of a brief ask for."""
    said = set(re.findall(r"\w+", prompt.casefold()))
    for name, one in data("moods").items():
        if said & set(one["words"]):
            return name
    return "warm"
