"""Subtitle files of rarer formats: read, or named as not read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import flat
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

TTML = (
    '<tt xmlns="http://www.w3.org/ns/ttml"><body><div>'
    '<p begin="00:00:01.000" end="00:00:03.000">ripe fig</p></div></body></tt>'
)
SAMI = "<SAMI><BODY><SYNC Start=1000><P>ripe fig<SYNC Start=3000><P>&nbsp;</BODY></SAMI>"


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("sbv", "0:00:01.000,0:00:03.000\nripe fig\n"),
        ("sub", "{1}{1}10.0\n{10}{30}ripe fig\n"),
        ("ttml", TTML),
        ("smi", SAMI),
        ("lrc", "[00:01.00]ripe fig\n"),
        ("ttml", "<tt>no such thing"),
        ("sup", "PG"),
    ],
)
def test_a_rare_file_is_read_or_named(
    encode: Callable[..., Path], tmp_path: Path, ending: str, text: str
) -> None:
    film = encode(tmp_path / "fig.mp4", lambda _: flat((60, 40, 60)), 6.0, fps=2)
    film.with_suffix(f".{ending}").write_text(text)
    library = Library(tmp_path / "home")
    video = ingest(library, film, providers=BARE)
    said = [(one.start, one.end, one.text) for one in library.utterances(video.id)]
    if ending in ("lrc", "sup") or "no such" in text:
        assert said == []
        assert f"fig.{ending} (convert it to SubRip (.srt))" in video.stages["subtitles"].note
    else:
        assert said == [(1.0, 3.0, "ripe fig")]
