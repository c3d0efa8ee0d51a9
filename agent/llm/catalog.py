"""What a language model takes and costs, by its name: a table that a file of one's own goes before.

What is not in the table is not known: an unknown price is none, and nothing is guessed from it.
"""

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tools.errors import VideoError

MILLION = 1_000_000
_DATED = re.compile(r"(?:-\d{4}-\d{2}-\d{2}|-latest)$")


@dataclass(frozen=True)
class Facts:
    """`context` in tokens, 0 where unknown; `usd` per million tokens: input, cached, output."""

    sees: bool = False
    context: int = 0
    usd: tuple[float, float, float] | None = None

    def price(self, given: int, written: int, cached: int = 0) -> float | None:
        """USD for so many tokens, of which `cached` were read from the server's cache."""
        if self.usd is None:
            return None
        fresh, again, out = self.usd
        return ((given - cached) * fresh + cached * again + written * out) / MILLION


def facts(model: str, table: Path | None = None) -> Facts:
    """What is known of a model; a table's own entries go before those of the product."""
    tables = [_read(table)] if table else []
    full = model.lower().rpartition("/")[2]  # "openai/gpt-4o" is gpt-4o from another seller
    names = list(dict.fromkeys([model, full, _DATED.sub("", full)]))
    for known in (*tables, _read(None)):
        for name in names:
            if name in known:
                return known[name]
        for pattern, found in known.items():
            if "*" in pattern and fnmatchcase(full, pattern):
                return Facts(found.sees, found.context)
    return Facts()


def price(model: str, given: int, written: int, table: Path | None = None) -> float | None:
    """USD for so many tokens of input and output; None where the price is not known."""
    return facts(model, table).price(given, written)


@cache
def _read(path: Path | None) -> dict[str, Facts]:
    source = path or files(__package__ or "agent").joinpath("known_models.json")
    try:
        models: dict[str, Any] = json.loads(source.read_text("utf-8"))["models"]
        return {name: _facts(**entry) for name, entry in models.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise VideoError(
            f"{path} is no table of models ({error}): it holds "
            '{"models": {"NAME": {"sees": true, "context": 8192, "usd": [1, 0.1, 2]}}}'
        ) from error


def _facts(sees: bool = False, context: int = 0, usd: Any = None) -> Facts:
    if usd is None:
        return Facts(bool(sees), int(context))
    fresh, cached, out = (float(one) for one in usd)
    if not all(0 <= one < float("inf") for one in (fresh, cached, out)):
        raise ValueError(f"a price of {usd}")
    return Facts(bool(sees), int(context), (fresh, cached, out))
