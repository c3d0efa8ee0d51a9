"""The commands of `cuepoint library`."""

import re
from dataclasses import replace
from typing import Annotated, Any

import typer

from tools.errors import Damaged, VideoError
from ui.cli.common import AsJson, VideoRef, for_this_library, open_library, print_json

library_app = typer.Typer(
    help="The library: list, show, remove, verify.", no_args_is_help=True, rich_markup_mode=None
)


@library_app.command("list")
def library_list(as_json: AsJson = False) -> None:
    """List the videos."""
    from ui.render import Json, clock

    library = open_library()
    videos = library.list()
    if as_json:
        render = Json(library)
        print_json([render.video(one) for one in videos])
        return
    for one in videos:
        print(f"{one.id}  {clock(one.duration):>9}  {one.state:<8}  {one.title}")
        for name, stage in one.stages.items():
            if stage.state == "failed":
                print(f"  {name} failed: {stage.note}")


@library_app.command("show")
def library_show(video: VideoRef, as_json: AsJson = False) -> None:
    """Show one video and how far it is indexed."""
    from ui.render import Json, clock, printable

    library = open_library()
    one = library.get(video)
    if as_json:
        print_json(Json(library).video(one))
        return
    size = f"{one.width} x {one.height}, {one.fps or 0:.5g} fps" if one.width else "no picture"
    print(f"{one.title}\n{one.id}  {clock(one.duration)}  {size}\n{printable(one.path)}")
    for note in one.notes:
        print(f"note: {note}")
    for name, stage in one.stages.items():
        detail = f"{stage.seconds:.1f} s" if stage.state == "done" else stage.note
        print(f"{name:>10}  {stage.state:<8} {detail}")


@library_app.command("remove")
def library_remove(video: VideoRef, as_json: AsJson = False) -> None:
    """Forget a video; a file that was linked stays where it is."""
    library = open_library()
    try:
        one = library.get(video)
        id, title = one.id, one.title
    except Damaged:
        if not library.folder(video).is_dir() or not re.fullmatch(r"[0-9a-f]{16}", video):
            raise
        id, title = video, "its manifest was damaged"
    library.remove(id)
    if as_json:
        print_json({"removed": id})
    else:
        print(f"removed {id} ({title})")


@library_app.command("verify")
def library_verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild what can be rebuilt, remove leftovers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every file with what was written; status 1 where problems are left."""
    from tools.integrity.verify import verify
    from ui.render import Json

    library = open_library()
    render = Json(library)
    told: dict[str, Any] = {}
    if repair:
        from tools.integrity.repair import repair as mend
        from ui.cli.progress import Reporter

        with Reporter(as_json) as reporter:
            done = mend(library, reporter, reporter.begin)
        problems = done.left
        told["mended"] = [render.problem(one) for one in done.mended]
    else:
        problems = verify(library)
    problems = [replace(one, fix=for_this_library(one.fix)) for one in problems]
    if as_json:
        found = [render.problem(one) for one in problems]
        print_json({"ok": not problems, "problems": found, **told})
    else:
        for one in told.get("mended", ()):
            print(f"{one['video'] or 'library'}: {one['what']}  -> mended")
        for one in problems:
            print(f"{one.video or 'library'}: {one.what}  -> {one.fix}")
        if not problems:
            print("everything is as it should be")
    if problems:
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        left = "could not be mended" if repair else "found"
        raise VideoError(f"{count} {left}: {' or '.join(dict.fromkeys(p.fix for p in problems))}")
