"""On-screen text of real clips: known words at their known times."""

from pathlib import Path

import av
import numpy as np
import pytest

from tools.media import Frame, ScreenText
from tools.vision.ocr import Line, TextReader, load_text_reader, read_screen
from tools.vision.text_tracks import same_text

VIDEO = "7f3a9c21d0e4b512"


@pytest.fixture(scope="module")
def reader() -> TextReader:
    found = load_text_reader()
    assert found is not None
    return found


def watch_clip(
    path: Path, folder: Path, reader: TextReader, first: float, last: float
) -> list[ScreenText]:
    """The texts of a part of a clip, from a frame a second and the change of every frame."""
    frames: list[Frame] = []
    changes: list[tuple[float, float]] = []
    before = None
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        start = container.start_time / av.time_base
        for frame in container.decode(stream):
            seconds = frame.time - start
            luma = frame.to_ndarray(format="gray")[::8, ::8].astype(np.int16)
            if before is not None:
                changes.append((seconds, float(np.abs(luma - before).mean())))
            before = luma
            if first <= seconds <= last and (not frames or seconds > frames[-1].seconds + 0.99):
                picture = frame.to_image()
                picture.thumbnail((1280, 1280))
                picture.save(folder / f"{len(frames)}.jpg", quality=85)
                frames.append(Frame(VIDEO, seconds, f"{len(frames)}.jpg", ""))
    reading = read_screen(frames, lambda f: folder / f.image, reader, last, changes=changes)
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value.texts()


REAL = [
    (
        "simpl_chrome.mp4",
        (20, 30),
        [("Open a new browser.", 22.3, 24.0), ("Open a new browser. Chrome fast.", 24.0, 26.6)],
    ),
    (
        "moviepy_bbb_0_30.webm",
        (19, 24),
        [("THE PEACH OPEN MOVIE PROJECT", 20.4, 22.96), ("PRESENTS", 20.4, 22.96)],
    ),
    (
        "wx_sample01.mp4",
        (0, 20.7),
        [
            ("Bella, Gloria, love.", 0.08, 2.2),
            ("How are you?", 3.5, 5.2),
            ("Of course she can.", 11.1, 12.2),
            ("Well, you can stay as long as you want, my love.", 14.1, 16.2),
        ],
    ),
    (
        "manim_opening.mp4",
        (3, 13),
        [("This is what the matrix", 4.6, 11.0), ("Or thinking of the plane as C,", 11.0, 13.0)],
    ),
]


@pytest.mark.parametrize(("name", "part", "truth"), REAL)
def test_known_texts_of_real_clips_are_found_at_their_times(
    media: Path,
    tmp_path: Path,
    reader: TextReader,
    name: str,
    part: tuple[float, float],
    truth: list[tuple[str, float, float]],
):
    texts = watch_clip(media / "clips" / name, tmp_path, reader, *part)
    for words, start, end in truth:
        found = [t for t in texts if same_text(Line(t.text, 0.8, t.box), Line(words, 0.8, t.box))]
        assert found, f"{words!r} not among {[t.text for t in texts]}"
        best = min(found, key=lambda t: abs(t.start - start))
        assert (best.start, best.end) == pytest.approx((start, end), abs=0.5), words
