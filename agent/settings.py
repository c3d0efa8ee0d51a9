"""Settings, read from the environment here and nowhere else."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Self

import platformdirs

from agent.llm.limits import Limits
from tools.errors import VideoError
from tools.generate.options import GenerationOptions
from tools.models.device import DEVICES
from tools.models.providers import Providers
from tools.provenance.identity import Signing
from tools.text.languages import SPOKEN

PREFIX = "CUEPOINT_"
MODEL_PORTS = (11434, 1234, 8080, 8000)
"""Usual ports of Ollama, LM Studio, llama.cpp and vLLM."""
EXTRACTIVE = "extractive"
"""Name of the model that needs no key, no network and no server."""
SIGN_IN = ("auto", "none", "token", "password", "oauth", "header")
_STANDARD_NAMES = {
    "openai_api_key": "OPENAI_API_KEY",
    "openai_base_url": "OPENAI_BASE_URL",
    "runwayml_api_secret": "RUNWAYML_API_SECRET",
}
"""Fields whose variables have no prefix, because every other program uses these names."""
_FOR_TESTS = {"CUEPOINT_MEDIA", "CUEPOINT_MODELS", "CUEPOINT_CHROMIUM"}
_URL = re.compile(r"https?://[^/@]+(/|$)")
_SLACK_API = re.compile(r"(https://[A-Za-z0-9.-]+(:\d+)?|http://127\.0\.0\.1:\d+)/([\w.-]+/)*")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?/?")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Secret:
    """A value that prints as `***`; only `reveal` returns it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The plain value, for the one call that needs it."""
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


@dataclass(frozen=True)
class Settings:
    """All settings. A field `port` is CUEPOINT_PORT in the environment."""

    home: Path = field(default_factory=lambda: platformdirs.user_data_path("cuepoint"))
    owner: str = "local"
    model: str = ""
    """Name of the chat model, or `extractive`; empty for what the keys allow."""
    model_sees: str = "auto"
    """Image input of the model: `yes`, `no`, or `auto` for what the model catalog says."""
    answers: str = "auto"
    """How a language model answers: `agent` calls tools, `reader` reads what the rules retrieve in
    one call, `auto` is what the model catalog says."""
    model_table: Path | None = None
    """A JSON file of models' abilities and prices, which goes before the built-in catalog."""
    openai_api_key: Secret | None = None
    openai_base_url: str | None = None
    model_ports: tuple[int, ...] = MODEL_PORTS
    """Ports of this machine that are asked for model servers to offer; `off` for none."""
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ()
    """Host names, besides the loopback ones, that a browser may reach the server by."""
    url: str | None = None
    """Address at which people reach the server, where a proxy stands before it."""
    sign_in: str = "auto"
    """How people sign in: `none` (one user), `token`, `password`, `oauth` or `header`; `auto` is
    `password` once there is a user, else `none`, which only an address of this machine may have."""
    sign_in_header: str = "Remote-User"
    """The header in which a trusted proxy names who has signed in."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose header is believed."""
    open_libraries: int = 16
    """Libraries of users that are kept open while nobody uses them."""
    roots: tuple[Path, ...] = ()
    """Folders that a path from the browser or Slack may lie in."""
    upload_limit: int = 4 << 30
    upload_room: int = 0
    """Bytes of all uploads and the videos made of them; 0 for what the disk has free."""
    upload_stall: float = 60.0
    """Seconds without a byte after which an upload is given up."""
    addresses: str = "off"
    """Fetching of video files from public addresses that a person names: on or off."""
    slack_bot_token: Secret | None = None
    """Token of the Slack app's bot, `xoxb-…`."""
    slack_signing_secret: Secret | None = None
    """Secret that proves events to come from Slack; without it there is no route for them."""
    slack_app_token: Secret | None = None
    """Token of the Slack app, `xapp-…`, for `cuepoint slack`: Socket Mode."""
    slack_api: str = "https://slack.com/api/"
    """Address of Slack's Web API."""
    providers: Providers = field(default_factory=Providers)
    """The models and readers that index a video."""
    workers: int = 0
    """Videos that the server indexes at the same time; 0 for one for every two cores."""
    background: str = "on"
    """Reading of what an index left out, by the server while nothing is asked: on or off."""
    hub: str = "https://huggingface.co"
    """Address that models are downloaded from; `off` downloads nothing."""
    limits: Limits = field(default_factory=Limits)
    generation: GenerationOptions = field(default_factory=GenerationOptions)
    """Who makes videos, and what they may cost."""
    runwayml_api_secret: Secret | None = None
    speech_key: Secret | None = None
    videos_key: Secret | None = None
    """Key of the server that speaks `POST /videos`, where it asks for one."""
    signing: Signing = field(default_factory=Signing)
    """The key that signs what is made, and who is trusted."""

    def __post_init__(self) -> None:
        counts = {"threads": self.providers.threads, "workers": self.workers}
        counts["upload_room"] = self.upload_room
        counts["screen_lines"] = self.providers.screen_lines
        uploads = {"upload_limit": self.upload_limit, "upload_stall": self.upload_stall}
        amounts = {**uploads, **vars(self.limits), "open_libraries": self.open_libraries}
        url, device = self.openai_base_url, self.providers.device
        rules = [
            (
                re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", self.owner),
                f"owner {self.owner!r} must be letters, digits, dots, dashes, at most 64",
            ),
            (0 <= self.port <= 65535, f"port {self.port} is not between 0 and 65535"),
            (
                all(0 < port <= 65535 for port in self.model_ports),
                f"model_ports {self.model_ports} are not between 1 and 65535",
            ),
            *((value >= 0, f"{name} {value} is below zero") for name, value in counts.items()),
            *(
                (0 < value < float("inf"), f"{name} {value} must be above zero")
                for name, value in amounts.items()
            ),
            (
                self.model_sees in ("auto", "yes", "no"),
                f"model_sees {self.model_sees!r} must be auto, yes or no",
            ),
            (
                self.background in ("on", "off"),
                f"background {self.background!r} must be on or off",
            ),
            (
                self.addresses in ("on", "off"),
                f"addresses {self.addresses!r} must be on or off",
            ),
            (
                _SLACK_API.fullmatch(self.slack_api),
                "CUEPOINT_SLACK_API must be an https:// address that ends with a slash; http:// is "
                "for 127.0.0.1 alone",
            ),
            (
                self.slack_bot_token or not (self.slack_signing_secret or self.slack_app_token),
                "Slack needs CUEPOINT_SLACK_BOT_TOKEN beside the signing secret or the app token",
            ),
            (
                self.sign_in in SIGN_IN,
                f"sign_in {self.sign_in!r} must be one of {', '.join(SIGN_IN)}",
            ),
            (
                self.url is None or _ORIGIN.fullmatch(self.url),
                "CUEPOINT_URL must be http:// or https:// and a name, such as https://films.example",
            ),
            (
                self.answers in ("auto", "agent", "reader"),
                f"answers {self.answers!r} must be auto, agent or reader",
            ),
            (
                self.generation.generate_label in ("on", "off"),
                f"generate_label {self.generation.generate_label!r} must be on or off",
            ),
            *(
                (not address or _URL.match(address), f"{name} must start with http:// or https://")
                for name, address in {
                    "CUEPOINT_RUNWAY_BASE_URL": self.generation.runway_base_url,
                    "CUEPOINT_SPEECH_BASE_URL": self.generation.speech_base_url,
                    "CUEPOINT_VIDEOS_BASE_URL": self.generation.videos_base_url,
                    "CUEPOINT_MODERATION_BASE_URL": self.generation.moderation_base_url,
                }.items()
            ),
            *(
                (0 <= (value or 0.0) < float("inf"), f"{name} {value} is below zero")
                for name, value in {
                    "generate_job_usd": self.generation.generate_job_usd,
                    "generate_day_usd": self.generation.generate_day_usd,
                    "videos_usd_per_second": self.generation.videos_usd_per_second,
                    "speech_usd_per_1000": self.generation.speech_usd_per_1000,
                }.items()
            ),
            (
                self.providers.speech_language in {"auto", *SPOKEN},
                f"speech_language {self.providers.speech_language!r} must be auto or the short "
                "code of a language, such as de",
            ),
            (device in DEVICES, f"device {device!r} must be one of {', '.join(DEVICES)}"),
            (
                self.hub == "off" or _URL.match(self.hub),
                "CUEPOINT_HUB must be off, or start with http:// or https:// and hold no user",
            ),
            (
                url is None or _URL.match(url),
                "OPENAI_BASE_URL must start with http:// or https:// and hold no user or password",
            ),
        ]
        for holds, message in rules:
            if not holds:
                raise VideoError(message)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Settings from environment variables; an empty one counts as not set."""
        names = _names(cls)
        known = ", ".join(sorted(name for name in names if name.startswith(PREFIX)))
        ours = (name for name in environ if name.startswith(PREFIX))
        if unknown := sorted(name for name in ours if name not in {*names, *_FOR_TESTS}):
            raise VideoError(f"unknown setting {', '.join(unknown)}; known: {known}")
        return _read(cls, environ)


def _name(option: Field[Any]) -> str:
    return _STANDARD_NAMES.get(option.name, PREFIX + option.name.upper())


def _names(kind: Any) -> list[str]:
    """Variables of a settings class and of the classes that it is composed of."""
    return [
        name
        for option in fields(kind)
        for name in (_names(option.type) if is_dataclass(option.type) else [_name(option)])
    ]


def _read(kind: Any, environ: Mapping[str, str]) -> Any:
    values: dict[str, Any] = {}
    for option in fields(kind):
        name = _name(option)
        if is_dataclass(option.type):
            values[option.name] = _read(option.type, environ)
        elif text := environ.get(name, "").strip():
            try:
                values[option.name] = _PARSERS[option.type](text)
            except ValueError:
                expected = _EXPECTED[option.type]
                raise VideoError(f"{name}={text!r} is not {expected}") from None
    return kind(**values)


def _whole(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([KMGT]?)(?:i?B)?", text, re.IGNORECASE)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * _UNITS[match[2].upper()]


def _ports(text: str) -> tuple[int, ...]:
    return () if text == "off" else tuple(map(int, filter(None, map(str.strip, text.split(",")))))


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


_PARSERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    str | None: str,
    Secret | None: Secret,
    int: _whole,
    float: float,
    float | None: float,
    Path: _path,
    Path | None: _path,
    tuple[Path, ...]: lambda text: tuple(map(_path, filter(None, text.split(os.pathsep)))),
    tuple[str, ...]: lambda text: tuple(filter(None, map(str.strip, text.split(",")))),
    tuple[int, ...]: _ports,
}
_EXPECTED: dict[Any, str] = {
    int: "a whole number (500, 64K, 2G)",
    float: "a number",
    float | None: "a number",
    tuple[int, ...]: "a list of ports (11434,1234), or off",
}
"""Description of the values that a parser accepts."""
