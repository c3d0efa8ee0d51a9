"""The commands of `cuepoint camera`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tools.areas import Area, Kind, numbers_of
from ui.cli.common import AsJson, open_library, print_result
from ui.render import Json, printable

if TYPE_CHECKING:
    from tools.library import Library

camera_app = typer.Typer(
    help="Fixed cameras: their zones and lines.", no_args_is_help=True, rich_markup_mode=None
)
Of = Annotated[str, typer.Argument(metavar="CAMERA|VIDEO", help="A camera, or one video.")]
AreaName = Annotated[str, typer.Argument(metavar="NAME", help="One of that name is replaced.")]
Points = Annotated[
    list[str],
    typer.Argument(metavar="X,Y...", help="Shares of the picture, 0 to 1, from its left and top."),
]


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
