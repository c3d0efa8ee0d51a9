"""Make an hour of talks with known truth: `python -m benchmarks.talk --out DIR`.

Writes talk.mp4, its subtitles talk.en.srt, and talk.json: when each slide is shown and what stands
on it, when each sentence is said and by whom. The same options give the same truth. What is said
and shown is in benchmarks/talk/, how the slides look is in slides.py and photos.py.
"""

import argparse
import json
import shutil
import subprocess
import textwrap
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

from benchmarks.script import Sentence, Slide, read
from benchmarks.slides import FOOT, HEIGHT, WIDTH, draw

TITLE = "Ellery Valley Day 2026"
FPS, RATE = 5, 22050
UNSPOKEN = 2.0
"""Seconds that a slide without speech is shown."""
CHANGE = 0.6
"""Seconds between the last word on a slide and the next slide."""
LINE, SHORTEST, LONGEST = 42, 2.0, 6.0
"""Characters of a line of subtitles, of which a cue has two; and seconds of a cue."""
VOICES = {
    "Margery Quill": "en-gb-x-rp+f2 -p 40 -s 130",
    "Ines Valcourt": "en-us+f3 -p 55 -s 127",
    "Tomasz Brandvold": "en-gb+m3 -p 30 -s 124",
    "Priya Okonjo-Hale": "en-gb+f4 -p 65 -s 134",
    "Ruaridh McAskill": "en-gb-scotland+m1 -p 38 -s 127",
    "Man in the front row": "en-us+m5 -p 35 -s 132",
    "Woman near the organ": "en-gb-x-gbclan+f1 -p 60 -s 132",
    "Boy with a red scarf": "en-gb+f5 -p 95 -s 137",
    "Canoeist": "en-us+m2 -p 50 -s 142",
    "Man with a hearing aid": "en-gb-x-gbcwmd+m7 -p 25 -s 122",
    "Woman in the back row": "en-us+f2 -p 50 -s 132",
}
"""Voice, pitch and words a minute of each speaker, for espeak-ng."""


@dataclass(frozen=True)
class TimedSlide:
    """A slide with its span."""

    start: float
    end: float
    slide: Slide


@dataclass(frozen=True)
class TimedText:
    """A sentence or a cue with its span; the samples are -1 to 1, None without a voice."""

    start: float
    end: float
    speaker: str
    text: str
    samples: np.ndarray | None = None


Voice = Callable[[Sentence], "float | np.ndarray"]
"""Returns the seconds of a sentence, or its samples."""


def estimate(sentence: Sentence) -> float:
    """Estimate the seconds of a sentence in the voice of espeak-ng."""
    return round(0.2 + 0.072 * len(sentence.text), 2)


def speak(sentence: Sentence) -> np.ndarray:
    """Synthesise a sentence in its speaker's voice, without silence before and after."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/sentence.wav"
        options = VOICES[sentence.speaker].split()
        subprocess.run(["espeak-ng", "-w", path, "-v", *options, sentence.text], check=True)
        with wave.open(path) as file:
            if file.getframerate() != RATE:
                raise SystemExit(f"espeak-ng speaks at {file.getframerate()} Hz, not at {RATE}")
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    loud = np.flatnonzero(np.abs(samples) > 200)
    return samples[loud[0] : loud[-1] + 1].astype(np.float32) / 40000


def plan(voice: Voice, limit: float) -> tuple[list[TimedSlide], list[TimedText]]:
    """Schedule slides and speech until the limit; slides change between two frames."""
    shown: list[TimedSlide] = []
    said: list[TimedText] = []
    now = 0.0
    for part in read():
        start, now = now, now + CHANGE
        for sentence in part.sentences:
            made = voice(sentence)
            begin = now + sentence.pause
            samples = None if isinstance(made, float) else made
            now = begin + (made if isinstance(made, float) else len(made) / RATE)
            if now <= limit:
                said.append(TimedText(begin, now, sentence.speaker, sentence.text, samples))
            elif begin >= limit:
                break
        end = now + CHANGE if part.sentences else start + UNSPOKEN
        now = min(-(-end * FPS // 1) / FPS, limit)
        shown.append(TimedSlide(start, now, part.slide))
        if now == limit:
            break
    return shown, said


def cues(said: list[TimedText]) -> list[TimedText]:
    """Cut and join sentences to subtitle cues: two lines, two to six seconds."""
    joined: list[TimedText] = []
    for piece in (piece for sentence in said for piece in _cut(sentence)):
        last = joined[-1] if joined else piece
        both = TimedText(last.start, piece.end, last.speaker, f"{last.text} {piece.text}")
        short = min(last.end - last.start, piece.end - piece.start) < SHORTEST
        if joined and last.speaker == piece.speaker and short and _fits(both):
            joined[-1] = both
        else:
            joined.append(piece)
    after = [cue.start for cue in joined[1:]] + [cue.end for cue in joined[-1:]]
    return [
        replace(cue, end=max(cue.end, min(cue.start + SHORTEST, until)))
        for cue, until in zip(joined, after, strict=True)
    ]


def _fits(part: TimedText) -> bool:
    return part.end - part.start <= LONGEST and len(textwrap.wrap(part.text, LINE)) <= 2


def _cut(part: TimedText) -> Iterator[TimedText]:
    """Halve a sentence until it fits, best at a comma; a part takes its share of the time."""
    if _fits(part):
        yield replace(part, samples=None)
        return
    middle = len(part.text) / 2
    gaps = [at for at, letter in enumerate(part.text) if letter == " "]
    best = min(gaps, key=lambda at: abs(at - middle) - 20 * (part.text[at - 1] == ","))
    turn = part.start + (part.end - part.start) * best / len(part.text)
    yield from _cut(replace(part, end=turn, text=part.text[:best]))
    yield from _cut(replace(part, start=turn, text=part.text[best + 1 :]))


def srt(made: list[TimedText]) -> str:
    """Cues as the text of an SRT file."""

    def clock(seconds: float) -> str:
        whole, thousandths = divmod(round(seconds * 1000), 1000)
        return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{thousandths:03}"

    blocks: list[str] = []
    for number, cue in enumerate(made, 1):
        lines = "\n".join(textwrap.wrap(cue.text, LINE))
        blocks.append(f"{number}\n{clock(cue.start)} --> {clock(cue.end)}\n{lines}\n")
    return "\n".join(blocks)


def truth(shown: list[TimedSlide], said: list[TimedText]) -> dict[str, object]:
    """Ground truth, in seconds; `lines` are the separate pieces of text on a slide."""
    return {
        "title": TITLE,
        "duration": shown[-1].end,
        "foot": FOOT,
        "slides": [
            {
                "start": round(timed.start, 3),
                "end": round(timed.end, 3),
                "number": timed.slide.number,
                "kind": timed.slide.kind,
                "title": timed.slide.title,
                "lines": [piece for row in timed.slide.rows for piece in row if piece.strip()],
            }
            for timed in shown
        ],
        "sentences": [
            {
                "start": round(sentence.start, 3),
                "end": round(sentence.end, 3),
                "speaker": sentence.speaker,
                "text": sentence.text,
            }
            for sentence in said
        ],
        "speakers": list(dict.fromkeys(sentence.speaker for sentence in said)),
    }


def sound(timed: TimedSlide, said: list[TimedText], quiet: bool) -> np.ndarray:
    """Samples of the sound during a slide: a low tone, or voices with background hiss."""
    first, last = round(timed.start * RATE), round(timed.end * RATE)
    if quiet:
        at = np.arange(first, last) % RATE
        return (0.01 * np.sin(2 * np.pi * 220 * at / RATE)).astype(np.float32)
    mix = np.random.default_rng(first).normal(0, 0.001, last - first).astype(np.float32)
    for sentence in said:
        if sentence.samples is not None and timed.start <= sentence.start < timed.end:
            at = round(sentence.start * RATE) - first
            mix[at : at + len(sentence.samples)] += sentence.samples[: len(mix) - at]
    return mix


def write(path: Path, shown: list[TimedSlide], said: list[TimedText], quiet: bool) -> None:
    """Encode the slides and the sound."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        out.metadata["title"] = TITLE
        video = out.add_stream("libx264", rate=FPS, options={"crf": "23", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.gop_size = 10 * FPS
        audio = out.add_stream("aac", rate=RATE, layout="mono")
        audio.bit_rate = 16_000 if quiet else 40_000
        for timed in shown:
            picture = av.VideoFrame.from_image(draw(timed.slide)).reformat(format="yuv420p")
            for number in range(round(timed.start * FPS), round(timed.end * FPS)):
                picture.pts, picture.time_base = number, Fraction(1, FPS)
                out.mux(video.encode(picture))
            piece = av.AudioFrame.from_ndarray(
                sound(timed, said, quiet)[None], format="fltp", layout="mono"
            )
            piece.sample_rate, piece.time_base = RATE, Fraction(1, RATE)
            piece.pts = round(timed.start * RATE)
            out.mux(audio.encode(piece))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def make(
    folder: Path, minutes: float | None = None, voice: str = "none", subtitles: bool = True
) -> Path:
    """Write the video, its subtitles and its truth into a folder; returns the video."""
    if voice != "none" and shutil.which(voice) is None:
        raise SystemExit(f"{voice} is missing: install the package {voice}, or use --voice none")
    folder.mkdir(parents=True, exist_ok=True)
    video, text = folder / "talk.mp4", folder / "talk.en.srt"
    limit = round((minutes or 600) * 60 * FPS) / FPS
    shown, said = plan(estimate if voice == "none" else speak, limit)
    known = json.dumps(truth(shown, said), indent=1, ensure_ascii=False)
    (folder / "talk.json").write_text(known + "\n", encoding="utf-8")
    if subtitles:
        text.write_text(srt(cues(said)), encoding="utf-8")
    else:
        text.unlink(missing_ok=True)
    write(video, shown, said, voice == "none")
    return video


def main() -> None:
    """Parse the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--minutes", type=float, metavar="N", help="only the first N minutes")
    parser.add_argument("--voice", choices=("none", "espeak-ng"), default="none")
    parser.add_argument("--no-subtitles", action="store_true")
    options = parser.parse_args()
    video = make(options.out, options.minutes, options.voice, not options.no_subtitles)
    print(f"{video}: {video.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
