"""References to videos on the command line; a file that is not indexed yet is indexed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.errors import RefusedRequest, UnknownVideo, VideoError
from ui.cli.common import load_settings
from ui.cli.suggest_models import SpeechOffer, suggest
from ui.render import printable

if TYPE_CHECKING:
    from tools.library import Library
    from tools.media import Video


def is_address(ref: str) -> bool:
    """True of what is an address, and no file that is called so."""
    return "://" in ref and not Path(ref).exists()


def indexed_video(library: "Library", ref: str, quiet: bool = False) -> "Video":
    """A video by path, id, start of an id or title; a path that is not indexed yet is indexed."""
    known = _known(library, ref)
    if known is None and Path(ref).is_dir():
        raise RefusedRequest(
            f"{ref!r} is a folder: `cuepoint index` reads the videos in it; a question names them "
            "one by one, or none for all of them"
        )
    return known or index_file(library, Path(ref), quiet)


def asked_videos(
    library: "Library",
    refs: Sequence[str] | None,
    collection: str | None,
    quiet: bool = False,
    camera: str | None = None,
) -> list[str]:
    """Ids of the videos that a question goes to; none means all of the library."""
    ids = [indexed_video(library, ref, quiet).id for ref in refs or ()]
    if collection is not None:
        ids += library.collections.videos(collection)
    if camera is not None:
        ids += library.collections.videos(library.cameras.get(camera).name)
    return list(dict.fromkeys(ids))


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
    if is_address(ref):
        raise RefusedRequest("an address is fetched by `cuepoint index` alone: index it first")
    try:
        return library.get(ref)
    except UnknownVideo:
        # An ambiguous name is told before a folder, or a file that is not there, is thought of.
        if library.catalog.named(ref) or not (path.is_dir() or "/" in ref or path.suffix):
            raise
    return None


def index_address(library: "Library", text: str, quiet: bool, **options: Any) -> "Video":
    """Fetch a video from an address and move it into the library, indexed as a file is."""
    from tools.fetch.addresses import parse
    from tools.fetch.sites import fetch
    from tools.files.disk import SPARE_BYTES, free_bytes, size_text
    from tools.files.durable import temporary_folder

    settings = load_settings()
    if settings.addresses != "on":
        raise RefusedRequest(
            "an address is not fetched unless CUEPOINT_ADDRESSES=on is set: set it, or download "
            "the video and index that"
        )
    address = parse(text)
    library.root.mkdir(parents=True, exist_ok=True)
    with temporary_folder(library.root, "fetch-") as folder:
        room = free_bytes(folder) - SPARE_BYTES
        limit = min(settings.upload_limit, max(room, 0))
        if not quiet:
            sys.stderr.write(f"fetching {address}, {size_text(limit)} at most\n")
        got = fetch(address, folder, limit, settings.upload_stall)
        options["subtitles"] = [*options["subtitles"], *got.subtitles]
        try:
            return index_file(library, got.path, quiet, title=got.title, take=True, **options)
        except VideoError as error:
            # Its words name the file by the path that it had here.
            told = str(error).replace(str(got.path), str(address)).replace(got.path.name, got.title)
            raise type(error)(told) from None


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
