"""References to videos on the command line; a file that is not indexed yet is indexed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.errors import RefusedRequest
from ui.cli.common import settings
from ui.cli.suggest_models import offer

if TYPE_CHECKING:
    from tools.library import Library
    from tools.media import Video


def resolve(library: "Library", ref: str, quiet: bool = False) -> "Video":
    """A video by path, id, start of an id or title; a path that is not indexed yet is indexed."""
    path = file_named(ref)
    if path.exists() or "/" in ref:
        return index_file(library, path, quiet)
    return library.get(ref)


def file_named(ref: str) -> Path:
    """A path; RefusedRequest for an address, which is not fetched."""
    if "://" in ref and not Path(ref).exists():
        raise RefusedRequest(f"{ref!r} is an address: download the file and index that")
    return Path(ref)


def index_file(library: "Library", path: Path, quiet: bool, **options: Any) -> "Video":
    """Index a file with progress on standard error; options are those of `ingest`."""
    from tools.ingest.pipeline import ingest
    from ui.cli.progress import Reporter

    chosen = settings()
    if not quiet and path.is_file():
        offer(chosen)
    with Reporter(quiet) as reporter:
        reporter.begin(path.name)
        return ingest(
            library,
            path,
            providers=chosen.providers,
            on_progress=reporter,
            **options,
        )
