"""References to videos on the command line; a file that is not indexed yet is indexed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.errors import RefusedRequest
from ui.cli.common import load_settings
from ui.cli.suggest_models import suggest

if TYPE_CHECKING:
    from tools.library import Library
    from tools.media import Video


def indexed_video(library: "Library", ref: str, quiet: bool = False) -> "Video":
    """A video by path, id, start of an id or title; a path that is not indexed yet is indexed."""
    path = file_path(ref)
    if path.exists() or "/" in ref:
        return index_file(library, path, quiet)
    return library.get(ref)


def file_path(ref: str) -> Path:
    """A reference as a path; RefusedRequest for an address, which is not fetched."""
    if "://" in ref and not Path(ref).exists():
        raise RefusedRequest(f"{ref!r} is an address: download the file and index that")
    return Path(ref)


def index_file(library: "Library", path: Path, quiet: bool, **options: Any) -> "Video":
    """Index a file with progress on standard error; options are those of `ingest`."""
    from tools.ingest.pipeline import ingest
    from ui.cli.progress import IndexingBar

    settings = load_settings()
    if not quiet and path.is_file():
        suggest(settings)
    with IndexingBar(quiet) as bar:
        bar.begin(path.name)
        return ingest(library, path, providers=settings.providers, on_progress=bar, **options)
