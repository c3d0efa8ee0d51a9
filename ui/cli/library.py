"""The commands of `cuepoint library`."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import Damaged, VideoError
from tools.media import timestamp
from ui.cli.common import AsJson, VideoRef, open_library, print_result, with_library_chosen
from ui.render import Json, clock_lines, clock_row, printable

if TYPE_CHECKING:
    from tools.integrity.verify import Problem

library_app = typer.Typer(
    help="The library: list, show, rename, collect, remove, backup, verify.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@library_app.command("list")
def library_list(as_json: AsJson = False) -> None:
    """List the videos."""
    library = open_library()
    videos = library.list()

    def lines() -> Iterator[str]:
        for video in videos:
            yield f"{video.id}  {timestamp(video.duration):>9}  {video.state:<8}  {video.title}"
            for name, stage in video.stages.items():
                if stage.state == "failed":
                    yield f"  {name} failed: {stage.note}"

    print_result(as_json, lambda: Json(library)(videos), lines())


@library_app.command("show")
def library_show(video: VideoRef, as_json: AsJson = False) -> None:
    """Show one video, how far it is indexed, and its vectors by collection of Chroma."""
    from tools.provenance.evidence import kept, words
    from tools.provenance.provenance import as_row
    from tools.search import chroma

    library = open_library()
    shown = library.get(video)
    origin = kept(library, shown.id)
    size = f"{shown.width} x {shown.height}, {shown.fps or 0:.5g} fps"
    lines = [
        shown.title,
        f"{shown.id}  {timestamp(shown.duration)}  {size if shown.width else 'no picture'}",
        printable(shown.path),
        *(f"note: {note}" for note in shown.notes),
        *clock_lines(library.clock(shown.id)),
        *(printable(line) for line in (words(origin) if origin else ())),
    ]
    for name, stage in shown.stages.items():
        detail = f"{stage.seconds:.1f} s" if stage.state == "done" else stage.note
        lines.append(f"{name:>10}  {stage.state:<8} {detail}")
    collections = chroma.collection_counts(library.catalog, shown.id)
    lines += [f"{rows:>10,}  vectors in {name}" for name, rows in collections.items()]
    value = {"collections": collections, "provenance": as_row(origin) if origin else None}
    value["clock"] = clock_row(library.clock(shown.id))
    print_result(as_json, lambda: {**Json(library)(shown), **value}, lines)


@library_app.command("remove")
def library_remove(video: VideoRef, as_json: AsJson = False) -> None:
    """Forget a video; a file that was linked stays where it is."""
    library = open_library()
    id, title = video, "its manifest was damaged"
    try:
        known = library.get(video)
        id, title = known.id, known.title
    except Damaged:
        if not library.folder(video).is_dir() or not re.fullmatch(r"[0-9a-f]{16}", video):
            raise
    library.remove(id)
    print_result(as_json, lambda: {"removed": id}, [f"removed {id} ({title})"])


@library_app.command("rename")
def library_rename(
    video: VideoRef,
    title: Annotated[str, typer.Argument(help="Its new title; '' gives back that of its file.")],
    as_json: AsJson = False,
) -> None:
    """Give a video another title."""
    library = open_library()
    id = library.get(video).id
    library.rename(id, title)
    named = library.get(id)
    print_result(as_json, lambda: Json(library)(named), [f"{id} is {named.title!r} now"])


@library_app.command("speaker")
def library_speaker(
    video: VideoRef,
    label: Annotated[str | None, typer.Argument(help="The label that is to be named.")] = None,
    name: Annotated[str | None, typer.Argument(help="The name; '' gives the label back.")] = None,
    as_json: AsJson = False,
) -> None:
    """Name a speaker, or list the speakers of a video with their labels."""
    library = open_library()
    id = library.get(video).id
    if label is not None:
        if name is None:
            raise typer.BadParameter("a label needs a name after it")
        library.name_speaker(id, label, name)
    speakers = library.speakers(id)
    lines = [one if one == key else f"{one}  ({key})" for key, one in speakers.items()]
    rows = [{"label": key, "name": one} for key, one in speakers.items()]
    print_result(as_json, lambda: rows, lines or ["nobody is labelled in this video"])


@library_app.command("collect")
def library_collect(
    name: Annotated[str | None, typer.Argument(help="A collection, new or not.")] = None,
    videos: Annotated[list[str] | None, typer.Argument(metavar="[VIDEO...]")] = None,
    take_out: Annotated[
        bool, typer.Option("--remove", help="Take these videos out; without any, forget it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put videos into a collection, or list the collections."""
    library = open_library()
    ids = [library.get(video).id for video in videos or ()]
    if name is not None and take_out and ids:
        library.collections.take_out(name, ids)
    elif name is not None and take_out:
        library.collections.remove(name)
    elif name is not None:
        library.collections.add(name, ids)
    sets = library.collections.all()
    counts = [f"{len(inside)} video{'s' * (len(inside) != 1)}" for inside in sets.values()]
    lines = [f"{one}  ({count})" for one, count in zip(sets, counts, strict=True)]
    print_result(as_json, lambda: sets, lines or ["there is no collection"])


@library_app.command("backup")
def library_backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, on another disk perhaps.")],
    as_json: AsJson = False,
) -> None:
    """Copy the library, whole, into a new folder; files that are linked stay where they are."""
    from tools.integrity.backup import backup

    videos = backup(open_library(), folder)
    ask = f"cuepoint --library {shlex.quote(str(folder))} ask QUESTION"
    lines = [f"{videos} videos are in {folder}; ask them there: {ask}"]
    print_result(as_json, lambda: {"path": str(folder.absolute()), "videos": videos}, lines)


@library_app.command("verify")
def library_verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild what can be rebuilt, remove leftovers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every file with what was written; status 1 where problems are left."""
    from tools.integrity.verify import verify

    library = open_library()
    mended: Sequence[Problem] = ()
    if repair:
        from tools.integrity.repair import repair as mend
        from ui.cli.progress import IndexingBar

        with IndexingBar(as_json) as bar:
            repaired = mend(library, bar, bar.begin)
        problems, mended = repaired.left, repaired.mended
    else:
        problems = verify(library)
    problems = [replace(problem, fix=with_library_chosen(problem.fix)) for problem in problems]
    report = {"ok": not problems, "problems": problems} | ({"mended": mended} if repair else {})
    outcomes = [(problem, "mended") for problem in mended]
    outcomes += [(problem, problem.fix) for problem in problems]
    lines = [f"{problem.video or 'library'}: {problem.what}  -> {end}" for problem, end in outcomes]
    if not problems:
        lines.append("everything is as it should be")
    print_result(as_json, lambda: Json(library)(report), lines)
    if problems:
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        left = "could not be mended" if repair else "found"
        raise VideoError(f"{count} {left}: {' or '.join(dict.fromkeys(p.fix for p in problems))}")
