"""Originals in edit lists: named by their path, or as their owner knows them."""

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests import numbered
from tools.export.edit_lists import edit_list, to_edl, to_otio
from tools.export.fcpxml import to_fcpxml
from tools.export.moments import Moment
from tools.export.originals import media_url
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence
from tools.models.providers import BARE

CODECS = {".webm": "libvpx", ".avi": "mpeg4", ".mpg": "mpeg2video"}


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg"])
def test_an_upload_is_named_as_its_owner_knows_it(
    encode: Callable[..., Path], tmp_path: Path, ending: str
) -> None:
    library = Library(tmp_path / "home")
    codec = CODECS.get(ending, "libx264")
    path = numbered.film(encode, tmp_path / f"made{ending}", Fraction(25), 50, codec=codec)
    upload = shutil.copy(path, tmp_path / "0f3c")  # as uploads lie on the disk, with no name
    video = ingest(library, Path(upload), providers=BARE, title="Town hall", take=True)
    library.rename(video.id, "What the council said")
    video = library.get(video.id)
    assert unquote(media_url(library, video)) == f"Town hall{ending}"
    one = Evidence(f"speech:{video.id}@0", video.id, 0.4, 1.2, "speech", "Aye.")
    edits = edit_list(library, [Moment(one, 1, 0.4, 1.2)], "Cut")
    for text in (to_edl(edits), to_otio(edits), to_fcpxml(edits)):
        assert f"Town%20hall{ending}" in text and str(tmp_path) not in text


def test_a_file_that_stayed_where_it_was_is_named_by_its_path(shots: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE)
    assert media_url(library, video) == shots.as_uri()
