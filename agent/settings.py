"""Every option, read from the environment here and nowhere else."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Self

import platformdirs

from agent.llm.limits import Limits
from tools.errors import VideoError
from tools.models.device import DEVICES
from tools.models.providers import Providers

PREFIX = "CUEPOINT_"
EXTRACTIVE = "extractive"
"""The model that needs no key, no network and no server."""
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
    providers: Providers = field(default_factory=Providers)
    """What indexes a video."""
    workers: int = 0
    """Videos that the server indexes at the same time; 0 takes one for every two cores."""
    hub: str = "https://huggingface.co"
    """Where models are downloaded from; `off` downloads nothing."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", self.owner) is not None,
            f"owner {self.owner!r} must be letters, digits, dots, dashes, at most 64",
        )
        _require(0 <= self.port <= 65535, f"port {self.port} is not between 0 and 65535")
        counts = {"threads": self.providers.threads, "workers": self.workers}
        for name, value in {**counts, "upload_room": self.upload_room}.items():
            _require(value >= 0, f"{name} {value} is below zero")
        uploads = {"upload_limit": self.upload_limit, "upload_stall": self.upload_stall}
        for name, value in {**uploads, **vars(self.limits)}.items():
            _require(0 < value < float("inf"), f"{name} {value} must be above zero")
        _require(
            self.model_sees in ("auto", "yes", "no"),
            f"model_sees {self.model_sees!r} must be auto, yes or no",
        )
        _require(
            self.providers.device in DEVICES,
            f"device {self.providers.device!r} must be one of {', '.join(DEVICES)}",
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

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Settings from variables; one that is set to nothing counts as not set."""
        names = _names(cls)
        unknown = sorted(
            name
            for name in environ
            if name.startswith(PREFIX) and name not in names and name not in _FOR_TESTS
        )
        if unknown:
            known = ", ".join(sorted(name for name in names if name.startswith(PREFIX)))
            raise VideoError(f"unknown setting {', '.join(unknown)}; known: {known}")
        return _read(cls, environ)


def _names(kind: Any) -> list[str]:
    """The variables of a class, with those of the classes that it is composed of."""
    return [
        name
        for option in fields(kind)
        for name in (_names(option.type) if is_dataclass(option.type) else [_name(option)])
    ]


def _name(option: Field[Any]) -> str:
    return _BARE.get(option.name, PREFIX + option.name.upper())


def _read(kind: Any, environ: Mapping[str, str]) -> Any:
    values: dict[str, Any] = {}
    for option in fields(kind):
        name = _name(option)
        if is_dataclass(option.type):
            values[option.name] = _read(option.type, environ)
        elif text := environ.get(name, "").strip():
            values[option.name] = _PARSERS[option.type](name, text)
    return kind(**values)


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
