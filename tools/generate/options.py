"""Settings of generation: who makes it, what it may cost, what is refused."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GenerationOptions:
    """Settings of generation; nothing that costs money is made before a person says yes."""

    generator: str = "auto"
    """Provider of what is filmed by nobody: `animatic`, `runway`, `openai-videos`; `auto` is the
    first of the last two that has a key or an address, else `animatic`."""
    generate_job_usd: float = 5.0
    """Dollars that one job may cost, at most."""
    generate_day_usd: float = 20.0
    """Dollars that all jobs of a day may cost, at most."""
    generate_refuse: Path | None = None
    """A text file of the owner's: a word or phrase a line that no request may hold."""
    generate_label: str = "off"
    """A visible label in what is made: on or off."""
    runway_model: str = "gen4.5"
    """Model that Runway is asked for, of those in its price list."""
    runway_base_url: str = "https://api.dev.runwayml.com"
    """Address of Runway's API."""
    videos_base_url: str = ""
    """Address of a server that speaks `POST /videos`, such as http://127.0.0.1:8090/v1."""
    videos_model: str = ""
    """Model that it is asked for."""
    videos_usd_per_second: float | None = None
    """What it costs; empty where it is not known, and then nothing is sent to it."""
    speech_base_url: str = ""
    """Address of a server that speaks `POST /audio/speech`; without it a voice of this machine."""
    speech_model: str = "gpt-4o-mini-tts"
    speech_voice: str = "alloy"
    speech_usd_per_1000: float | None = None
    """What 1,000 characters of it cost; empty where it is not known: then nothing is approved."""
    moderation_base_url: str = ""
    """Address of a server that speaks `POST /moderations`, asked beside the rules."""
    moderation_model: str = "omni-moderation-latest"
    """Model that it is asked for."""
