"""Every option, read from the environment here and nowhere else."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import platformdirs

from tools.errors import VideoError
from tools.models.providers import Providers

PREFIX = "CUEPOINT_"
_BARE = {"openai_api_key": "OPENAI_API_KEY", "openai_base_url": "OPENAI_BASE_URL"}
"""Fields that go by the name that every other program knows them by."""
_FOR_TESTS = {"CUEPOINT_MEDIA", "CUEPOINT_MODELS", "CUEPOINT_CHROMIUM"}
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Secret:
    """A value that prints as ***; `reveal` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not written anywhere")

    def __deepcopy__(self, memo: object) -> "Secret":
        return self  # dataclasses.asdict copies what it finds


def _default_home() -> Path:
    return platformdirs.user_data_path("cuepoint")


@dataclass(frozen=True)
class Settings:
    """What can be chosen. A field `port` is CUEPOINT_PORT in the environment."""

    home: Path = field(default_factory=_default_home)
    owner: str = "local"
    model: str = ""
    """A model's name, or `extractive`; empty takes what the keys allow."""
    model_sees: str = "auto"
    """Whether the model takes pictures: `auto` asks the table of known models, `yes`, `no`."""
    model_table: Path | None = None
    """A file of what models can do and cost, which goes before the product's own."""
    openai_api_key: Secret | None = None
    openai_base_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ()
    """Names besides the loopback ones that a browser may reach the server by."""
    roots: tuple[Path, ...] = ()
    """Folders that a path given through the browser, Slack or MCP may lie in."""
    upload_limit: int = 4 << 30
    upload_room: int = 0
    """Bytes of all uploads and the videos made of them; 0 takes what the disk has free."""
    upload_stall: float = 60.0
    """Seconds without a byte after which an upload is given up."""
    text_reader: str = "auto"
    embedder: str = "auto"
    transcriber: str = "auto"
    picture_embedder: str = "auto"
    diarizer: str = "auto"
    threads: int = 0
    """Of one model; 0 takes all cores."""
    workers: int = 0
    """Videos that the server indexes at the same time; 0 takes one for every two cores."""
    hub: str = "https://huggingface.co"
    """Where models are downloaded from; `off` downloads nothing."""
    model_calls: int = 8
    tool_calls: int = 12
    question_seconds: float = 90.0
    question_tokens: int = 100_000
    """Of a language model, given and written."""
    question_usd: float = 1.0
    """Counted where the price of the model is known."""
    day_tokens: int = 5_000_000
    day_usd: float = 20.0

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", self.owner) is not None,
            f"owner {self.owner!r} must be letters, digits, dots, dashes, at most 64",
        )
        _require(0 <= self.port <= 65535, f"port {self.port} is not between 0 and 65535")
        for name in ("threads", "workers", "upload_room"):
            _require(getattr(self, name) >= 0, f"{name} {getattr(self, name)} is below zero")
        for name in (
            "upload_limit", "upload_stall", "model_calls", "tool_calls", "question_seconds",
            "question_tokens", "question_usd", "day_tokens", "day_usd",
        ):  # fmt: skip
            value = getattr(self, name)
            _require(0 < value < float("inf"), f"{name} {value} must be above zero")
        _require(
            self.model_sees in ("auto", "yes", "no"),
            f"model_sees {self.model_sees!r} must be auto, yes or no",
        )
        _require(
            self.hub == "off" or re.match(r"https?://[^/@]+(/|$)", self.hub) is not None,
            "CUEPOINT_HUB must be off, or start with http:// or https:// and hold no user",
        )
        url = self.openai_base_url
        _require(
            url is None or re.match(r"https?://[^/@]+(/|$)", url) is not None,
            "OPENAI_BASE_URL must start with http:// or https:// and hold no user or password",
        )

    @property
    def providers(self) -> Providers:
        """What indexes a video."""
        return Providers(**{one.name: getattr(self, one.name) for one in fields(Providers)})

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Settings from variables; one that is set to nothing counts as not set."""
        names = {_BARE.get(f.name, PREFIX + f.name.upper()): f for f in fields(cls)}
        unknown = sorted(
            name
            for name in environ
            if name.startswith(PREFIX) and name not in names and name not in _FOR_TESTS
        )
        if unknown:
            known = ", ".join(sorted(name for name in names if name.startswith(PREFIX)))
            raise VideoError(f"unknown setting {', '.join(unknown)}; known: {known}")
        values: dict[str, Any] = {}
        for name, option in names.items():
            text = environ.get(name, "").strip()
            if text:
                values[option.name] = _PARSERS[option.type](name, text)
        return cls(**values)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise VideoError(message)


def _text(name: str, text: str) -> str:
    return text


def _secret(name: str, text: str) -> Secret:
    return Secret(text)


def _whole(name: str, text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([KMGT]?)(?:i?B)?", text, re.IGNORECASE)
    if match is None:
        raise VideoError(f"{name}={text!r} is not a whole number (500, 64K, 2G)")
    return int(match[1]) * _UNITS[match[2].upper()]


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise VideoError(f"{name}={text!r} is not a number") from None


def _path(name: str, text: str) -> Path:
    return Path(text).expanduser().absolute()


def _paths(name: str, text: str) -> tuple[Path, ...]:
    return tuple(_path(name, part) for part in text.split(os.pathsep) if part)


def _texts(name: str, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_PARSERS: dict[Any, Callable[[str, str], Any]] = {
    str: _text,
    str | None: _text,
    Secret | None: _secret,
    int: _whole,
    float: _number,
    Path: _path,
    Path | None: _path,
    tuple[Path, ...]: _paths,
    tuple[str, ...]: _texts,
}
