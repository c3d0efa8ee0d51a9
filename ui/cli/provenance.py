"""The command `cuepoint provenance`."""

from pathlib import Path
from typing import Annotated

import typer

from ui.cli.common import AsJson, load_settings, open_library, print_result
from ui.render import printable


def provenance(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or a video of the library.")],
    as_json: AsJson = False,
) -> None:
    """Tell what a file says of its origin: credentials, watermark, its own words. No verdict."""
    from tools.provenance.evidence import words
    from tools.provenance.provenance import as_row
    from tools.provenance.provenance import provenance as read

    path = Path(file)
    if not path.is_file():
        library = open_library()
        path = library.original(library.get(file).id)
    found = read(path, load_settings().signing.trust)
    print_result(as_json, lambda: as_row(found), map(printable, words(found)))
