"""Reasons of moderation: codes in a receipt, and their sentences by language."""

import tomllib
from functools import cache
from pathlib import Path


def told(reason: str, language: str = "en") -> str:
    """The sentence of a reason, in English where there is none in a language.

    A reason is a category, or `list` or `service`, a colon, and what it names. One that is no code,
    as in a receipt of before, is told as it stands.
    """
    code, _, what = reason.partition(":")
    sentences = _sentences()
    known = sentences.get(language, sentences["en"])
    if code not in known:
        return reason
    return known[code].format(what=what or known["rules"])


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("refusals.toml").read_text("utf-8"))
