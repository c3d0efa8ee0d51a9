"""Which provider does what: names that the files of the providers know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Providers:
    """`auto` takes the best that is ready, `none` does without. threads is 0 for all cores.

    device is where the models run: see `tools.models.device`.
    """

    text_reader: str = "auto"
    embedder: str = "auto"
    transcriber: str = "auto"
    picture_embedder: str = "auto"
    diarizer: str = "auto"
    threads: int = 0
    device: str = "auto"


BARE = Providers("none", "auto", "none", "none", "none")
"""What is known without reading, hearing or seeing: quick, and the same everywhere."""
