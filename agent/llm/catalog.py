"""Catalog of language models: image input, context window and price, by name.

Prices and context windows come from the data bundled with the package genai-prices; nothing is
fetched. `known_models.json` adds what that list lacks, and a table of the user's goes before both.
A price found in none of them is unknown: it is never guessed.
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

_DATED = re.compile(r"(?:-\d{4}-\d{2}-\d{2}|-latest)$")
_SELLERS = frozenset(("openai", "anthropic", "google", "x-ai"))
"""Sellers whose models run nowhere else, so that a name tells the price at any address."""
_OPEN_WEIGHTS = ("gpt-oss", "gemma")
"""Name prefixes of these sellers' models that anybody may run."""


@dataclass(frozen=True)
class ModelInfo:
    """Abilities and price of a language model."""

    sees: bool = False
    """True if it accepts images."""
    context: int = 0
    """Context window in tokens; 0 if unknown."""
    calls_tools: bool = True
    """False for a model too small to call tools well: it reads what the rules retrieve."""
    usd: tuple[float, float, float] | None = None
    """USD per million tokens: input, cached input, output."""
    listed: tuple[str, str] | None = None
    """Seller and model name in genai-prices, used where `usd` is None."""

    def price(self, given: int, written: int, cached: int = 0) -> float | None:
        """USD for input and output tokens, `cached` of the input; None if the price is unknown."""
        if self.usd is not None:
            fresh, again, out = self.usd
            return ((given - cached) * fresh + cached * again + written * out) / 1e6
        if self.listed is None:
            return None
        from genai_prices import Usage, calc_price

        seller, model = self.listed
        usage = Usage(input_tokens=given, cache_read_tokens=cached, output_tokens=written)
        return float(calc_price(usage, model, provider_id=seller).total_price)


def model_info(model: str, table: Path | None = None, address: str | None = None) -> ModelInfo:
    """Catalog entry of a model served at an address; entries of `table` go before all others."""
    full = model.lower().rpartition("/")[2]  # "openai/gpt-4o" is gpt-4o from another seller
    names = list(dict.fromkeys([model, full, _DATED.sub("", full)]))
    if table:
        entries = _read(table)
        matches = [entries[name] for name in names if name in entries] or _families(entries, names)
        if matches:
            return matches[0]
    builtin = next(iter(_families(_read(None), names)), ModelInfo())
    context, listed = _listed(names, address)
    return replace(builtin, context=builtin.context or context, listed=listed)


def _families(entries: dict[str, ModelInfo], names: list[str]) -> list[ModelInfo]:
    """Entries whose key, as a glob pattern, matches a name: abilities only, never a price."""
    matches = (info for key, info in entries.items() if any(fnmatchcase(n, key) for n in names))
    return [replace(info, usd=None) for info in matches]


def _listed(names: list[str], address: str | None) -> tuple[int, tuple[str, str] | None]:
    """Context window, and seller and name, of the first name that genai-prices lists."""
    from genai_prices import Usage, calc_price

    attempts = [(name, address) for name in names if address] + [(name, None) for name in names]
    for name, url in attempts:
        with suppress(LookupError):  # another seller's, or none
            listed = calc_price(Usage(), name, provider_api_url=url)
            only_there = listed.provider.id in _SELLERS and not name.startswith(_OPEN_WEIGHTS)
            if url or only_there:
                return listed.model.context_window or 0, (listed.provider.id, name)
    return 0, None


@cache
def _read(path: Path | None) -> dict[str, ModelInfo]:
    source = path or files(__package__ or "agent").joinpath("known_models.json")
    try:
        models: dict[str, Any] = json.loads(source.read_text("utf-8"))["models"]
        return {name: _entry(**entry) for name, entry in models.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise VideoError(
            f"{path} is no table of models ({error}): it holds "
            '{"models": {"NAME": {"sees": true, "context": 8192, "usd": [1, 0.1, 2]}}}'
        ) from error


def _entry(
    sees: bool = False, context: int = 0, usd: Any = None, calls_tools: bool = True
) -> ModelInfo:
    known = ModelInfo(bool(sees), int(context), bool(calls_tools))
    if usd is None:
        return known
    fresh, cached, out = map(float, usd)
    if not all(0 <= price < float("inf") for price in (fresh, cached, out)):
        raise ValueError(f"a price of {usd}")
    return replace(known, usd=(fresh, cached, out))
