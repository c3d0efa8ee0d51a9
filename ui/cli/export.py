"""The commands `cuepoint clip`, `cuepoint reel` and `cuepoint export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import RefusedRequest
from tools.media import time_range
from ui.cli.common import (
    TIME,
    AsJson,
    VideoRef,
    checked_time,
    choice,
    load_settings,
    open_library,
    print_result,
)
from ui.cli.indexing import indexed_video
from ui.cli.progress import MakingBar
from ui.render import Json, label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.export.moments import Cited
    from tools.library import Library

Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="The new file; in this folder without it."),
]
MomentsFile = Annotated[
    Path | None,
    typer.Option("--moments", metavar="FILE", help="Moments as JSON: evidence, or an answer."),
]
Start = Annotated[str, typer.Argument(metavar="START", help=TIME)]
End = Annotated[str, typer.Argument(metavar="END", help=TIME)]


def clip(
    video: VideoRef, start: Start, end: End, output: Output = None, as_json: AsJson = False
) -> None:
    """Cut a span of a video into a file of its own, exact to the frame."""
    from tools.export.clips import clip_name, cut_clip, span_of
    from tools.store.stretches import second_in

    library = open_library()
    first, last = checked_time(start) or "", checked_time(end) or ""
    one = indexed_video(library, video, as_json)
    span = span_of(
        one, second_in(library, one.id, first), second_in(library, one.id, last, is_end=True)
    )
    target = output or Path(clip_name(one, *span))
    with MakingBar(target.name, as_json) as bar:
        made = cut_clip(library, one, *span, target, on_progress=bar)
    row = {"path": made.path, "start": made.start, "end": made.end}
    print_result(as_json, lambda: row, [f"{time_range(made.start, made.end)}  {made.path}"])


def reel(
    videos: Annotated[
        list[str] | None,
        typer.Argument(metavar="VIDEO...", help="Those of the moments without it."),
    ] = None,
    moments: MomentsFile = None,
    seconds: Annotated[
        float | None, typer.Option(metavar="N", min=1, help="Length at most; 60 for the best.")
    ] = None,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Join the moments that stand out of videos, or given ones, into one new file."""
    from tools.export.files import file_name
    from tools.export.moments import best_moments, first_seconds, read_moments
    from tools.export.reels import SECONDS, join_reel

    if not videos and moments is None:
        raise typer.BadParameter("name the videos, or the moments with --moments FILE")
    library = open_library()
    named = [indexed_video(library, one, as_json) for one in dict.fromkeys(videos or ())]
    if moments is None:
        chosen = best_moments(library, named, seconds or SECONDS)
    else:
        ids = {one.id for one in named}
        given = [m for m in read_moments(library, moments) if not ids or m.evidence.video in ids]
        chosen = first_seconds(given, seconds) if seconds else given
    about = named[0] if named else library.get(chosen[0].evidence.video)
    target = output or Path(file_name(about.title, " reel.mp4"))
    with MakingBar(target.name, as_json) as bar:
        made = join_reel(library, chosen, target, on_progress=bar)

    def lines() -> Iterator[str]:
        yield made.path
        for one in made.moments:
            yield f"  {library.get(one.video).title}  {label(one)}"

    print_result(
        as_json, lambda: Json(library)({"path": made.path, "moments": made.moments}), lines()
    )


def export(
    video: VideoRef,
    form: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="FORM",
            help="srt, vtt, txt; chapters, webvtt-chapters, ffmetadata; edl, fcpxml, otio, board, "
            "board-png.",
        ),
    ],
    thread: Annotated[
        str | None, typer.Option(metavar="NAME", help="The conversation whose moments are cited.")
    ] = None,
    moments: MomentsFile = None,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Write a transcript, chapters, or cited moments as an edit list or with pictures."""
    from tools.export import documents
    from tools.export.files import write_bytes

    choice("form", form, (*documents.OF_VIDEO, *documents.OF_MOMENTS))
    is_cited = form in documents.OF_MOMENTS
    if is_cited and (thread is None) == (moments is None):
        raise typer.BadParameter(f"{form} takes moments: --thread NAME, or --moments FILE")
    library = open_library()
    one = indexed_video(library, video, as_json)
    if is_cited:
        cited = _cited(library, one.id, thread, moments)
        document = documents.of_moments(library, form, cited, thread or one.title)
    else:
        document = documents.of_video(library, form, one.id)
    target = output or Path(document.name)
    write_bytes(target, document.content)
    path = str(target.absolute())
    print_result(as_json, lambda: {"path": path, "as": form}, [path])


def _cited(library: Library, video: str, thread: str | None, file: Path | None) -> list[Cited]:
    """Evidence of one video that a conversation or a file cites; what is of others is told."""
    from tools.export.moments import read_moments

    if file is not None:
        every: list[Any] = [(m.evidence, m.handle) for m in read_moments(library, file)]
    else:
        every = _of_thread(library, thread or "")
    kept = [(evidence, handle) for evidence, handle in every if evidence.video == video]
    if other := len(every) - len(kept):
        sys.stderr.write(f"left out: {other} of other videos\n")
    if not kept:
        where = f"the conversation {thread!r}" if thread else f"{str(file)!r}"
        raise RefusedRequest(f"{where} cites no moment of {library.get(video).title!r}")
    return kept


def _of_thread(library: Library, thread: str) -> list[Cited]:
    """Evidence that the answers of a conversation cite, by its number; else what came closest."""
    import asyncio

    from agent.agent import open_agent
    from agent.history import answers
    from tools.toolbox import open_toolbox

    settings = load_settings()
    toolbox = open_toolbox(library, settings.providers)

    async def past() -> list[Any]:
        async with open_agent(settings, toolbox=toolbox) as agent:
            return await answers(agent, thread)

    told = asyncio.run(past())
    if not told:
        raise RefusedRequest(
            f"there is no conversation {thread!r}: `cuepoint ask QUESTION --thread NAME` begins one"
        )
    cited = {n.handle: n for one in told for n in (one.evidence or one.nearest)}
    return [(cited[handle].evidence, handle) for handle in sorted(cited)]
