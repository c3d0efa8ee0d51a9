"""What language models were paid on one day, in a file that several processes add to."""

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from tools.errors import RefusedRequest
from tools.files.durable import lock, write_json


class Spending:
    """Tokens and USD of today, and what a day may cost. Blocks: call it in a thread."""

    def __init__(self, path: Path, tokens: int, usd: float) -> None:
        self._path, self._tokens, self._usd = path, tokens, usd

    def check(self) -> None:
        """RefusedRequest where the day's limit is reached."""
        tokens, usd = self.today()
        spent = ""
        if tokens >= self._tokens:
            spent = f"{self._tokens:,} tokens a day is reached (CUEPOINT_DAY_TOKENS)"
        elif usd >= self._usd:
            spent = f"{self._usd:g} USD a day is reached (CUEPOINT_DAY_USD)"
        if spent:
            raise RefusedRequest(
                f"the limit of {spent}: raise it, ask tomorrow, or set CUEPOINT_MODEL=extractive"
            )

    def today(self) -> tuple[int, float]:
        """Tokens and USD of today."""
        found: Any = {}
        with suppress(OSError, ValueError):
            found = json.loads(self._path.read_text("utf-8"))
        if not isinstance(found, dict) or found.get("date") != date.today().isoformat():
            return 0, 0.0
        try:
            return int(found["tokens"]), float(found["usd"])
        except (KeyError, TypeError, ValueError):
            return 0, 0.0

    def add(self, tokens: int, usd: float | None) -> None:
        """Add what one question took; a price that is not known adds none."""
        if not tokens:
            return
        with lock(self._path.with_suffix(".lock")):
            before, paid = self.today()
            write_json(
                self._path,
                {
                    "date": date.today().isoformat(),
                    "tokens": before + tokens,
                    "usd": round(paid + (usd or 0.0), 6),
                },
            )
