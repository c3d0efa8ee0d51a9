"""The command line. Results to standard output, everything else to standard error.

Imports at the top are light: `cuepoint --help` must not wait for a decoder or a language model.
"""

import io
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tools.areas import numbers_of
from tools.errors import RefusedRequest, VideoError
from tools.media import time_range, timestamp
from ui.cli.cameras import camera_app
from ui.cli.check import check
from ui.cli.common import (
    AsJson,
    From,
    GlobalOptions,
    To,
    VideoRef,
    checked_time,
    choice,
    load_settings,
    open_library,
    print_error,
    print_json,
    print_result,
)
from ui.cli.doors import mcp, serve, slack
from ui.cli.eval import evaluate
from ui.cli.export import clip, export, reel
from ui.cli.feedback import feedback
from ui.cli.generate import generate, jobs_app
from ui.cli.indexing import (
    asked_videos,
    files_to_index,
    index_address,
    index_file,
    indexed_video,
    is_address,
)
from ui.cli.library import library_app
from ui.cli.models import models_app
from ui.cli.provenance import provenance
from ui.cli.signals import stop_at_once
from ui.cli.summary import caption, summary
from ui.cli.tokens import tokens_app
from ui.cli.users import users_app
from ui.render import Json, label, printable, remarks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.ask import Answer
    from tools.media import Video

app = typer.Typer(
    name="cuepoint",
    help="Talk with videos: every answer shows the frames it rests on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: drawing it in boxes takes longer than all the rest
)
GROUPS = {
    "library": library_app, "models": models_app, "tokens": tokens_app, "users": users_app,
    "jobs": jobs_app, "camera": camera_app,
}  # fmt: skip
for name, group in GROUPS.items():
    app.add_typer(group, name=name)
COMMANDS = (
    summary, caption, check, clip, reel, export, generate, provenance, feedback, mcp, slack,
)  # fmt: skip
for one in COMMANDS:
    app.command()(one)
app.command("eval")(evaluate)

SamplingHelp = typer.Option(help="uniform, keyframe, dense, sparse or adaptive.")
VideoRefs = Annotated[
    list[str] | None, typer.Argument(metavar="[VIDEO]...", help="All of them without it.")
]
InCollection = Annotated[
    str | None, typer.Option("--collection", metavar="NAME", help="The videos of a collection.")
]
OfCamera = Annotated[
    str | None, typer.Option("--camera", metavar="NAME", help="The videos of a camera.")
]


@app.callback()
def choose_library(
    library: Annotated[
        Path | None,
        typer.Option("--library", metavar="DIR", help="Where the library lies (CUEPOINT_HOME)."),
    ] = None,
) -> None:
    """Talk with videos: every answer shows the frames it rests on."""
    GlobalOptions.home = library


@app.command()
def index(
    videos: Annotated[
        list[str], typer.Argument(metavar="VIDEO...", help="Files, folders of them, addresses.")
    ],
    sampling: Annotated[str, SamplingHelp] = "adaptive",
    max_gap: Annotated[
        float | None,
        typer.Option("--max-gap", metavar="SECONDS", help="Between kept frames, at most: 15."),
    ] = None,
    recorded_at: Annotated[
        str | None, typer.Option("--recorded-at", metavar="ISO8601", help="When it was recorded.")
    ] = None,
    subtitles: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Subtitles of this one video, kept in the library."),
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="STAGE,...", help="Stop after these stages.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Index videos; what is indexed already is left as it is."""
    from tools.search import chroma

    library = open_library()
    stages = tuple(filter(None, map(str.strip, (only or "").split(","))))
    options: dict[str, Any] = {"sampling": sampling, "only": stages}
    if max_gap is not None:
        options["max_gap"] = max_gap
    if recorded_at:
        try:
            at = datetime.fromisoformat(recorded_at)
        except ValueError:
            raise typer.BadParameter(f"{recorded_at!r} is not ISO 8601") from None
        options["recorded_at"] = at if at.tzinfo else at.astimezone()
    files: list[Path | str] = []
    indexed: list[Video] = []
    failed = False
    for ref in videos:
        try:
            files += [ref] if is_address(ref) else files_to_index(library, ref, as_json)
        except VideoError as error:
            failed = print_error(error)
    if subtitles and len(files) > 1:
        raise typer.BadParameter(f"{subtitles.name} cannot be the subtitles of several videos")
    options["subtitles"] = [subtitles] if subtitles else []
    for path in files:
        try:
            if isinstance(path, str):
                indexed.append(index_address(library, path, as_json, **options))
            else:
                indexed.append(index_file(library, path, as_json, **options))
        except VideoError as error:
            name = path.partition("?")[0] if isinstance(path, str) else path.name
            failed = print_error(error, name if len(files) > 1 else "")
    chroma.fill(library.catalog, [video.id for video in indexed])

    def lines() -> "Iterator[str]":
        for video in indexed:
            yield f"{video.id}  {timestamp(video.duration)}  {video.title}"
            yield from (f"  {one}" for one in remarks(video))

    print_result(as_json, lambda: Json(library)(indexed), lines())
    if failed:
        raise typer.Exit(1)


@app.command()
def frames(
    video: VideoRef,
    strategy: Annotated[str, SamplingHelp] = "adaptive",
    count: Annotated[int | None, typer.Option(min=1, max=10000, help="At most so many.")] = None,
    start: From = None,
    end: To = None,
    skipped: Annotated[
        bool, typer.Option("--skipped", help="List what is left out, and why, instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sample frames and say why each was kept, and what was left out."""
    from tools.store.frames import sample_frames, skipped_frames
    from tools.store.stretches import span_in
    from tools.vision.sampling import STRATEGIES, describe_skipped, longest_gap

    known = choice("strategy", strategy, STRATEGIES)
    bound = checked_time(start), checked_time(end)
    library = open_library()
    id = indexed_video(library, video, as_json).id
    first, last = span_in(library, id, *bound)
    bounds: dict[str, Any] = {"count": count, "start": first or 0.0, "end": last}
    kept = [] if skipped else sample_frames(library, id, known, **bounds)
    left = skipped_frames(library, id, known, **bounds) if skipped or not as_json else []
    lines = (
        f"{time_range(part.start, part.end):>15}  {part.frames:>5}  {part.reason}" for part in left
    )
    if not skipped:
        lines = (
            f"{timestamp(frame.seconds):>9}  {frame.reason}  {library.picture(frame.image)}"
            for frame in kept
        )
    print_result(as_json, lambda: Json(library)(left if skipped else kept), lines)
    if not as_json:
        sys.stderr.write(describe_skipped(left) + "\n")
    if not as_json and not skipped:
        times, whole = [frame.seconds for frame in kept], library.get(id).duration
        gap = longest_gap(times, bounds["start"], min(bounds["end"] or whole, whole))
        sys.stderr.write(f"longest gap: {gap[1] - gap[0]:.1f} s, {time_range(*gap)}\n")


@app.command()
def scenes(video: VideoRef, as_json: AsJson = False) -> None:
    """List the scenes."""
    library = open_library()
    rows = library.scenes(indexed_video(library, video, as_json).id)
    lines = (f"{n:>4}  {time_range(scene.start, scene.end)}" for n, scene in enumerate(rows, 1))
    print_result(as_json, lambda: Json(library)(rows), lines)


@app.command()
def transcript(
    video: VideoRef,
    format: Annotated[str, typer.Option(help="txt, srt, vtt or json.")] = "txt",
    as_json: AsJson = False,
) -> None:
    """Print what is said."""
    from tools.evidence import MACHINE
    from tools.transcript.asr import DRAFT
    from tools.transcript.cues import TRANSCRIPTS

    library = open_library()
    choice("format", format, (*TRANSCRIPTS, "json"))
    indexed = indexed_video(library, video, as_json)
    utterances = library.utterances(indexed.id)
    if as_json or format == "json":
        print_json(Json(library)(utterances))
        return
    if any(utterance.source == DRAFT for utterance in utterances):
        sys.stderr.write(f"{indexed.title}: {MACHINE}\n")
    if not utterances:
        sys.stderr.write(f"{indexed.title}: {library.silence(indexed.id)}\n")
    sys.stdout.write(TRANSCRIPTS[format](utterances))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    videos: VideoRefs = None,
    thread: Annotated[
        str | None, typer.Option(metavar="NAME", help="Go on with a conversation.")
    ] = None,
    collection: InCollection = None,
    camera: OfCamera = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question with the moments it rests on."""
    import asyncio

    from agent.agent import open_agent
    from agent.ask import ask as ask_agent

    library = open_library()
    ids = asked_videos(library, videos, collection, as_json, camera)

    async def last_event() -> Any:
        async with open_agent(load_settings()) as agent:
            events = ask_agent(agent, question, videos=ids, thread=thread)
            return [event async for event in events][-1]

    answer: Answer = asyncio.run(last_event())
    for note in answer.notes:
        sys.stderr.write(f"{note.text}\n")

    def lines() -> "Iterator[str]":
        yield answer.answer
        for cited in answer.evidence or answer.nearest:
            yield f"  {label(cited.evidence, cited.handle)}"
            if cited.evidence.image:
                yield f"      {library.picture(cited.evidence.image)}"

    print_result(as_json, lambda: Json(library).answer(answer), lines(), answer)


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    videos: VideoRefs = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND,...", help="frame, scene, speech, screen, object.")
    ] = None,
    start: From = None,
    end: To = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIMES", help='Times of day: "2 PM to 4 PM".'),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 6,
    collection: InCollection = None,
    camera: OfCamera = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="LEFT,TOP,RIGHT,BOTTOM", help="Objects in this part of the picture."),
    ] = None,
    area: Annotated[
        str | None, typer.Option(metavar="NAME", help="Objects in this zone, or across this line.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find evidence, best first; nothing rather than something irrelevant."""
    from tools.toolbox import open_toolbox

    library = open_library()
    ids = asked_videos(library, videos, collection, as_json, camera)
    kinds = tuple(name.strip() for name in kind.split(",")) if kind else ()
    toolbox = open_toolbox(library, load_settings().providers)
    results = toolbox.search(
        query,
        ids or None,
        kinds=kinds,
        start=checked_time(start),
        end=checked_time(end),
        at=at,
        limit=limit,
        region=numbers_of(region) if region is not None else None,
        area=area or "",
    )
    lines = (
        label(hit) if len(ids) == 1 else f"{library.get(hit.video).title}  {label(hit)}"
        for hit in results
    )
    print_result(as_json, lambda: Json(library)(results), lines)
    if not as_json and not results:
        sys.stderr.write(f"nothing found: {printable(query)}\n")


app.command()(serve)
app.command("chat", help="Open the chat.")(serve)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is there, what is missing, and what to do."""
    from dataclasses import asdict

    from ui.cli.doctor import run_checks

    checks = run_checks(load_settings())
    ok = all(check.state != "problem" for check in checks)
    lines = (
        f"{check.state:>8}  {check.name}: {check.detail}"
        + (f"  -> {check.fix}" if check.fix else "")
        for check in checks
    )
    print_result(as_json, lambda: {"ok": ok, "checks": [*map(asdict, checks)]}, lines)
    if not ok:
        raise typer.Exit(1)


def main() -> NoReturn:
    """Run a command; a VideoError or a fault of the disk is one line and status 1."""
    stop_at_once()
    _complete_streams()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # who read us has gone; what is left must not be flushed at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except (VideoError, OSError) as error:
        if not print_error(error):
            raise
        raise SystemExit(1) from None
    raise SystemExit(0)


def _complete_streams() -> None:
    """Open the standard streams that were closed, so that no file takes their numbers."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        print_error(RefusedRequest("standard output is closed; send it to /dev/null instead"))
        raise SystemExit(1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know ASCII only
