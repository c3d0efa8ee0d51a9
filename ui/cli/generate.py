"""The commands `cuepoint generate` and `cuepoint jobs`: propose, approve, run, tell."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import RefusedRequest
from ui.cli.common import AsJson, choice, load_settings, print_result
from ui.cli.indexing import asked_videos
from ui.render import Json, job_lines, printable

if TYPE_CHECKING:
    from tools.generate.job import GenerationJob
    from tools.generate.proposal import Proposer

jobs_app = typer.Typer(help="Videos that were asked for: what they cost, and how far they are.")
JobRef = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the start of it.")]


def generate(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What is to be made.")],
    videos: Annotated[
        list[str] | None, typer.Argument(metavar="[VIDEO]...", help="Whose moments it may use.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="text_to_video, image_to_video, video_to_video, teaser, captions, "
                     "narration or ad; by what is given without it."),
    ] = None,
    image: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A picture; again for more.")
    ] = None,
    moment: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Evidence to use; again for more.")
    ] = None,
    script: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is spoken, a sentence a line.")
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="A name that is shown.")] = "",
    language: Annotated[str, typer.Option(metavar="CODE", help="Of the script: en, de.")] = "en",
    seconds: Annotated[float | None, typer.Option(metavar="N", help="Its length.")] = None,
    aspect: Annotated[
        list[str] | None, typer.Option(metavar="A", help="16:9, 9:16 or 1:1; again for more.")
    ] = None,
    provider: Annotated[
        str, typer.Option(metavar="NAME", help="animatic, runway or openai-videos.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Say yes beforehand.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Propose a video, and make it once you say yes."""
    from typing import get_args

    from tools.generate.proposal import Draft
    from tools.generate.request import Aspect, Kind

    known: Any = choice("kind", kind, get_args(Kind)) if kind else None
    aspects: Any = tuple(choice("aspect", one, get_args(Aspect)) for one in aspect or ())
    proposer = _proposer()
    chosen = asked_videos(proposer.library, videos, None, as_json) if videos else []
    job = proposer.propose(
        Draft(
            prompt, known, seconds, aspects, tuple(moment or ()), tuple(chosen),
            tuple(image or ()), _sentences(script), title, language, provider,
            asked_by=getpass.getuser(),
        )
    )  # fmt: skip
    if job.state == "proposed" and (yes or _says_yes(job, as_json)):
        job = _decide(proposer, job.id, True)
        job = _run(proposer, job.id, as_json)
    _print(proposer, job, as_json)


@jobs_app.command("list")
def list_jobs(as_json: AsJson = False) -> None:
    """List the jobs, the newest first."""
    proposer = _proposer()
    jobs = proposer.jobs.list()
    lines = (job_lines(job)[0] for job in jobs)
    print_result(as_json, lambda: Json(proposer.library)(jobs), lines)


@jobs_app.command()
def show(job: JobRef, as_json: AsJson = False) -> None:
    """Tell all of a job: what was asked, judged, paid and made."""
    proposer = _proposer()
    _print(proposer, proposer.jobs.get(job), as_json)


@jobs_app.command()
def approve(job: JobRef, as_json: AsJson = False) -> None:
    """Say yes to a job, and make it."""
    proposer = _proposer()
    approved = _decide(proposer, job, True)
    _print(proposer, _run(proposer, approved.id, as_json), as_json)


@jobs_app.command()
def cancel(job: JobRef, as_json: AsJson = False) -> None:
    """Say no to a job, or stop it."""
    proposer = _proposer()
    _print(proposer, _decide(proposer, job, False), as_json)


@jobs_app.command()
def resume(as_json: AsJson = False) -> None:
    """Go on with every job that was approved and is not over."""
    proposer = _proposer()
    ids = [job.id for job in proposer.jobs.list() if job.approved_at and not job.over]
    done = [
        _run(proposer, id, as_json)
        for id in reversed(ids)
        if proposer.jobs.get(id).state != "unknown"
    ]
    lines = (line for job in done for line in job_lines(job))
    print_result(as_json, lambda: Json(proposer.library)(done), lines)


@jobs_app.command()
def remove(job: JobRef, as_json: AsJson = False) -> None:
    """Delete a job that is over, with its files."""
    proposer = _proposer()
    gone = proposer.jobs.get(job)
    proposer.jobs.remove(gone.id)
    print_result(as_json, lambda: {"removed": gone.id}, [f"removed {gone.id}"])


def _proposer() -> Proposer:
    from agent.approval import open_proposer
    from tools.library import Library

    settings = load_settings()
    library = Library(settings.home, settings.owner)
    return open_proposer(library, settings)


def _decide(proposer: Proposer, job: str, yes: bool) -> GenerationJob:
    import asyncio

    from agent.approval import Approvals

    return asyncio.run(Approvals(proposer.jobs).decide(job, yes, getpass.getuser()))


def _run(proposer: Proposer, id: str, as_json: bool) -> GenerationJob:
    from agent.approval import open_runner
    from ui.cli.progress import MakingBar

    runner = open_runner(proposer, load_settings())
    try:
        with MakingBar(id[:8], as_json) as bar:
            return runner.run(id, lambda job: bar(job.progress))
    except BlockingIOError as error:
        raise RefusedRequest(f"another program makes the job {id[:8]} now") from error


def _says_yes(job: GenerationJob, as_json: bool) -> bool:
    """Ask whoever sits at a terminal."""
    if as_json or not sys.stdin.isatty():
        return False
    for line in job_lines(job):
        sys.stderr.write(printable(line) + "\n")
    return typer.confirm("Make it?", err=True)


def _sentences(script: Path | None) -> tuple[str, ...]:
    if script is None:
        return ()
    try:
        lines = script.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedRequest(f"{str(script)!r} cannot be read as text: {error}") from error
    return tuple(line.strip() for line in lines if line.strip())


def _print(proposer: Proposer, job: GenerationJob, as_json: bool) -> None:
    print_result(as_json, lambda: Json(proposer.library)(job), job_lines(job))
    if job.state in ("refused", "failed", "unknown"):
        raise typer.Exit(1)
