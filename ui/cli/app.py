"""The command line. Results to standard output, everything else to standard error.

Imports at the top are light: `cuepoint --help` must not wait for a decoder or a language model.
"""

import io
import logging
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tools.errors import RefusedRequest, VideoError
from ui.cli.common import (
    AsJson,
    Chosen,
    From,
    To,
    VideoRef,
    complain,
    explained,
    open_library,
    print_json,
    seconds,
    settings,
)
from ui.cli.eval import evaluate
from ui.cli.indexing import file_named, index_file, resolve
from ui.cli.library import library_app
from ui.cli.models import models_app
from ui.cli.signals import leave, stop_at_once
from ui.cli.summary import add_to

if TYPE_CHECKING:
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
app.add_typer(library_app, name="library")
app.add_typer(models_app, name="models")
add_to(app)
app.command("eval")(evaluate)


@app.callback()
def choose_library(
    library: Annotated[
        Path | None,
        typer.Option("--library", metavar="DIR", help="Where the library lies (CUEPOINT_HOME)."),
    ] = None,
) -> None:
    """Talk with videos: every answer shows the frames it rests on."""
    Chosen.home = library


@app.command()
def index(
    videos: Annotated[list[str], typer.Argument(metavar="VIDEO...", help="Files to index.")],
    sampling: Annotated[
        str, typer.Option(help="uniform, keyframe, dense, sparse or adaptive.")
    ] = "adaptive",
    recorded_at: Annotated[
        str | None, typer.Option("--recorded-at", metavar="ISO8601", help="When it was recorded.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="STAGE,...", help="Stop after these stages.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Index videos; what is indexed already is left as it is."""
    from ui.render import Json, clock

    library = open_library()
    options: dict[str, Any] = {"sampling": sampling, "only": tuple((only or "").split(","))}
    options["only"] = tuple(name.strip() for name in options["only"] if name.strip())
    if recorded_at:
        try:
            at = datetime.fromisoformat(recorded_at)
        except ValueError:
            raise typer.BadParameter(f"{recorded_at!r} is not ISO 8601") from None
        options["recorded_at"] = at if at.tzinfo else at.astimezone()
    found: list[Video] = []
    failed = 0
    for ref in videos:
        try:
            path = file_named(ref)
            if not path.exists():
                known = library.get(ref) if "/" not in ref and "." not in ref else None
                path = library.original(known.id) if known else path
            found.append(index_file(library, path, as_json, **options))
        except VideoError as error:
            failed += 1
            complain(error)
    if as_json:
        render = Json(library)
        print_json([render.video(one) for one in found])
    else:
        for one in found:
            notes = f"  ({'; '.join(one.notes)})" if one.notes else ""
            print(f"{one.id}  {clock(one.duration)}  {one.title}{notes}")
    if failed:
        raise typer.Exit(1)


@app.command()
def frames(
    video: VideoRef,
    strategy: Annotated[
        str, typer.Option(help="uniform, keyframe, dense, sparse or adaptive.")
    ] = "adaptive",
    count: Annotated[int | None, typer.Option(min=1, max=10000, help="At most so many.")] = None,
    start: From = None,
    end: To = None,
    skipped: Annotated[
        bool, typer.Option("--skipped", help="List what is left out, and why, instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sample frames and say why each was kept, and what was left out."""
    from dataclasses import asdict

    from tools.store.frames import sample_frames, skipped_frames
    from tools.vision.sampling import STRATEGIES, describe_skipped
    from ui.render import Json, clock, span

    if strategy not in STRATEGIES:
        raise typer.BadParameter(f"no strategy {strategy!r}; one of: {', '.join(STRATEGIES)}")
    library = open_library()
    one = resolve(library, video, as_json)
    chosen: dict[str, Any] = {
        "count": count, "start": seconds(start) or 0.0, "end": seconds(end),
    }  # fmt: skip
    if skipped and as_json:
        print_json(
            [asdict(stretch) for stretch in skipped_frames(library, one.id, strategy, **chosen)]
        )
        return
    found = [] if skipped else sample_frames(library, one.id, strategy, **chosen)
    if as_json:
        render = Json(library)
        print_json([render.frame(frame) for frame in found])
        return
    for frame in found:
        print(f"{clock(frame.seconds):>9}  {frame.reason}  {library.picture(frame.image)}")
    stretches = skipped_frames(library, one.id, strategy, **chosen)
    for stretch in stretches if skipped else ():
        print(f"{span(stretch.start, stretch.end):>15}  {stretch.frames:>5}  {stretch.reason}")
    sys.stderr.write(describe_skipped(stretches) + "\n")


@app.command()
def scenes(video: VideoRef, as_json: AsJson = False) -> None:
    """List the scenes."""
    from ui.render import Json, span

    library = open_library()
    found = library.scenes(resolve(library, video, as_json).id)
    if as_json:
        render = Json(library)
        print_json([render.scene(scene) for scene in found])
        return
    for number, scene in enumerate(found, 1):
        print(f"{number:>4}  {span(scene.start, scene.end)}")


@app.command()
def transcript(
    video: VideoRef,
    format: Annotated[str, typer.Option(help="txt, srt, vtt or json.")] = "txt",
    as_json: AsJson = False,
) -> None:
    """Print what is said."""
    from tools.transcript import cues
    from ui.render import Json

    library = open_library()
    writers = {"txt": cues.to_txt, "srt": cues.to_srt, "vtt": cues.to_vtt}
    if format not in (*writers, "json"):
        raise typer.BadParameter(f"no format {format!r}; one of: txt, srt, vtt, json")
    one = resolve(library, video, as_json)
    found = library.utterances(one.id)
    if as_json or format == "json":
        render = Json(library)
        print_json([render.utterance(utterance) for utterance in found])
        return
    if not found:
        note = one.stages["subtitles"].note or "there is no speech in the index"
        sys.stderr.write(f"{one.title}: {note}\n")
    sys.stdout.write(writers[format](found))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    videos: Annotated[
        list[str] | None, typer.Argument(metavar="[VIDEO]...", help="All of them without it.")
    ] = None,
    thread: Annotated[
        str | None, typer.Option(metavar="NAME", help="Go on with a conversation.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question with the moments it rests on."""
    import asyncio

    from ui.render import Json, cost, label, printable

    library = open_library()
    ids = [resolve(library, video, as_json).id for video in videos or ()]
    answer = asyncio.run(_answer(question, ids, thread))
    for note in answer.notes:
        sys.stderr.write(f"{note.text}\n")
    if as_json:
        print_json(Json(library).answer(answer))
        return
    lines = [answer.answer]
    for cited in answer.evidence or answer.nearest:
        lines.append(f"  {label(cited.evidence, cited.handle)}")
        if cited.evidence.image:
            lines.append(f"      {library.picture(cited.evidence.image)}")
    print("\n".join(lines))  # all of it, or one line that says what was removed meanwhile
    if any(answer.tokens):
        sys.stderr.write(printable(cost(answer)) + "\n")


async def _answer(question: str, videos: list[str], thread: str | None) -> "Answer":
    from agent.agent import open_agent
    from agent.ask import Answer
    from agent.ask import ask as ask_agent

    async with open_agent(settings()) as agent:
        async for event in ask_agent(agent, question, videos=videos, thread=thread):
            if isinstance(event, Answer):
                return event
    raise RuntimeError("the agent ended without an answer")


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    videos: Annotated[
        list[str] | None, typer.Argument(metavar="[VIDEO]...", help="All of them without it.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND,...", help="frame, scene, speech, screen, object.")
    ] = None,
    start: From = None,
    end: To = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 6,
    as_json: AsJson = False,
) -> None:
    """Find evidence, best first; nothing rather than something irrelevant."""
    from tools.toolbox import open_toolbox
    from ui.render import Json, label, printable

    library = open_library()
    ids = [resolve(library, video, as_json).id for video in videos or ()]
    kinds = tuple(name.strip() for name in kind.split(",")) if kind else ()
    found = open_toolbox(library, settings().providers).search(
        query, ids or None, kinds=kinds, start=seconds(start), end=seconds(end), limit=limit
    )
    if as_json:
        render = Json(library)
        print_json([render.evidence(one) for one in found])
        return
    for one in found:
        print(label(one) if len(ids) == 1 else f"{library.get(one.video).title}  {label(one)}")
    if not found:
        sys.stderr.write(f"nothing found: {printable(query)}\n")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(metavar="H")] = None,
    port: Annotated[int | None, typer.Option(metavar="P", min=1, max=65535)] = None,
) -> None:
    """Serve the chat at / and media at /media."""
    from dataclasses import replace

    from ui.server import serve as run

    chosen = settings()
    chosen = replace(chosen, host=host or chosen.host, port=port or chosen.port)
    status = 1
    try:
        run(chosen)
        status = 0
    except SystemExit as end:  # an address that is taken, and whatever else the server stops at
        status = end.code if isinstance(end.code, int) else 1
    except Exception as error:  # leave() ends before anyone above could tell
        told = explained(error)
        if told is None:
            logging.getLogger(__name__).exception("the server ended")
        else:
            complain(told)
    leave(status)


@app.command()
def chat(
    host: Annotated[str | None, typer.Option(metavar="H")] = None,
    port: Annotated[int | None, typer.Option(metavar="P", min=1, max=65535)] = None,
) -> None:
    """Open the chat."""
    serve(host, port)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is there, what is missing, and what to do."""
    from dataclasses import asdict

    from ui.cli.doctor import examine

    checks = examine(settings())
    ok = all(check.state != "problem" for check in checks)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            fix = f"  -> {check.fix}" if check.fix else ""
            print(f"{check.state:>8}  {check.name}: {check.detail}{fix}")
    if not ok:
        raise typer.Exit(1)


def main() -> NoReturn:
    """Run a command; a VideoError, and what the disk does, is one line and status 1."""
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
        told = explained(error)
        if told is None:
            raise
        complain(told)
        raise SystemExit(1) from None
    raise SystemExit(0)


def _complete_streams() -> None:
    """Streams that whoever started us closed, so that no file is opened in their place."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        complain(RefusedRequest("standard output is closed; send it to /dev/null instead"))
        raise SystemExit(1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know ASCII only
