"""Texts of the browser in the language of who reads them: a file of `languages/` for each.

`public/chat/language.js` reads the same texts, by the same keys and with the same forms.
"""

import functools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("languages")
LANGUAGES = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
DEFAULT = "en"


@functools.cache
def texts(language: str) -> dict[str, str]:
    """Texts of a language by key, `table.name`."""
    path = _FOLDER / f"{language}.toml"
    return dict(_flat(tomllib.loads(path.read_text("utf-8"))))


def text(language: str, key: str, **values: Any) -> str:
    """One text with its values; where it has forms for numbers, that of `n`."""
    known = texts(language)
    form = known.get(key) or known[f"{key}.{'one' if values.get('n') == 1 else 'other'}"]
    return re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), form)


def preferred(languages: str | None) -> str:
    """The language of ours that comes first in an Accept-Language header, else English."""
    wanted = re.findall(r"(?:^|,)\s*([a-z]{2,3})\b", (languages or "").lower())
    return next((one for one in wanted if one in LANGUAGES), DEFAULT)


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value
