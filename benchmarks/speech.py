"""Word error rate and speed of each installed recogniser.

    python -m benchmarks.speech [MEDIA] [--models DIR] [--transcriber NAME]...

MEDIA is a folder with known truth (`CUEPOINT_MEDIA`). The word error rate is that of jiwer, on
lower case without punctuation, digits as words. The audio pass is timed beside a bare decode of
the same sound.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tools.audio.loudness import RATE, chunks, speech_spans
from tools.errors import ProviderUnavailable
from tools.files.rows import Rows, read_rows
from tools.sandbox import Child
from tools.transcript.asr import WHISPER, Chunk, Transcriber
from tools.transcript.recognisers import load_transcriber
from tools.transcript.subtitles import read_sidecar
from tools.transcript.whisper import SIZES

ROOT = Path(__file__).resolve().parent.parent
JFK = (
    "And so, my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country."
)
WX = (
    "Bella, Gloria, love. How are you? I said she could stay with us tomorrow. Of course she can. "
    "Well, you can stay as long as you want, my love."
)
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NO_SPEECH = ("clips/h5r_ImF.mp4", "clips/moviepy_bbb_0_30.webm", "clips/dvr_traffic.mp4")
"""Music and silence: any recognised word is a hallucination."""


class Clip(NamedTuple):
    """A file and its transcript; of wx_sample01 its captions."""

    path: Path
    words: str


class AudioPass(NamedTuple):
    """Results of the audio pass of one clip."""

    length: float
    rows: Rows
    samples: Any
    seconds: float
    bare: float


def clips(media: Path) -> Iterator[Clip]:
    """Known clips in the folder."""
    speech = media / "speech"
    grid = media / "derived" / "grid_talk_33s.mp4"
    spoken = read_sidecar(grid.with_suffix(".srt"), grid).cues
    known = [
        Clip(speech / "jfk.flac", JFK),
        Clip(speech / "livekit_long.mp3", _text(speech / "long_transcript.txt")),
        Clip(speech / "lucier.mp3", _text(speech / "lucier.txt")),
        Clip(media / "clips" / "wx_sample01.mp4", WX),
        Clip(grid, ". ".join(cue.text for cue in spoken)),
        *(Clip(media / name, "") for name in NO_SPEECH),
    ]
    yield from (clip for clip in known if clip.path.exists())


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def plain(text: str) -> str:
    """Normalise: lower case, no punctuation, digits as words, so that "F2" equals "f two"."""
    spelt = re.sub(r"\d", lambda digit: f" {DIGITS[int(digit[0])]} ", text.casefold())
    return " ".join(re.sub(r"[^\w' ]+", " ", spelt).split())


def bare(path: Path) -> float:
    """Seconds of a bare decode of the sound."""
    import av

    start = time.perf_counter()
    with av.open(str(path)) as container:
        for _ in container.decode(container.streams.best("audio")):
            pass
    return time.perf_counter() - start


def listen(child: Child, path: Path, folder: Path) -> AudioPass:
    """Time the audio pass, in a child that is warm."""
    samples, rows = folder / "sound.pcm", folder / "sound.npy"
    start = time.perf_counter()
    *_, last = child.call(
        "tools.video.audio:listen", path=str(path.absolute()), samples=str(samples), rows=str(rows)
    )
    took = time.perf_counter() - start
    sound = np.fromfile(samples, np.int16).astype(np.float32) / 32768
    return AudioPass(last["end"], np.array(read_rows(rows)), sound, took, bare(path))


def recognise(transcriber: Transcriber, heard: AudioPass) -> tuple[list[str], float]:
    """Recognise each chunk; returns the texts and the seconds."""
    voiced = speech_spans(heard.rows)
    pieces = [
        Chunk(
            start,
            heard.samples[round(start * RATE) : round(end * RATE)],
            tuple((max(s, start), min(e, end)) for s, e in voiced if s < end and e > start),
        )
        for start, end in chunks(heard.rows)
    ]
    texts: list[str] = []
    start, language = time.perf_counter(), ""
    for first in range(0, len(pieces), transcriber.at_once):
        for result in transcriber.hear(pieces[first : first + transcriber.at_once], language):
            language = result.language or language
            texts.append("".join(word.text for word in result.words))
    return texts, time.perf_counter() - start


def sentences(words: str, texts: list[str]) -> str:
    """Count the sentences with half of their longer words in one chunk."""
    wanted = [set(re.findall(r"[\w']{4,}", one)) for one in re.split(r"[.?!]", words.casefold())]
    wanted = [one for one in wanted if one]
    heard = [set(plain(text).split()) for text in texts]
    count = sum(any(len(one & chunk) * 2 >= len(one) for chunk in heard) for one in wanted)
    return f"{count} of {len(wanted)}"


def available(names: list[str], models: Path) -> Iterator[Transcriber]:
    """Named recognisers, or all that can be loaded."""
    for name in names or ["draft", *(WHISPER + size for size in SIZES)]:
        try:
            yield load_transcriber(name, models, os.cpu_count() or 1, 1 << 40)
        except ProviderUnavailable as error:
            sys.stderr.write(f"{name}: {error}\n")


def main() -> None:
    """Measure, and print two tables."""
    import jiwer

    parser = argparse.ArgumentParser(prog="python -m benchmarks.speech", description=__doc__)
    folder = os.environ.get("CUEPOINT_MEDIA") or ROOT.parent / "shared" / "media"
    parser.add_argument("media", type=Path, nargs="?", default=Path(folder))
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--transcriber", action="append", default=[])
    options = parser.parse_args()
    passes: dict[Clip, AudioPass] = {}
    with (
        tempfile.TemporaryDirectory() as temporary,
        Child(writes=Path(temporary)) as child,
    ):
        for clip in clips(options.media):
            passes[clip] = listen(child, clip.path, Path(temporary))  # the first one warms up
            passes[clip] = listen(child, clip.path, Path(temporary))
    if not passes:
        raise SystemExit(f"no known clip in {options.media}")
    print("| sound | length | audio pass | bare decode | ratio | times real time |")
    print("|---|---|---|---|---|---|")
    for clip, heard in passes.items():
        ratio, speed = heard.seconds / heard.bare, heard.length / heard.seconds
        print(
            f"| {clip.path.name} | {heard.length:.1f} s | {heard.seconds:.2f} s "
            f"| {heard.bare:.2f} s | {ratio:.1f} | {speed:.0f} |"
        )
    columns = ("recogniser", "sound", "word error rate", "words found", "sentences found")
    print(f"\n| {' | '.join(columns)} | seconds / real time |")
    print("|---|---|---|---|---|---|")
    for transcriber in available(options.transcriber, options.models):
        for clip, heard in passes.items():
            texts, took = recognise(transcriber, heard)
            wanted, got = plain(clip.words), plain(" ".join(texts))
            rate, share, found_in = f"{len(got.split())} words made up", "", ""
            if wanted:
                measured = jiwer.process_words(wanted, got)
                rate, share = f"{measured.wer:.2f}", f"{measured.hits} of {len(wanted.split())}"
                found_in = sentences(clip.words, texts)
            print(
                f"| {transcriber.name} | {clip.path.name} | {rate} | {share} | {found_in} "
                f"| {took / heard.length:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
