"""The providers that are set up, and which of them makes what."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from tools.errors import ProviderUnavailable, RefusedRequest
from tools.generate.options import GenerationOptions
from tools.generate.providers import Generator
from tools.generate.request import Kind
from tools.library import Library

NAMES = ("runway", "openai-videos", "animatic")
"""Providers, in the order in which `auto` takes one."""

_HOSTED = re.compile(r"https://api\.openai\.com(/|$)")


@dataclass(frozen=True)
class Keys:
    """Keys of the services; empty where there is none."""

    runway: str = ""
    videos: str = ""
    speech: str = ""

    def __repr__(self) -> str:
        return "Keys(***)"


class Generators(Mapping[str, Generator]):
    """Providers by name; one that is not set up is absent, and `missing` says why."""

    def __init__(self, generators: Mapping[str, Generator], missing: Mapping[str, str], auto: str):
        self._made, self.missing, self._auto = dict(generators), dict(missing), auto

    def __getitem__(self, name: str) -> Generator:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def choose(self, kind: Kind, name: str = "") -> Generator:
        """The provider of a kind: that named, that of the settings, or the first that can.

        What joins or narrates footage of the library is made on this machine unless another one is
        named.
        """
        name = name or (self._auto if self._auto != "auto" else "")
        if name:
            if name not in NAMES:
                raise RefusedRequest(
                    f"there is no provider {name[:40]!r}: {', '.join(NAMES)} are known"
                )
            if name not in self._made:
                raise ProviderUnavailable(self.missing[name])
            if kind in self._made[name].kinds:
                return self._made[name]
            if self._auto != name:
                can = ", ".join(sorted(self._made[name].kinds)) or "nothing"
                raise RefusedRequest(f"{name} makes {can}, not {kind}")
        return next(one for key in NAMES if (one := self._made.get(key)) and kind in one.kinds)


def open_generators(library: Library, options: GenerationOptions, keys: Keys) -> Generators:
    """Set up the providers of a library; VideoError where a setting names one that is not there."""
    from tools.generate.animatic.voice import SpeechServer
    from tools.generate.providers.animatic import Animatic

    if options.generator not in ("auto", *NAMES):
        raise RefusedRequest(
            f"CUEPOINT_GENERATOR {options.generator!r} must be auto, {', '.join(NAMES)}"
        )
    missing = {"runway": _runway_missing(keys), "openai-videos": _videos_missing(options)}
    speech = None
    if options.speech_base_url:
        speech = SpeechServer(
            options.speech_base_url, keys.speech, options.speech_model, options.speech_voice
        )
    usd = options.speech_usd_per_1000
    made: dict[str, Generator] = {"animatic": Animatic(library, speech, usd_per_1000=usd)}
    if not missing["runway"]:
        from tools.generate.providers.runway import Runway

        made["runway"] = Runway(keys.runway, options.runway_model, options.runway_base_url)
    if not missing["openai-videos"]:
        from tools.generate.providers.openai_videos import OpenAIVideos

        made["openai-videos"] = OpenAIVideos(
            options.videos_base_url, options.videos_model, options.videos_usd_per_second,
            keys.videos,
        )  # fmt: skip
    return Generators(made, {name: why for name, why in missing.items() if why}, options.generator)


def _runway_missing(keys: Keys) -> str:
    """Say what Runway lacks; empty if nothing."""
    if not keys.runway:
        return "runway needs a key (RUNWAYML_API_SECRET)"
    if find_spec("runwayml") is None:
        return "runway needs its SDK: pip install 'cuepoint[runway]'"
    return ""


def _videos_missing(options: GenerationOptions) -> str:
    """Say what a server for `POST /videos` lacks; empty if nothing."""
    if _HOSTED.match(options.videos_base_url):
        return (
            "OpenAI's own video service (Sora) ended on 2026-09-24: name another server that "
            "speaks POST /videos (CUEPOINT_VIDEOS_BASE_URL), or use runway or animatic"
        )
    if not (options.videos_base_url and options.videos_model):
        return (
            "openai-videos needs the address of a server that speaks POST /videos "
            "(CUEPOINT_VIDEOS_BASE_URL) and a model (CUEPOINT_VIDEOS_MODEL)"
        )
    return ""
