"""The commands of `cuepoint library`."""

import typer

from ui.terminal import AsJson, VideoRef, open_library, print_json

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
    one = library.get(video)
    library.remove(one.id)
    if as_json:
        print_json({"removed": one.id})
    else:
        print(f"removed {one.id} ({one.title})")


@library_app.command("verify")
def library_verify(as_json: AsJson = False) -> None:
    """Compare every file with what the library says of it."""
    from ui.render import Json

    library = open_library()
    problems = library.verify()
    if as_json:
        render = Json(library)
        print_json({"ok": not problems, "problems": [render.problem(p) for p in problems]})
    else:
        for problem in problems:
            print(f"{problem.video}: {problem.what}  -> {problem.fix}")
        if not problems:
            print("everything is as it should be")
    if problems:
        raise typer.Exit(1)
