"""On-screen text as a stage: bounded by lines, gone on with, the same bytes on any machine."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.ingest.on_demand import is_coarse
from tools.ingest.pipeline import ingest
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE, Providers
from tools.store.coverage import coverage, covered
from tools.store.records import PICTURES_READ, READ
from tools.toolbox import Toolbox
from tools.vision import ocr
from tools.vision.ocr import RapidOcrReader

WORDS = ["Amsel", "Birke", "Chinook", "Dahlia", "Esche", "Falter"]
READS = replace(BARE, text_reader="rapidocr")


def slides(seconds: float) -> np.ndarray:
    """Another slide every two seconds."""
    n = min(int(seconds / 2), len(WORDS) - 1)
    picture = Image.new("RGB", (320, 180), (250, 250, 240 - 20 * (n % 2)))
    pen = ImageDraw.Draw(picture)
    pen.text((20, 60 - 40 * (n % 2)), f"{WORDS[n]} {n}", "black", ImageFont.load_default(40))
    return np.asarray(picture)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, encode: Callable[..., Path]) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    return encode(folder / "slides.mp4", slides, 2.0 * len(WORDS), fps=5)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Pictures that are read, in order; a video has two lines at least before one is left out."""
    pictures: list[str] = []
    original = RapidOcrReader.read

    def counted(self: RapidOcrReader, image: Path, *part: ocr.Box) -> list[ocr.Line]:
        pictures.append(Path(image).stem)
        return original(self, image, *part)

    monkeypatch.setattr(ocr, "LEAST_LINES", 2)
    monkeypatch.setattr(RapidOcrReader, "read", counted)
    yield pictures


def index(home: Path, film: Path, lines: int, **options: bool) -> tuple[Library, Video]:
    library = Library(home)
    providers = replace(READS, screen_lines=lines)
    return library, ingest(library, film, providers=providers, **options)


def test_what_was_left_out_is_told_and_the_next_index_reads_it(
    tmp_path: Path, film: Path, read: list[str]
) -> None:
    library, video = index(tmp_path / "home", film, 1)
    assert len(read) == 2 and video.state == "ready"
    stage = video.stages["screen"]
    assert stage.partial and stage.note.startswith("2 of 6 pictures that changed were read")
    part = coverage(library, video.id)
    assert (part.screen, covered(part)) == ("partial", "partial") and stage.note in part.notes
    unread = library.unread_spans(video.id)
    assert len(unread) == 4
    beside = {second for span in unread for second in span}
    texts = {text.id: text for text in library.screen_text(video.id)}
    assert any(text.at_least for text in texts.values())
    for text in texts.values():
        near = [at for at in beside for edge in (text.start, text.end) if abs(at - edge) < 0.3]
        assert text.at_least == bool(near)  # a picture is kept shortly after it changed
        assert library.evidence(text.id).facts == ({"at_least": True} if text.at_least else {})

    index(tmp_path / "home", film, 1)
    first, read[:] = read[:], []
    assert len(set(first)) == len(first) == 6  # none twice
    video = library.get(video.id)
    assert not video.stages["screen"].partial and not video.stages["screen"].note
    assert coverage(library, video.id).screen == "complete"
    assert library.unread_spans(video.id) == []
    texts = library.screen_text(video.id)
    assert [(text.text, text.start, text.at_least) for text in texts] == [
        (f"{word} {n}", 2.0 * n, False) for n, word in enumerate(WORDS)
    ]
    folder = library.folder(video.id)
    assert not (folder / PICTURES_READ).exists() and verify(library) == []
    index(tmp_path / "home", film, 1)
    assert read == []

    other, _ = index(tmp_path / "other", film, 0)
    assert (other.folder(video.id) / READ).read_bytes() == (folder / READ).read_bytes()


def test_a_repair_makes_the_same_bytes_of_what_was_read_in_part_and_of_the_whole(
    tmp_path: Path, film: Path, read: list[str]
) -> None:
    library, video = index(tmp_path / "home", film, 1)
    for _ in ("in part", "to the end"):
        folder = library.folder(video.id)
        files = library.manifest(video.id)["stages"]["screen"]["files"]
        before = {name: (folder / name).read_bytes() for name in files}
        (folder / READ).write_bytes(before[READ].replace(b"a", b"o", 1))
        assert [one.what for one in repair(library).mended] == [f"{READ} is damaged"]
        assert {name: (folder / name).read_bytes() for name in before} == before
        assert library.manifest(video.id)["stages"]["screen"]["files"] == files
        library, video = index(tmp_path / "home", film, 1)


def test_a_killed_run_goes_on_where_it_was_and_the_same_comes_out(
    tmp_path: Path, film: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.ingest.run.CHECKPOINT_SECONDS", 0.0)
    whole, video = index(tmp_path / "whole", film, 0)
    read.clear()
    counted = RapidOcrReader.read

    def killed(self: RapidOcrReader, *picture: Path) -> list[ocr.Line]:
        if len(read) % 3 == 2:
            read.append("killed")
            raise KeyboardInterrupt
        return counted(self, *picture)

    monkeypatch.setattr(RapidOcrReader, "read", killed)
    for lines in (0, 1):
        home = tmp_path / f"home {lines}"
        for _ in range(8):
            try:
                library, _ = index(home, film, lines)
            except KeyboardInterrupt:
                continue
            if not library.get(video.id).stages["screen"].partial:
                break
        stems = [stem for stem in read if stem != "killed"]
        assert len(stems) == len(set(stems)) == 6 and "killed" in read
        read.clear()
        texts = [one.folder(video.id) / READ for one in (library, whole)]
        assert texts[0].read_bytes() == texts[1].read_bytes()


def test_a_question_about_a_picture_that_was_not_read_reads_it(
    tmp_path: Path, film: Path, read: list[str]
) -> None:
    library, video = index(tmp_path / "home", film, 1)
    unread = library.unread_spans(video.id)[0][0]
    seen = next(text.start for text in library.screen_text(video.id))
    assert is_coarse(library, video.id, unread) and not is_coarse(library, video.id, seen)
    toolbox = Toolbox(library, load_reader=lambda: RapidOcrReader())
    found = toolbox.look_closer(video.id, unread, unread + 0.5)
    assert any(WORDS[int(unread / 2)] in getattr(one, "text", "") for one in found)
    assert not is_coarse(library, video.id, unread)


def test_the_number_of_lines_is_a_setting_of_its_stage_alone(
    tmp_path: Path, film: Path, read: list[str]
) -> None:
    library, video = index(tmp_path / "home", film, 1)
    before = library.manifest(video.id)["stages"]
    index(tmp_path / "home", film, 5000, finish=False)
    after = library.manifest(video.id)["stages"]
    changed = {name for name in after if after[name]["from"] != before[name]["from"]}
    assert changed == {"screen", "vectors", "clock"}  # a clock is read from what stands there
    assert Providers().screen_lines == 6000
