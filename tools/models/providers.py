"""Names of the providers, as the settings choose them and the providers' files know them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Providers:
    """Chosen providers: `auto` takes the best that is ready, `none` does without.

    threads is 0 for all cores; device is one of `tools.models.device.DEVICES`. screen_lines is the
    number of lines on screen, for an hour of video, that its first index reads; 0 for all.
    speech_language is one of `tools.text.languages.SPOKEN`, or `auto` for what is heard. tracker is
    one of `tools.vision.objects.matchers.MATCHERS`.
    """

    text_reader: str = "auto"
    embedder: str = "auto"
    transcriber: str = "auto"
    picture_embedder: str = "auto"
    diarizer: str = "auto"
    detector: str = "auto"
    reranker: str = "auto"
    sounds: str = "auto"
    threads: int = 0
    device: str = "auto"
    screen_lines: int = 6000
    speech_language: str = "auto"
    tracker: str = "nearest"


BARE = Providers("none", "auto", "none", "none", "none", "none", "none", "none")
"""Providers that neither read, hear nor see: quick, and the same everywhere."""
