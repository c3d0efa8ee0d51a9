"""Answers of language models, kept for who asks the same again of the same evidence.

The key is all that the model was shown, its name, and the state of the videos: a video that was
indexed further, another prompt or another word in the conversation is another question. What is
kept is what the model wrote, and it is checked anew each time.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from langchain_core.messages import AnyMessage

from tools.files.disk import best_effort
from tools.files.durable import write_json

KEPT = 500
"""Answers; the oldest go first."""


@dataclass(frozen=True)
class Known:
    """What a model wrote, and the ids that its labels stand for."""

    text: str
    seen: tuple[str, ...]


class Recall:
    """The answers in a folder. Blocks: call it in a thread."""

    def __init__(self, folder: Path, model: str) -> None:
        self._folder, self._model = folder, model

    def key(self, shown: Sequence[AnyMessage], stamps: Sequence[str]) -> str:
        """What an answer to these messages is kept under."""
        said = [[message.type, message.text] for message in shown]
        whole = json.dumps([self._model, said, list(stamps)])
        return hashlib.sha256(whole.encode()).hexdigest()

    def get(self, key: str) -> Known | None:
        """The answer, if there is one that can be read."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            found = json.loads((self._folder / f"{key}.json").read_text("utf-8"))
            text, seen = found["text"], found["seen"]
            if isinstance(text, str) and all(isinstance(id, str) for id in seen):
                return Known(text, tuple(seen))
        return None

    def put(self, key: str, text: str, seen: Sequence[str]) -> None:
        """Keep an answer. A disk that is full keeps none, and the answer is given all the same."""
        with (
            best_effort("recall"),
            suppress(FileNotFoundError),
        ):  # the library, or what another took away
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_json(self._folder / f"{key}.json", asdict(Known(text, tuple(seen))))
            kept = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
            for path in kept[:-KEPT]:
                path.unlink(missing_ok=True)
