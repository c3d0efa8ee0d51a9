"""What language models were paid on one day, in a file that several processes add to."""

import json
import threading
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from tools.errors import RefusedRequest
from tools.files.disk import keep
from tools.files.durable import lock, write_json


class Spending:
    """Tokens and USD of today, and what a day may cost. Blocks: call it in a thread."""

    def __init__(self, path: Path, tokens: int, usd: float) -> None:
        self._path, self._tokens, self._usd = path, tokens, usd
        self._guard = threading.Lock()
        self._unwritten: tuple[str, int, float] = ("", 0, 0.0)
        """The day, and what of it the disk did not take: it counts all the same."""

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
        today = date.today().isoformat()
        day, tokens, usd = self._unwritten
        if day != today:
            tokens, usd = 0, 0.0
        with suppress(OSError, ValueError):
            found = json.loads(self._path.read_text("utf-8"))
        if not isinstance(found, dict) or found.get("date") != today:
            return tokens, usd
        try:
            return tokens + int(found["tokens"]), usd + float(found["usd"])
        except (KeyError, TypeError, ValueError):
            return tokens, usd

    def add(self, tokens: int, usd: float | None) -> None:
        """Add what one question took; a price that is not known adds none."""
        if not tokens:
            return
        today = date.today().isoformat()
        with self._guard:
            day, before, paid = self._unwritten
            before, paid = (before, paid) if day == today else (0, 0.0)
            self._unwritten = today, before + tokens, paid + (usd or 0.0)
            with keep("spending"), lock(self._path.with_suffix(".lock")):
                tokens, usd = self.today()
                write_json(self._path, {"date": today, "tokens": tokens, "usd": round(usd, 6)})
                self._unwritten = today, 0, 0.0
