"""Reels: moments of one or several videos, joined in one size and rate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from tools.errors import RefusedRequest
from tools.export.clips import Progress
from tools.export.files import new_file
from tools.export.moments import Moment
from tools.export.rates import standard_rate
from tools.export.signed import sign_export
from tools.library import Library
from tools.media import Evidence, Video
from tools.provenance.keys import keys_of
from tools.sandbox import Child
from tools.store.evidence import of_span

SECONDS = 60.0
"""Length of a reel of highlights, where nothing else is asked for."""


@dataclass(frozen=True)
class Reel:
    """A reel that was made; path is absolute, moments are in their order in it."""

    path: str
    moments: tuple[Evidence, ...]


def join_reel(
    library: Library,
    moments: Sequence[Moment],
    target: Path,
    child: Child | None = None,
    on_progress: Progress = lambda _: None,
) -> Reel:
    """Join moments, letterboxed, in a new file of H.264 and AAC, which is signed.

    There is silence where there is no sound. Moments of sound alone among pictures have a black
    picture; without any picture there is none.
    """
    if not moments:
        raise RefusedRequest("nothing stands out there: name the moments with --moments FILE")
    videos = {one.evidence.video: library.get(one.evidence.video) for one in moments}
    originals = {id: library.original(id) for id in videos}
    keys = keys_of(library.home, library.signing)
    heard = any(library.manifest(id)["probe"]["audio"] for id in videos)
    with new_file(target) as part, child or Child() as child:
        child.writes = part.parent
        for event in child.call(
            "tools.video.cut:write_cut",
            sources=[str(originals[one.evidence.video]) for one in moments],
            spans=[[one.start, one.end] for one in moments],
            target=str(part),
            canvas=_canvas(list(videos.values())),
            sound=heard,
        ):
            on_progress(event["fraction"])
        spans: dict[str, list[tuple[float, float]]] = {id: [] for id in videos}
        for one in moments:
            spans[one.evidence.video].append((one.start, one.end))
        sign_export(library, part, target.name, spans, keys)
    used = (_as_used(library, one) for one in moments)
    return Reel(str(target.absolute()), tuple(used))


def _canvas(videos: Sequence[Video]) -> list[int | str] | None:
    """Size of the largest picture, and the highest rate; None where there is no picture."""
    sizes = [(video.width, video.height) for video in videos if video.width and video.height]
    if not sizes:
        return None
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    rate = max(standard_rate(video.fps or 25.0) for video in videos if video.width)
    return [width, height, str(min(rate, Fraction(60)))]


def _as_used(library: Library, moment: Moment) -> Evidence:
    """Evidence of what the reel holds of a moment, which may have been shortened."""
    one = moment.evidence
    if one.end - moment.end < 1e-3:
        return one
    shown = of_span(library, one.video, moment.start, moment.end, one.score)
    return replace(shown, text=shown.text or one.text)
