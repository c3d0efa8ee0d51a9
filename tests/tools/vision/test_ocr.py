"""On-screen text: the reader on drawn pictures, spans with known times, the bound, real clips."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.errors import ProviderUnavailable
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Frame, ScreenText
from tools.models.providers import Providers
from tools.toolbox import open_toolbox
from tools.vision.change_regions import WHOLE, Box, meet
from tools.vision.ocr import (
    LEAST_LINES,
    Line,
    RapidOcrReader,
    TextReader,
    line_limit,
    load_text_reader,
    read_screen,
)
from tools.vision.text_tracks import same_text

VIDEO = "7f3a9c21d0e4b512"
SLIDE = [
    ("Quarterly results of the harbour", 70, 56),
    ("Revenue rose by 12 percent", 220, 36),
    ("Contact: office@harbour.example", 330, 30),
    ("page 7 of 20, small print", 640, 18),
]

MONTHS = ["January", "Wednesday", "May", "September"]


def draw(lines: Sequence[tuple[str, int, int]], size: tuple[int, int] = (1280, 720)) -> Image.Image:
    picture = Image.new("RGB", size, (248, 248, 240))
    pen = ImageDraw.Draw(picture)
    for text, top, height in lines:
        pen.text((80, top), text, font=ImageFont.load_default(height), fill=(20, 20, 60))
    return picture


@pytest.fixture(scope="module")
def reader() -> TextReader:
    found = load_text_reader()
    assert found is not None and found.name == "rapidocr"
    return found


# The reader


def test_rapidocr_reads_a_slide_with_its_places(reader: TextReader, tmp_path: Path):
    draw(SLIDE).save(tmp_path / "slide.jpg", quality=85)
    from_file = reader.read(tmp_path / "slide.jpg")
    assert [line.text for line in from_file] == [text for text, _, _ in SLIDE]
    assert all(line.confidence > 0.9 for line in from_file)
    for line, (_, top, height) in zip(from_file, SLIDE, strict=True):
        left, upper, right, lower = line.box
        assert abs(left - 80 / 1280) < 0.02 and left < right <= 1
        assert upper < (top + height / 2) / 720 < lower
    pixels = reader.read(np.asarray(draw(SLIDE)))
    assert [line.text for line in pixels] == [text for text, _, _ in SLIDE]


def test_rapidocr_takes_odd_pictures(reader: TextReader):
    for width, height in ((1, 1), (1, 3000), (3000, 1), (40, 40), (2400, 200), (200, 2400)):
        assert reader.read(np.full((height, width, 3), 128, np.uint8)) == []
    assert [
        line.text for line in reader.read(np.asarray(draw([("How are you?", 30, 60)], (2556, 120))))
    ]


def test_a_broken_picture_is_an_oserror(reader: TextReader, tmp_path: Path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(OSError):
        reader.read(tmp_path / "broken.jpg")


def test_the_models_are_those_of_the_package_and_their_threads_do_not_spin(
    monkeypatch: pytest.MonkeyPatch,
):
    import requests

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a download was tried")

    monkeypatch.setattr(requests.Session, "request", refused)
    reader = RapidOcrReader(threads=1)
    assert reader.read(np.asarray(draw(SLIDE[:1])))[0].text == SLIDE[0][0]
    for part in (reader._engine.text_det, reader._engine.text_rec):
        options = part.session.session.get_session_options()
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_readers_are_picked_by_name(monkeypatch: pytest.MonkeyPatch):
    assert load_text_reader("none") is None
    with pytest.raises(ProviderUnavailable, match="there are: auto, rapidocr, none"):
        load_text_reader("tesseract")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert load_text_reader("auto") is None
    with pytest.raises(ProviderUnavailable, match="install"):
        load_text_reader("rapidocr")


def test_reading_takes_as_many_threads_as_it_is_given(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = list[int]()

    class Counted(RapidOcrReader):
        def __init__(self, threads: int) -> None:
            asked.append(threads)
            super().__init__(threads)

    monkeypatch.setattr("tools.vision.ocr.RapidOcrReader", Counted)
    providers = Providers("rapidocr", "auto", "none", "none", "none", threads=1)
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=providers, only=("screen",))
    open_toolbox(library, providers).look_closer(video.id, 0, 0.1)
    assert asked == [1, 1]


# Spans over time, with a reader that knows what it is shown


class Shown:
    """Reads what the test put on screen."""

    name = "shown"

    def __init__(self) -> None:
        self.lines: dict[str, list[Line]] = {}
        self.read_at: list[str] = []
        self.parts: list[Box] = []

    def read(self, image: Path | np.ndarray, part: Box = WHOLE) -> list[Line]:
        assert isinstance(image, Path)
        self.read_at.append(image.stem)
        self.parts.append(part)
        return [line for line in self.lines[image.stem] if meet(line.box, part)]


Shot = tuple[float, list[Line], int]  # seconds, lines, grey of the background


def line(text: str, top: float = 0.1, confidence: float = 0.99, left: float = 0.1) -> Line:
    return Line(text, confidence, (left, top, left + len(text) * 6 / 320, top + 0.06))


Watch = Callable[..., tuple[list[ScreenText], str, Shown]]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    def run(shots: list[Shot], duration: float, **options):
        eyes = Shown()
        frames = []
        for number, (at, lines, grey) in enumerate(shots):
            picture = Image.new("L", (320, 184), grey)
            pen = ImageDraw.Draw(picture)
            pen.rectangle((300, 170, 319, 183), fill=255 - grey)  # no picture is plain
            for found in lines:
                left, top, *_ = found.box
                pen.text((left * 320, top * 184), found.text, fill=255 - grey)
            picture.convert("RGB").save(tmp_path / f"{number}.jpg", quality=90)
            eyes.lines[str(number)] = lines
            frames.append(Frame(VIDEO, at, f"{number}.jpg", "test"))
        reading = read_screen(frames, lambda f: tmp_path / f.image, eyes, duration, **options)
        progress = []
        while True:
            try:
                progress.append(next(reading)[0])
            except StopIteration as end:
                found = end.value
                break
        assert progress == sorted(progress) and all(0 < share <= 1 for share in progress)
        assert (found.unread > 0) is ("were read for text" in found.note)
        run.rows = json.loads(json.dumps(found.rows()))
        return found.texts(), found.note, eyes

    return run


def spans(texts: list[ScreenText]) -> list[tuple[float, float, str]]:
    return [(t.start, t.end, t.text) for t in texts]


def test_text_lasts_from_where_it_is_seen_to_where_it_is_gone(watch: Watch):
    a, b = line("Annual report"), line("Thank you all", top=0.5)
    shots: list[Shot] = [(0, [], 99), (2, [a], 99), (3, [a], 99), (4, [a, b], 99), (5, [b], 99)]
    texts, note, eyes = watch(shots, 8.0)
    assert spans(texts) == [(2, 5, "Annual report"), (4, 8, "Thank you all")]
    assert eyes.read_at.count("2") == 0  # the same picture is not read again
    assert note == ""
    assert texts[0].box == a.box and texts[0].confidence == 0.99
    assert texts[0].id == f"screen:{VIDEO}@2000-5000"


def test_one_changed_line_of_a_slide_is_noticed(watch: Watch):
    still = [line(f"This line {n} stays", top=n / 10) for n in range(1, 8)]
    texts, _, _ = watch(
        [(0, [*still, line("old", 0.85)], 99), (4, [*still, line("new", 0.85)], 99)], 9
    )
    assert (0, 4, "old") in spans(texts) and (4, 9, "new") in spans(texts)
    assert len(texts) == 9
    assert [t.n for t in texts if t.text.startswith("This")] == list(range(1, 8))


def test_of_a_slide_only_the_changed_line_is_read_again(watch: Watch):
    still = [line(f"This line {n} stays", top=n / 10) for n in range(1, 8)]
    shots: list[Shot] = [(n, [*still, line(word, 0.85)], 99) for n, word in enumerate(MONTHS)]
    texts, _, eyes = watch(shots, 4.0)
    assert eyes.parts.count(WHOLE) == 1 and len(eyes.parts) == 4
    assert all(part[1] > 0.7 and part[2] < 0.5 for part in eyes.parts if part != WHOLE)
    assert [t for t in spans(texts) if t[2] in MONTHS] == [
        (n, n + 1, word) for n, word in enumerate(MONTHS)
    ]
    assert [t[:2] for t in spans(texts) if t[2].startswith("This")] == [(0, 4)] * 7


def test_a_doubtful_line_that_is_taken_over_is_not_seen_twice(watch: Watch):
    noise = line("gravel", 0.1, confidence=0.6)
    shots: list[Shot] = [(n, [noise, line(word, 0.85)], 99) for n, word in enumerate(MONTHS)]
    assert [t.text for t in watch(shots, 4.0)[0]] == MONTHS


def test_noise_of_reading_does_not_split_a_text(watch: Watch):
    shots: list[Shot] = [
        (0, [line("Welcome to the harbour", confidence=0.98)], 90),
        (1, [line("Welcorne to the harbour", confidence=0.7)], 120),
        (2, [line("Welcome to the harbour!", confidence=0.97)], 150),
        (2.5, [], 170),  # missed once
        (3, [line("Welcome to the harbour", confidence=0.99)], 190),
    ]
    texts, _, _ = watch(shots, 5)
    assert spans(texts) == [(0, 5, "Welcome to the harbour")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Stop sharing", "Stopsharing", True),
        ("A² + B² = C²", "A2+B2 = C2", True),
        ("iron-vivacious-seer.glitch.me", "iron-vivacious-see.glitch.me", True),
        ("Frame = 11", "Frame = 12", False),
        ("Revenue rose by twelve percent", "Revenue fell by twelve percent", False),
        ("Night shifts start in March", "Night shifts start in April", False),
        ("Option A", "Option B", False),
    ],
)
def test_other_words_and_numbers_are_other_texts(one: str, other: str, same: bool):
    assert same_text(line(one), line(other)) is same


def test_text_that_moves_is_one_text(watch: Watch):
    rows: list[Shot] = [(n / 2, [line("Directed by Ann", top=0.9 - n / 5)], 99) for n in range(5)]
    texts, _, _ = watch([*rows, (2.5, [], 99)], 4)
    assert spans(texts) == [(0, 2.5, "Directed by Ann")]


def test_text_written_letter_by_letter_is_one_text(watch: Watch):
    shots: list[Shot] = [
        (0, [], 99),
        (1, [line("The orig")], 99),
        (1.5, [line("The original moti")], 99),
        (2, [line("The original motivation")], 99),
        (6, [line("original moti")], 99),
        (6.5, [], 99),
    ]
    texts, _, _ = watch(shots, 8)
    assert spans(texts) == [(1, 6.5, "The original motivation")]


def test_a_text_that_comes_back_is_two_spans(watch: Watch):
    a = [line("Breaking news")]
    texts, _, _ = watch([(0, a, 99), (2, [], 99), (6, a, 99), (8, [], 99)], 9)
    assert spans(texts) == [(0, 2, "Breaking news"), (6, 8, "Breaking news")]


def test_noise_is_left_out(watch: Watch):
    shots: list[Shot] = [
        (
            0,
            [
                line("x"),
                line("faint words", 0.3, 0.45),
                line("doubtful", 0.5, 0.6),
                line("§§", 0.7),
            ],
            99,
        ),
        (2, [line("• sure\u202e\x07 words", 0.3)], 99),
    ]
    assert spans(watch(shots, 4)[0]) == [(2, 4, "sure words")]


def test_cuts_and_changes_place_starts_and_ends_between_kept_frames(watch: Watch):
    a, b, c = [line("First slide")], [line("Second slide")], [line("Third slide")]
    rows = [(t / 10, 30.0 if t == 13 else 2.0 if 60 <= t < 68 else 0.1) for t in range(100)]
    texts, _, _ = watch(
        [(0, a, 99), (3, b, 99), (5, c, 99), (9, [], 99)], 10, cuts=[4.2], changes=rows
    )
    assert spans(texts) == [
        (0, 1.3, "First slide"),
        (1.3, 4.2, "Second slide"),
        (4.2, pytest.approx(6.4, abs=0.15), "Third slide"),  # fades out from 6.0 to 6.8
    ]


def slides(count: int, first: int = 0) -> list[Shot]:
    """A slide a second, each with one line from the first on."""
    return [
        (n, [line(f"Slide number {n:02}")] if n >= first else [], 30 + 10 * (n % 8))
        for n in range(count)
    ]


def test_reading_stops_at_so_many_lines_and_says_what_is_missing(watch: Watch):
    texts, note, eyes = watch(slides(40), 40.0, limit=20, cuts=[10.0, 20.0, 30.0])
    assert note.startswith("20 of 40 pictures that changed were read for text")
    assert {int(name) // 10 for name in eyes.read_at[:4]} == {0, 1, 2, 3}  # each scene first
    # What was not read is not claimed: each text ends where the picture changed.
    assert all(t.end - t.start == 1 for t in texts) and len(texts) == 20


def test_a_text_beside_a_picture_that_was_not_read_says_so(watch: Watch):
    texts, _, eyes = watch(slides(8), 8.0, limit=4)
    read = {int(name) for name in eyes.read_at}
    for text in texts:
        at = int(text.text[-2:])
        beside = {at - 1, at + 1} & set(range(8))
        assert text.at_least == bool(beside - read)
    assert not any(text.at_least for text in watch(slides(8), 8.0)[0])


def test_a_later_run_goes_on_and_the_same_comes_out_as_in_one(watch: Watch):
    shots = slides(40)
    for n in range(0, 40, 2):
        shots[n][1].append(line("All the way", top=0.7, confidence=0.7))
    whole, _, all_at_once = watch(shots, 40.0, cuts=[10.0, 20.0])
    for limits in ([15, 1000], [1, 2, 30, 1000]):
        rows, read = [], []
        for limit in limits:
            texts, _, eyes = watch(shots, 40.0, cuts=[10.0, 20.0], limit=limit, known=rows)
            rows, read = watch.rows, read + eyes.read_at
        assert texts == whole and read == all_at_once.read_at


def test_no_video_is_too_short_to_be_read_and_zero_is_no_limit():
    assert line_limit(6000, 10.0) == line_limit(1, 36000.0) == LEAST_LINES
    assert line_limit(6000, 7200.0) == 12000
    assert line_limit(0, 7200.0) == math.inf


def test_scenes_with_text_come_before_scenes_without(watch: Watch):
    texts, _, eyes = watch(slides(40, first=20), 40.0, limit=12, cuts=[10.0, 20.0, 30.0])
    assert all(int(name) >= 20 for name in eyes.read_at[4:])  # after the first of each scene
    assert len(texts) == len({name for name in eyes.read_at if int(name) >= 20}) == 12


def test_missing_and_plain_pictures_cost_nothing(tmp_path: Path):
    Image.new("RGB", (320, 180)).save(tmp_path / "black.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    eyes = Shown()
    frames = [
        Frame(VIDEO, n, f"{name}.jpg", "") for n, name in enumerate(["black", "broken", "gone"])
    ]
    reading = read_screen(frames, lambda f: tmp_path / f.image, eyes, 3.0)
    with pytest.raises(StopIteration) as end:
        next(reading)
    screen = end.value.value
    assert (screen.texts(), screen.unread) == ([], 0)
    assert screen.note == "2 pictures could not be opened"
    assert eyes.read_at == []


def test_reading_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    """Some releases of the runtime keep a device id there, and events to send."""
    code = (
        "import numpy as np; from tools.vision.ocr import load_text_reader; "
        "load_text_reader('rapidocr').read(np.full((64, 256, 3), 255, np.uint8))"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120)
    assert not [path for path in home.rglob("*") if path.is_file()]
