"""The moments of a library that look like a picture from outside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import NotIndexed, ProviderUnavailable
from tools.evidence import parse_id
from tools.media import Evidence

if TYPE_CHECKING:
    from tools.toolbox import Toolbox


def moments_like(
    toolbox: "Toolbox", picture: Path, videos: Sequence[str] | None = None, limit: int = 6
) -> list[Evidence]:
    """The best frame of each scene that looks so, best first; UnreadableMedia for no picture.

    NotIndexed where no pictures of these videos have vectors.
    """
    from dataclasses import replace

    visual = toolbox.visual
    if visual is None:
        raise ProviderUnavailable(
            "searching with a picture needs a model that sees: run `cuepoint models pull siglip2`, "
            "`cuepoint index` on your videos, and start again"
        )
    shown = visual.picture(picture)
    scope = list(videos) if videos else [video.id for video in toolbox.library.list()]
    if scope and (blind := toolbox.blind(scope)):
        raise NotIndexed(blind)
    fits = visual.alike(shown, videos)
    best: dict[tuple[str, int], str] = {}
    for id in sorted(fits, key=lambda id: -fits[id]):
        if parsed := parse_id(id):
            _, video, at, _ = parsed
            cuts = toolbox.library.scenes(video)
            best.setdefault((video, sum(scene.start <= at for scene in cuts)), id)
    ids = list(best.values())[:limit]
    return [replace(toolbox.library.evidence(id), score=fits[id]) for id in ids]
