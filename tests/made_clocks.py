"""Made recordings: how the wall clock of each runs, and what a recogniser reads of it."""

import json
import random
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO

from PIL import Image

from tests.made_library import list_files, video_id
from tools.clock import Clock, clock_from
from tools.files.checksums import BLANK, add_picture_checksum
from tools.files.durable import write_lines
from tools.library import Library
from tools.media import Frame, ScreenText, Utterance
from tools.store.manifest import write_manifest
from tools.store.recovery import RECORD

VIDEO = "0" * 16
BOX = (0.62, 0.03, 0.97, 0.08)
FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d%H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S CAM 1",
    "%m/%d/%Y %I:%M:%S %p", "%Y/%m/%d %H.%M.%S", "CAM 02 %d-%m-%Y %a %H:%M:%S",
    "%d %b %Y %H:%M:%S", "%b %d, %Y %I:%M:%S%p", "%H:%M:%S",
)  # fmt: skip

JUMPS = (-3600, -40, -7, 5, 30, 61, 600, 3600, 21_600)


@dataclass(frozen=True)
class Made:
    """A recording: (seconds, digits at them, rate) of each stretch, by time."""

    duration: float
    stretches: tuple[tuple[float, datetime, float], ...]

    def digits(self, seconds: float) -> datetime:
        """What the clock on the picture shows, to the microsecond."""
        place = bisect_right(self.stretches, seconds, key=lambda one: one[0]) - 1
        start, at, rate = self.stretches[max(place, 0)]
        return at + timedelta(seconds=(seconds - start) * rate)


def made(chance: random.Random, begun: datetime, duration: float, jumps: int, rate: float) -> Made:
    """A recording with jumps, forwards and back, and a clock that runs at a rate."""
    places = sorted(chance.sample(range(1, 10), jumps))
    stretches, jumped = [(0.0, begun, rate)], set[int]()
    for place in places:
        seconds = duration * place / 10
        start, at, rate = stretches[-1]
        by = chance.choice([one for one in JUMPS if one not in jumped])
        jumped |= {by, -by}
        stretches.append((seconds, at + timedelta(seconds=(seconds - start) * rate + by), rate))
    return Made(duration, tuple(stretches))


def frames(chance: random.Random, duration: float, gap: float) -> list[float]:
    """Seconds of kept pictures, unevenly apart."""
    found, at = [0.0], 0.0
    while (at := at + chance.uniform(gap / 3, gap)) < duration:
        found.append(round(at, 3))
    return found


def misread(chance: random.Random, text: str) -> str:
    """A text with one digit read as another."""
    places = [place for place, sign in enumerate(text) if sign.isdigit()]
    place = chance.choice(places)
    return text[:place] + chance.choice("0123456789") + text[place + 1 :]


def read(
    chance: random.Random, one: Made, kept: list[float], form: str, wrong: float = 0.0
) -> list[ScreenText]:
    """What is read on the kept pictures: a text a picture, a share of them wrong.

    As the index has it, each begins between the picture before and its own.
    """
    texts: list[ScreenText] = []
    for before, seconds, after in zip([0.0, *kept], kept, [*kept[1:], one.duration], strict=False):
        text = one.digits(seconds).strftime(form)
        if chance.random() < wrong:
            text = misread(chance, text)
        start = chance.uniform(before, seconds) if before < seconds else seconds
        texts.append(ScreenText(VIDEO, round(start, 3), after, text, BOX, 0.97))
    return texts


def utc(digits: datetime) -> float:
    """Digits in seconds since 1970."""
    return digits.replace(tzinfo=UTC).timestamp()


CET = timezone(timedelta(hours=1))


def recorded(library: Library, number: int, begun: str, minutes: float, *said: str) -> str:
    """A recording that begins at a time of 2026-11-19, in which a word is said each minute."""
    video = video_id(number)
    folder = library.folder(video)
    (folder / "frames").mkdir(parents=True)
    cues = [
        Utterance(video, 60.0 * n, 60.0 * n + 5, f"Minute {n}: {text}.")
        for n, text in enumerate(said)
    ]
    write_lines(folder / "speech.jsonl", cues)
    picture = BytesIO()
    Image.new("RGB", (64, 36), (90, 120, 150)).save(picture, "JPEG", comment=BLANK)
    name = "000000000.jpg"
    (folder / "frames" / name).write_bytes(add_picture_checksum(name, picture.getvalue()))
    frames = [Frame(video, 0.0, f"videos/{video}/frames/000000000.jpg", "first frame")]
    for name in ("keyframes", "frames"):
        write_lines(folder / f"{name}.jsonl", frames)
    listed = {
        "subtitles": ["speech.jsonl"],
        "keyframes": ["keyframes.jsonl"],
        "pass": ["frames.jsonl"],
    }
    list_files(folder, f"cam {number}", minutes * 60, listed, {})
    clock = clock_from(datetime.fromisoformat(f"2026-11-19T{begun}+01:00"), "argument")
    with_clock(library, video, clock)
    return video


def with_clock(library: Library, video: str, clock: Clock | None) -> None:
    folder = library.folder(video)
    manifest = json.loads((folder / RECORD).read_bytes())
    manifest["stages"]["clock"] |= {"state": "done", "clock": clock and clock.row()}
    write_manifest(folder, manifest)
    library.catalog.sync()
