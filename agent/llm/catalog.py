"""What a language model takes and costs, by its name.

Prices and the context are those of the package genai-prices, as old as its version: its data lies
in it, and nothing is fetched. What it lacks stands in a table of ours, and a file of one's own goes
before both. What is in none of them is not known: an unknown price is none, and nothing is guessed.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tools.errors import VideoError

MILLION = 1_000_000
_DATED = re.compile(r"(?:-\d{4}-\d{2}-\d{2}|-latest)$")


_SELLERS = frozenset(("openai", "anthropic", "google", "x-ai"))
"""Whose models run nowhere else, so that a name tells the price whatever the address is."""
_OPEN = ("gpt-oss", "gemma")
"""Names of theirs that anybody may run."""


@dataclass(frozen=True)
class Facts:
    """`context` in tokens, 0 where unknown; `usd` per million tokens: input, cached, output."""

    sees: bool = False
    context: int = 0
    usd: tuple[float, float, float] | None = None
    listed: tuple[str, str] | None = None
    """The seller and the model's name in the list of prices, where `usd` is not said."""

    def price(self, given: int, written: int, cached: int = 0) -> float | None:
        """USD for so many tokens, of which `cached` were read from the server's cache."""
        if self.usd is not None:
            fresh, again, out = self.usd
            return ((given - cached) * fresh + cached * again + written * out) / MILLION
        if self.listed is None:
            return None
        from genai_prices import Usage, calc_price

        seller, model = self.listed
        usage = Usage(input_tokens=given, cache_read_tokens=cached, output_tokens=written)
        return float(calc_price(usage, model, provider_id=seller).total_price)


def facts(model: str, table: Path | None = None, address: str | None = None) -> Facts:
    """What is known of a model at an address; a table's own entries go before all others."""
    full = model.lower().rpartition("/")[2]  # "openai/gpt-4o" is gpt-4o from another seller
    names = list(dict.fromkeys([model, full, _DATED.sub("", full)]))
    if table:
        own = _read(table)
        found = [own[name] for name in names if name in own] or _families(own, names)
        if found:
            return found[0]
    ours = next(iter(_families(_read(None), names)), Facts())
    context, listed = _listed(names, address)
    return replace(ours, context=ours.context or context, listed=listed)


def _families(known: dict[str, Facts], names: list[str]) -> list[Facts]:
    """What the entries that fit a name tell, as patterns: what a family can do, never a price."""
    fitting = (one for key, one in known.items() if any(fnmatchcase(n, key) for n in names))
    return [Facts(one.sees, one.context) for one in fitting]


def _listed(names: list[str], address: str | None) -> tuple[int, tuple[str, str] | None]:
    """The context of a model in the list of prices, and its seller and name there."""
    from genai_prices import Usage, calc_price

    for name in names:
        with suppress(LookupError):  # another seller's, or none
            if address:
                one = calc_price(Usage(), name, provider_api_url=address)
                return one.model.context_window or 0, (one.provider.id, name)
    for name in names:
        with suppress(LookupError):
            one = calc_price(Usage(), name)
            if one.provider.id in _SELLERS and not name.startswith(_OPEN):
                return one.model.context_window or 0, (one.provider.id, name)
    return 0, None


def price(
    model: str, given: int, written: int, table: Path | None = None, address: str | None = None
) -> float | None:
    """USD for so many tokens of input and output; None where the price is not known."""
    return facts(model, table, address).price(given, written)


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
