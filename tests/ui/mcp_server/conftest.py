"""Two libraries of one film each, indexed once, for the tests of this folder."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.settings import Settings
from tests.conftest import flat, paint_shots, write_video
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE

ADA, BEN = "ada", "ben"
SAID = {
    ADA: "1\n00:00:01,000 --> 00:00:02,500\nThe kettle is red.\n\n"
    "2\n00:00:06,500 --> 00:00:07,800\nThe kettle boils at noon.\n",
    BEN: "1\n00:00:02,000 --> 00:00:04,000\nThe vault opens with a brass key.\n",
}


@dataclass(frozen=True)
class Films:
    """A home with a library for each of two owners."""

    home: Path
    ada: Video
    ben: Video
    file: Path
    """File of the first film."""

    def settings(self, owner: str = ADA) -> Settings:
        """Settings of one owner, without anything that would have to be downloaded."""
        return Settings(home=self.home, owner=owner, model="extractive", providers=BARE)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    folder = tmp_path_factory.mktemp("films")
    file = write_video(folder / "kettle.mp4", paint_shots, 10.0, fps=5)
    other = write_video(folder / "vault.mp4", lambda _: flat((60, 120, 60)), 6.0, fps=2)
    made: list[Video] = []
    for owner, path in ((ADA, file), (BEN, other)):
        path.with_suffix(".srt").write_text(SAID[owner])
        made.append(ingest(Library(folder / "home", owner), path, providers=BARE))
    return Films(folder / "home", made[0], made[1], file)
