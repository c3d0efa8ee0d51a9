"""The commands of `cuepoint camera`."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.areas import Area, Kind, numbers_of
from tools.errors import VideoError
from ui.cli.common import AsJson, open_library, print_error, print_result
from ui.render import Json, printable

if TYPE_CHECKING:
    from tools.cameras.recordings import Recorded
    from tools.library import Library

camera_app = typer.Typer(
    help="Fixed cameras: their files, gaps, zones and lines, and reports.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Of = Annotated[str, typer.Argument(metavar="CAMERA|VIDEO", help="A camera, or one video.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The camera.")]
AreaName = Annotated[str, typer.Argument(metavar="NAME", help="One of that name is replaced.")]
Points = Annotated[
    list[str],
    typer.Argument(metavar="X,Y...", help="Shares of the picture, 0 to 1, from its left and top."),
]


@camera_app.command("add")
def camera_add(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="Its recordings.")],
    as_json: AsJson = False,
) -> None:
    """Index the videos of a folder as those of one camera; again, and what is new is added."""
    from tools.cameras.recordings import recorded
    from tools.search import chroma
    from ui.cli.folders import videos_in
    from ui.cli.indexing import index_file

    library = open_library()
    files = videos_in(folder, library.home)
    kept = library.cameras.reserve(name, str(folder.resolve()))
    failed = False
    for path in files:
        try:
            video = index_file(library, path, as_json)
            library.collections.add(kept, [video.id])
        except VideoError as error:
            failed = print_error(error, path.name)
    camera = library.cameras.get(kept)
    held = recorded(library, camera.videos)
    library.cameras.put(kept, [one.video for one in held.recordings])
    chroma.fill(library.catalog, camera.videos)
    camera = library.cameras.get(kept)
    print_result(as_json, lambda: Json(library)(camera), _recorded(camera.name, held))
    if failed:
        raise typer.Exit(1)


@camera_app.command("list")
def camera_list(as_json: AsJson = False) -> None:
    """List the cameras."""
    library = open_library()
    cameras = library.cameras.all()
    lines = [
        printable(f"{one.name}  {len(one.videos)} video{'s' * (len(one.videos) != 1)}")
        for one in cameras
    ]
    print_result(as_json, lambda: Json(library)(cameras), lines or ["there is no camera"])


@camera_app.command("show")
def camera_show(name: Name, as_json: AsJson = False) -> None:
    """Show the files of a camera with their clocks, its gaps, and its zones and lines."""
    from tools.cameras.recordings import recorded

    library = open_library()
    camera = library.cameras.get(name)
    held = recorded(library, camera.videos)

    def lines() -> Iterator[str]:
        yield from _recorded(camera.name, held)
        yield from (_line(library, area) for area in camera.areas)

    value = {"name": camera.name, "areas": camera.areas}
    print_result(as_json, lambda: {**Json(library)(held), **Json(library)(value)}, lines())


@camera_app.command("remove")
def camera_remove(name: Name, as_json: AsJson = False) -> None:
    """Forget a camera with its zones and lines; its videos stay."""
    library = open_library()
    camera = library.cameras.get(name)
    library.collections.remove(camera.name)
    removed = [printable(f"removed {camera.name}")]
    print_result(as_json, lambda: {"removed": camera.name}, removed)


@camera_app.command("report")
def camera_report(
    start: Annotated[str, typer.Option("--from", metavar="ISO8601", help="2026-11-19T14:00")],
    end: Annotated[str, typer.Option("--to", metavar="ISO8601", help="2026-11-19T16:00")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="All cameras without it.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="A new file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write one page of what cameras saw in a stretch of time, with its files and their hashes."""
    from tools.export.files import file_name, write_bytes
    from tools.export.incident import to_report

    library = open_library()
    first, last = _instant(start), _instant(end)
    cameras = [*map(library.cameras.get, names)] if names else library.cameras.all()
    page = to_report(library, cameras, first, last)
    target = output or Path(file_name(f"incident {first:%Y-%m-%d %H.%M}", ".html"))
    write_bytes(target, page.encode())
    path = str(target.absolute())
    print_result(as_json, lambda: {"path": path}, [path])


@camera_app.command("zone")
def camera_zone(of: Of, name: AreaName, points: Points, as_json: AsJson = False) -> None:
    """Draw a zone, a polygon, in the picture of a camera or a video."""
    _draw(of, name, "zone", points, as_json)


@camera_app.command("line")
def camera_line(of: Of, name: AreaName, points: Points, as_json: AsJson = False) -> None:
    """Draw a line that is crossed one way or the other."""
    _draw(of, name, "line", points, as_json)


@camera_app.command("areas")
def camera_areas(
    of: Annotated[
        str | None, typer.Argument(metavar="[CAMERA|VIDEO]", help="All of them without it.")
    ] = None,
    remove: Annotated[
        str | None, typer.Option(metavar="NAME", help="Remove this zone or line of it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the zones and lines, or remove one."""
    library = open_library()
    owner = library.area_owner(of) if of is not None else None
    if remove is not None:
        if owner is None:
            raise typer.BadParameter("name the camera or video whose zone or line is removed")
        library.cameras.erase(owner, remove)
    found = [one for one in library.cameras.areas().all() if owner in (None, one.of)]
    lines = [_line(library, one) for one in found]
    print_result(as_json, lambda: Json(library)(found), lines or ["no zone or line is drawn"])


def _draw(of: str, name: str, kind: Kind, points: list[str], as_json: bool) -> None:
    library = open_library()
    owner = library.area_owner(of)
    area = library.cameras.draw(owner, name, kind, [numbers_of(point) for point in points])
    print_result(as_json, lambda: Json(library)(area), [_line(library, area)])


def _line(library: "Library", area: Area) -> str:
    cameras = {one.name for one in library.cameras.all()}
    of = area.of if area.of in cameras else library.get(area.of).title
    points = " ".join(f"{x:g},{y:g}" for x, y in area.points)
    return printable(f"{area.kind} {area.name} of {of}: {points}")


def _recorded(name: str, held: "Recorded") -> list[str]:
    """Recordings of a camera, and what is not covered, in lines."""
    lines = [printable(name)]
    for one in held.recordings:
        if one.begun and one.ended:
            span = f"{one.begun:%Y-%m-%d %H:%M:%S} to {one.ended:%Y-%m-%d %H:%M:%S}"
            lines.append(printable(f"  {span}  {one.title}  (clock: {one.clock})"))
        else:
            lines.append(printable(f"  its clock is not known  {one.title}"))
    gaps = [f"{gap.begun:%Y-%m-%d %H:%M:%S} to {gap.ended:%Y-%m-%d %H:%M:%S}" for gap in held.gaps]
    return [*lines, f"  not covered: {', '.join(gaps)}"] if gaps else lines


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not ISO 8601, such as 2026-11-19T14:00") from None
