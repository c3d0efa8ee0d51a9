"""Cache of language-model answers, reused when the same prompt is sent about the same evidence.

The key covers every message of the prompt, the model's name and the index state of the videos, so
that a further indexed video, another template or another word in the conversation is a miss. The
raw text of the model is cached; its claims are verified anew at each use.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from langchain_core.messages import AnyMessage

from tools.files.disk import best_effort
from tools.files.durable import write_json

MAX_ANSWERS = 500
"""Number of cached answers; the oldest are deleted first."""


class AnswerCache:
    """Cached answers in a folder. Blocks: call it in a thread."""

    def __init__(self, folder: Path, model: str) -> None:
        self._folder, self._model = folder, model

    def key(self, messages: Sequence[AnyMessage], versions: Sequence[str]) -> str:
        """Cache key of a prompt, given the index versions of its videos."""
        texts = [[message.type, message.text] for message in messages]
        whole = json.dumps([self._model, texts, list(versions)])
        return hashlib.sha256(whole.encode()).hexdigest()

    def get(self, key: str) -> tuple[str, list[str]] | None:
        """Cached text and the evidence ids behind its labels; None if absent or unreadable."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            data = json.loads((self._folder / f"{key}.json").read_text("utf-8"))
            text, seen = data["text"], list(data["seen"])
            if isinstance(text, str) and all(isinstance(id, str) for id in seen):
                return text, seen
        return None

    def put(self, key: str, text: str, seen: Sequence[str]) -> None:
        """Store an answer; on a full disk it is only noted that nothing was stored."""
        with (
            best_effort("recall"),
            suppress(FileNotFoundError),
        ):  # the library, or a file another deleted
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_json(self._folder / f"{key}.json", {"text": text, "seen": list(seen)})
            files = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
            for path in files[:-MAX_ANSWERS]:
                path.unlink(missing_ok=True)
