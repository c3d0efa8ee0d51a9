"""What an index left out is read in the background, which rests for questions."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from agent.settings import Settings
from tests.ui import door
from tools.errors import UnreadableMedia, VideoError
from tools.ingest import finishing
from tools.ingest.finishing import GO, PAUSE, Finisher, finish, unfinished
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE
from tools.vision import ocr

WORDS = ["Amsel", "Birke", "Chinook", "Dahlia"]


def slides(seconds: float) -> np.ndarray:
    n = min(int(seconds / 2), len(WORDS) - 1)
    picture = Image.new("RGB", (320, 180), (250, 250, 200 + 10 * n))
    ImageDraw.Draw(picture).text((20, 60), WORDS[n], "black", ImageFont.load_default(40))
    return np.asarray(picture)


@pytest.fixture
def half_read(
    tmp_path: Path, encode: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Library, Video]]:
    film = encode(tmp_path / "slides.mp4", slides, 2.0 * len(WORDS), fps=5)
    library = Library(tmp_path / "home")
    with monkeypatch.context() as patch:
        patch.setattr(ocr, "LEAST_LINES", 1)
        reads = replace(BARE, text_reader="rapidocr", screen_lines=1)
        video = ingest(library, film, providers=reads)
    assert unfinished(library) == [video.id]
    yield library, video


def test_one_worker_reads_the_rest_of_a_video(half_read: tuple[Library, Video]) -> None:
    library, video = half_read
    done = threading.Event()
    finisher = Finisher(library, lambda _: done.set())
    finisher.start()
    assert done.wait(120)
    finisher.close()
    assert unfinished(library) == []
    assert [text.text for text in library.screen_text(video.id)] == WORDS


class Told:
    """A worker that a test ends, and that keeps what it was told."""

    def __init__(self) -> None:
        self.words: list[bytes] = []
        self.called: list[str] = []
        self.begun, self.end = threading.Event(), threading.Event()

    def call(self, function: str, **arguments: str) -> Iterator[dict[str, Any]]:
        self.called.append(arguments["video"])
        yield {}
        self.begun.set()
        assert self.end.wait(60)
        self.end.clear()
        raise VideoError("no")

    def tell(self, word: bytes) -> None:
        self.words.append(word)

    def close(self) -> None: ...

    def kill(self) -> None:
        self.end.set()


def test_it_rests_while_questions_are_answered(half_read: tuple[Library, Video]) -> None:
    library, video = half_read
    worker, done = Told(), threading.Event()
    finisher = Finisher(library, lambda _: done.set(), lambda: worker)  # type: ignore[arg-type]
    with finisher.resting():
        finisher.start()
        assert worker.called == []  # none is begun
    assert worker.begun.wait(60) and worker.words == []
    with finisher.resting():
        with finisher.resting():
            assert worker.words == [PAUSE]
        assert worker.words == [PAUSE]
    assert worker.words == [PAUSE, GO]
    worker.end.set()
    assert done.wait(60)
    finisher.wake()  # it would fail again
    finisher.close()
    assert worker.called == [video.id]


def test_another_file_in_the_place_of_the_indexed_one_is_left_alone(
    half_read: tuple[Library, Video], shots: Path
) -> None:
    library, video = half_read
    Path(video.path).write_bytes(shots.read_bytes())
    with pytest.raises((UnreadableMedia, VideoError)):
        finish(library, video.id)
    assert library.folders() == [video.id]


def test_it_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Library] = []

    class Noted(Finisher):
        def __init__(self, library: Library) -> None:
            made.append(library)
            super().__init__(library)

    monkeypatch.setattr("ui.web.workspaces.Finisher", Noted)
    for setting in ("off", "on"):
        with door.running(Settings(home=tmp_path / setting, port=8000, background=setting)):
            pass
    assert [library.home.name for library in made] == ["on"]
    with pytest.raises(VideoError, match="background"):
        Settings(background="maybe")
    assert finishing.LOWEST == 19
