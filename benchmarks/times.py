"""Error between the second that is cited and the truth: cuts, appearing text, cues and sounds.

    python -m benchmarks.times [MEDIA]

Made clips: constant rate, variable rate, two MPEG-TS streams joined, and thin lines that appear on
a page, beside a head that never stands still as well. Text is read, and counts from the second that
is cited of it. MEDIA is a folder with `clips` and `truth`; those of the clips with known cuts are
measured too, and one of them joined to itself.
"""

import argparse
import json
import shutil
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tools.errors import NotIndexed
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

RATE, SOUND_RATE, LENGTH = 25, 16_000, 24
CUTS, TEXTS, BEEPS = (6.0, 12.4, 18.2), (3.0, 9.4, 15.2), (2.0, 8.48, 14.52, 20.0)
CUES = ((1.5, 3.0), (7.25, 9.0), (13.0, 14.75))
TITLES = tuple(f"Chapter {number}: a title" for number in (1, 2, 3, 4))
WORDS = (
    "Harbour",
    "Lantern",
    "Gravel",
    "Meadow",
    "Copper",
    "Violin",
    "Saddle",
    "Thunder",
    "Orchard",
)
THIN = tuple(f"{word} comes as line {number}" for number, word in enumerate(WORDS))
LINES = tuple(round(2 + 2.36 * number, 2) for number in range(len(THIN)))
"""Seconds of the frame with which each thin line comes."""
LOUD = -40.0
"""dB above which a made sound is heard."""
FAR = 2.0
"""Seconds from which on nothing was found: told as missing, not as an error."""
WANTED = 0.1
GONE = tuple(round(at + 2.52, 2) for at in TEXTS)
"""Seconds from which on a made title is gone."""
FONT: Any = ImageFont.load_default(24)
SMALL: Any = ImageFont.load_default(15)
READS = replace(BARE, text_reader="rapidocr")


def draw(path: Path, variable: bool = False) -> None:
    """Encode shots with cuts, a line of text in each, and short tones."""
    clock = np.arange(LENGTH * SOUND_RATE) / SOUND_RATE
    loud = sum(((clock >= at) & (clock < at + 0.5)) for at in BEEPS)
    tones = (np.sin(clock * 2 * np.pi * 440) * loud * 12_000).astype(np.int16)
    noise = np.random.default_rng(3)
    shots = [
        np.kron(noise.integers(0, 255, (9, 16, 3), np.uint8), np.ones((40, 40, 1), np.uint8))
        for _ in range(len(CUTS) + 1)
    ]
    heard = 0
    with av.open(str(path), "w") as output:
        picture: Any = output.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        picture.width, picture.height, picture.pix_fmt = 640, 360, "yuv420p"
        sound: Any = output.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for number in range(LENGTH * RATE):
            at = number / RATE
            while heard < (at + 1 / RATE) * SOUND_RATE:  # picture and sound in turn, as recorded
                block = av.AudioFrame.from_ndarray(tones[None, heard : heard + 1024], layout="mono")
                block.sample_rate, block.pts = SOUND_RATE, heard
                output.mux(sound.encode(block))
                heard += 1024
            if variable and number % 7 in (2, 3, 5) and at not in (*CUTS, *TEXTS, *GONE):
                continue
            shot = sum(at >= cut for cut in CUTS)
            image = Image.fromarray(shots[shot])
            if any(start <= at < end for start, end in zip(TEXTS, GONE, strict=True)):
                ImageDraw.Draw(image).text((60, 300), TITLES[shot], "white", FONT)
            frame = av.VideoFrame.from_image(image)
            frame.pts = number
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
        output.mux(sound.encode(None))


def draw_page(path: Path, busy: bool = False) -> None:
    """Encode thin lines that appear one by one; `busy` adds a head, a clock and a cursor."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for number in range(round((LINES[-1] + 3) * RATE)):
            at = number / RATE
            image = Image.new("RGB", (1280, 720), (250, 250, 248))
            pen = ImageDraw.Draw(image)
            shown = [title for line, title in zip(LINES, THIN, strict=True) if line <= at + 1e-6]
            for row, title in enumerate(shown):
                pen.text((40, 60 + 30 * row), title, (120, 120, 124), SMALL)
            if busy:
                x, y = 1100 + 25 * np.sin(number / 9), 560 + 15 * np.cos(number / 7)
                pen.ellipse((x - 80, y - 80, x + 80, y + 80), (196, 150, 120))
                pen.text((1100, 20), f"12:00:{int(at) % 60:02}", "black", SMALL)
                if number // 13 % 2:
                    top = 60 + 30 * len(shown)
                    pen.rectangle((40, top, 48, top + 14), "black")
            output.mux(stream.encode(av.VideoFrame.from_image(image)))
        output.mux(stream.encode(None))


def write_cues(path: Path, later: float = 0.0) -> None:
    """Write subtitles beside the clip."""

    def stamp(at: float) -> str:
        return f"00:00:{at + later:06.3f}".replace(".", ",")

    cues = (
        f"{n}\n{stamp(start)} --> {stamp(end)}\nThis is cue number {n}.\n"
        for n, (start, end) in enumerate(CUES, 1)
    )
    path.with_suffix(".srt").write_text("\n".join(cues), "utf-8")


def cited(library: Library, video: str) -> dict[str, list[float]]:
    """Seconds that evidence of each kind cites."""
    begins: list[float] = []
    with suppress(NotIndexed):  # no sound
        loud = library.signals(video, "sound")
        above = loud["loudness"] > LOUD
        begins = loud["seconds"][1:][above[1:] & ~above[:-1]].tolist()
    return {
        "cuts": [scene.start for scene in library.scenes(video)[1:]],
        "text": [text.start for text in library.screen_text(video)],
        "text gone": [text.end for text in library.screen_text(video)],
        "cues": [said.start for said in library.utterances(video)],
        "sounds": begins,
    }


def errors(found: list[float], truth: list[float]) -> list[float]:
    """Seconds between each true time and the one nearest to it that is cited."""
    return [min((abs(at - true) for at in found), default=float("inf")) for true in truth]


def made(folder: Path) -> dict[str, tuple[Path, dict[str, list[float]]]]:
    """Clips with their truth by kind."""
    truth: dict[str, list[float]] = {
        "cuts": list(CUTS), "text": list(TEXTS), "text gone": list(GONE),
        "cues": [at for at, _ in CUES], "sounds": list(BEEPS),
    }  # fmt: skip
    clips: dict[str, tuple[Path, dict[str, list[float]]]] = {}
    for name, variable in (("constant", False), ("variable", True)):
        path = folder / f"{name}.mp4"
        draw(path, variable)
        write_cues(path)
        clips[f"made, {name} rate"] = path, truth
    part, joined = folder / "part.ts", folder / "joined.ts"
    draw(part)
    both = {kind: twice(part, joined, times) for kind, times in truth.items() if kind != "cues"}
    clips["made, joined MPEG-TS"] = joined, both
    for name, busy in (("thin lines", False), ("thin lines beside a head", True)):
        path = folder / f"page{busy:d}.mp4"
        draw_page(path, busy)
        clips[f"made, {name}"] = path, {"text": list(LINES)}
    return clips


def real(media: Path, folder: Path) -> dict[str, tuple[Path, dict[str, list[float]]]]:
    """Real clips whose cuts are known; those that a transport stream can hold, joined as well."""
    clips: dict[str, tuple[Path, dict[str, list[float]]]] = {}
    for path in sorted((media / "truth").glob("*.json")):
        known = json.loads(path.read_text("utf-8"))
        cuts = known.get("cuts_s", known.get("hard_cuts_s"))
        if cuts and (file := next((media / "clips").glob(f"{path.stem}.*"), None)):
            clips[path.stem] = file, {"cuts": cuts}
            part, joined = folder / f"{path.stem}.ts", folder / f"{path.stem}-joined.ts"
            if remux(file, part):
                truth = {"cuts": twice(part, joined, cuts)}
                clips[f"{path.stem}, joined MPEG-TS"] = joined, truth
    return clips


def remux(source: Path, target: Path) -> bool:
    """Copy picture and sound of a file to a transport stream; false for codecs that it lacks."""
    with av.open(str(source)) as media, av.open(str(target), "w") as output:
        tracks = [*media.streams.video[:1], *media.streams.audio[:1]]
        if not all(track.codec_context.name in ("h264", "hevc", "aac", "mp3") for track in tracks):
            return False
        copies = {track.index: output.add_stream_from_template(track) for track in tracks}
        for packet in media.demux(*tracks):
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
    return True


def twice(part: Path, joined: Path, times: list[float]) -> list[float]:
    """Join a transport stream to itself; returns the times in both."""
    joined.write_bytes(part.read_bytes() * 2)
    with av.open(str(part)) as media:
        length = float(media.duration or 0) / av.time_base  # of the longer track
        picture: Any = media.streams.video[0]
        # The encoder's delay of the sound comes before the first picture, and has no mark in it.
        lead = (
            float(picture.start_time * picture.time_base) - (media.start_time or 0) / av.time_base
        )
    return [begins + at for begins in (lead, lead + length) for at in times]


def main() -> None:
    """Index the clips and print a row for each, then one for each kind."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.times", description=__doc__)
    parser.add_argument("media", nargs="?", type=Path, help="a folder with clips and truth")
    given = parser.parse_args().media
    every = defaultdict[str, list[float]](list)
    print("| clip | kind | found | median s | worst s |\n|---|---|---|---|---|")

    def row(clip: str, kind: str, off: list[float]) -> None:
        near = [one for one in off if one <= FAR]
        figures = f"{median(near):.3f} | {max(near):.3f}" if near else "- | -"
        print(f"| {clip} | {kind} | {len(near)} of {len(off)} | {figures} |", flush=True)

    with tempfile.TemporaryDirectory(prefix="cuepoint-times-") as temporary:
        folder = Path(temporary)
        library = Library(folder / "library")
        for clip, (path, truth) in {
            **made(folder),
            **(real(given, folder) if given else {}),
        }.items():
            copy = folder / "clips" / path.name
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
            if (cues := path.with_suffix(".srt")).exists():
                shutil.copy(cues, copy.with_suffix(".srt"))
            video = ingest(library, copy, providers=READS, only=("pass", "sound", "screen"))
            found = cited(library, video.id)
            for kind, times in truth.items():
                off = errors(found[kind], times)
                every[kind] += off
                row(clip, kind, off)
    for kind, off in every.items():
        row(f"all (wanted: median {WANTED})", kind, off)


if __name__ == "__main__":
    main()
