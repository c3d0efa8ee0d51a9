"""Signing of exports: what was cut out of which video, in the file itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.library import Library
from tools.media import time_range
from tools.provenance.identity import Keys
from tools.provenance.signing import Action, Ingredient, Made, sign

Spans = Mapping[str, Sequence[tuple[float, float]]]
"""Spans in seconds by the video that they are of."""


def sign_export(library: Library, part: Path, title: str, spans: Spans, keys: Keys) -> None:
    """Sign a file that was cut out of videos, in place.

    Of one video it is derived: its own credentials go along. Of several it is composed.
    """
    relationship = "parentOf" if len(spans) == 1 else "componentOf"
    sources = [
        Ingredient(library.original(id), library.get(id).title, relationship) for id in spans
    ]
    first = Action("opened") if len(spans) == 1 else Action("created", "composite")
    cut = [
        Action("trimmed", description=f"{source.title}: {', '.join(_ranges(of_one))}")
        for source, of_one in zip(sources, spans.values(), strict=True)
    ]
    made = Made(title, (first, *cut, Action("transcoded")), tuple(sources))
    sign(part, part, made, keys)


def _ranges(spans: Sequence[tuple[float, float]]) -> list[str]:
    return [time_range(start, end) for start, end in spans]
