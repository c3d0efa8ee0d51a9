"""Incident reports: moments of several cameras, gaps and hashes, and nothing that runs."""

import base64
import hashlib
import re
from datetime import datetime, timedelta, timezone

import pytest

from tests.tools.export.test_board import Page
from tests.watched import across, watched
from tools.errors import RefusedRequest
from tools.export.incident import to_report
from tools.library import Library

CET = timezone(timedelta(hours=1))
NOON = datetime(2026, 11, 19, 12, 0, 0, tzinfo=CET)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Two cameras: one stops for ten minutes, the name of the other one is hostile."""
    folder = tmp_path_factory.mktemp("incident")
    library = Library(folder / "home")
    first = watched(library, folder, "a", [across(0.0), across(1.0, "car", "red")], NOON)
    later = watched(library, folder, "b", [across(0.0)], NOON + timedelta(minutes=10))
    other = watched(library, folder, "c", [across(0.0)], NOON + timedelta(minutes=1))
    lost = watched(library, folder, "d", [across(0.0)])
    for name, ids in (("gate", [later, first]), (HOSTILE, [other, lost])):
        kept = library.cameras.reserve(name, name)
        library.cameras.put(kept, ids)
    line = [(0.5, 0.0), (0.5, 1.0)]
    library.cameras.draw("gate", "</b>line", "line", line)
    return library


def report(library: Library, begin: datetime, end: datetime) -> str:
    return to_report(library, library.cameras.all(), begin, end)


def test_a_report_tells_moments_gaps_clocks_and_hashes(library: Library) -> None:
    text = report(library, NOON - timedelta(minutes=5), NOON + timedelta(minutes=20))
    page = Page(text)
    assert page.tags.count("figure") == page.tags.count("img") == 4
    assert "4 moments; cameras: " in page.text and page.tags.count("h2") == 2
    assert "2026-11-19 12:00:01 UTC+01:00 red car, 4 s in view, crosses </b>line to the right" in (
        page.text
    )
    gap = "not covered: 2026-11-19 12:00:04 UTC+01:00 to 2026-11-19 12:10:00 UTC+01:00"
    assert gap in page.text
    before = "not covered: 2026-11-19 11:55:00 UTC+01:00 to 2026-11-19 12:00:00 UTC+01:00"
    assert before in page.text and "left out, as their clock is not known: d" in page.text
    assert page.text.count("given by hand; 100% sure") == 3
    for video in library.cameras.get("gate").videos:
        whole = hashlib.sha256(library.original(video).read_bytes()).hexdigest()
        assert whole in page.text
    for picture in re.findall(r'base64,([^"]+)"', text):
        assert hashlib.sha256(base64.b64decode(picture)).hexdigest() in page.text
    assert "no content credentials (C2PA)" in page.text


def test_nothing_of_a_report_runs_or_is_loaded(library: Library) -> None:
    page = Page(report(library, NOON, NOON + timedelta(minutes=20)))
    assert "script" not in page.tags and HOSTILE in page.text
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)


def test_a_report_is_of_its_time_alone(library: Library) -> None:
    page = Page(report(library, NOON + timedelta(seconds=58), NOON + timedelta(seconds=70)))
    assert page.tags.count("figure") == 1 and "12:01:00" in page.text
    naive = report(library, datetime(2026, 11, 19, 12, 0, 30), datetime(2026, 11, 19, 12, 1, 30))
    assert Page(naive).tags.count("figure") == 1
    nothing = Page(report(library, NOON - timedelta(days=2), NOON - timedelta(days=1)))
    assert nothing.tags.count("figure") == 0 and nothing.text.count("not covered") == 2
    for wrong in ((NOON, NOON), (NOON, NOON.replace(tzinfo=None)), (NOON, NOON - timedelta(1))):
        with pytest.raises(RefusedRequest):
            report(library, *wrong)
    with pytest.raises(RefusedRequest, match="no camera"):
        to_report(library, [], NOON, NOON + timedelta(1))


def test_an_original_that_is_gone_is_told(library: Library) -> None:
    (video, _) = library.cameras.get("gate").videos
    file = library.original(video)
    away = file.rename(file.with_suffix(".away"))
    try:
        page = Page(report(library, NOON, NOON + timedelta(minutes=20)))
    finally:
        away.rename(file)
    assert page.text.count("the file is not there any more") == 1
