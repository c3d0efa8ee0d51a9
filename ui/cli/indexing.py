"""References to videos on the command line; a file that is not indexed yet is indexed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.errors import RefusedRequest, UnknownVideo
from ui.cli.common import load_settings
from ui.cli.suggest_models import SpeechOffer, suggest
from ui.render import printable

if TYPE_CHECKING:
    from tools.library import Library
    from tools.media import Video


def indexed_video(library: "Library", ref: str, quiet: bool = False) -> "Video":
    """A video by path, id, start of an id or title; a path that is not indexed yet is indexed."""
    known = _known(library, ref)
    if known is None and Path(ref).is_dir():
        raise RefusedRequest(
            f"{ref!r} is a folder: `cuepoint index` reads the videos in it; a question names them "
            "one by one, or none for all of them"
        )
    return known or index_file(library, Path(ref), quiet)


def files_to_index(library: "Library", ref: str, quiet: bool = False) -> list[Path]:
    """Files that a reference means: one, that of a known video, or the videos in a folder."""
    if known := _known(library, ref):
        return [library.original(known.id)]
    path = Path(ref)
    if not path.is_dir():
        return [path]
    from ui.cli.folders import videos_in

    found = videos_in(path, library.home)
    if not quiet:
        count = f"{len(found)} video{'s' * (len(found) != 1)}"
        sys.stderr.write(f"{printable(ref)}: {count}\n")
    return found


def _known(library: "Library", ref: str) -> "Video | None":
    """The video of an id, the start of one, or a title; None where a file or folder is meant."""
    path = Path(ref)
    if path.exists() and not path.is_dir():
        return None
    if "://" in ref:
        raise RefusedRequest(f"{ref!r} is an address: download the file and index that")
    try:
        return library.get(ref)
    except UnknownVideo:
        # An ambiguous name is told before a folder, or a file that is not there, is thought of.
        if library.catalog.named(ref) or not (path.is_dir() or "/" in ref or path.suffix):
            raise
    return None


def index_file(library: "Library", path: Path, quiet: bool, **options: Any) -> "Video":
    """Index a file with progress on standard error; options are those of `ingest`."""
    from tools.ingest.pipeline import ingest
    from ui.cli.progress import IndexingBar

    settings = load_settings()
    if not quiet and path.is_file():
        suggest(settings)
    with IndexingBar(quiet) as bar:
        bar.begin(path.name)
        offer = SpeechOffer(settings, library, bar) if not quiet else bar
        return ingest(library, path, providers=settings.providers, on_progress=offer, **options)
