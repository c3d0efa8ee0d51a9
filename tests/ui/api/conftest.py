"""A library of one video, for the tests of HTTP."""

from pathlib import Path

import pytest

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

SAID = "1\n00:00:01,000 --> 00:00:02,500\nThe kettle is red.\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shots: Path) -> Path:
    folder = tmp_path_factory.mktemp("api")
    path = folder / "kettle.mp4"
    path.symlink_to(shots)
    path.with_suffix(".srt").write_text(SAID)
    ingest(Library(folder / "home"), path, providers=BARE)
    return folder / "home"
