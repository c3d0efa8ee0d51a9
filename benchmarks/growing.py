"""Ask an hour-long talk while it is indexed: `python -m benchmarks.growing [TALK.mp4]`.

Without a file the talk of benchmarks.talk is made. Indexing and asking are two programs, as they
are for a person with two terminals. Times count from the start of the one that indexes.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.talk import make

QUESTIONS = (
    "Who was the last person to leave?",
    "Which text stands on the slide about the eel pass at Hollin?",
)
PAUSE = 0.2
"""Seconds between two checks of whether questions can be asked yet."""


def cuepoint(home: Path, *arguments: str) -> list[str]:
    """Command line of the program installed beside this interpreter."""
    return [str(Path(sys.executable).with_name("cuepoint")), "--library", str(home), *arguments]


def asked(home: Path, question: str) -> dict[str, Any]:
    """Answer of the command line as JSON."""
    run = subprocess.run(
        cuepoint(home, "ask", question, "--json"), capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def line(when: float, answer: dict[str, Any]) -> None:
    """Print one row of the table."""
    (coverage,) = answer["coverage"]
    ready = " ".join(f"{name} {share:.0%}" for name, share in coverage["ready"].items())
    said = answer["answer"].splitlines()[0][:60]
    print(f"{when:7.1f} s  {coverage['frames']:4} frames, {coverage['longest_gap']:5.1f} s apart  "
          f"{ready}  {said}", flush=True)  # fmt: skip


def measure(talk: Path, home: Path) -> None:
    """Ask as soon as possible, each time half of the rest is indexed, and at the end."""
    from tools.library import Library

    library = Library(home)
    began = time.monotonic()
    with subprocess.Popen(
        cuepoint(home, "index", str(talk)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as indexing:
        while not any(video.stages["keyframes"].state == "done" for video in library.list()):
            if indexing.poll() is not None:
                raise SystemExit("indexing ended before anything could be asked")
            time.sleep(PAUSE)
        for question in QUESTIONS:
            answer = asked(home, question)
            line(time.monotonic() - began, answer)
        half = 0.5
        while indexing.poll() is None:
            time.sleep(PAUSE)
            (video,) = library.list()
            if library.coverage(video.id).ready["screen"] >= half:
                half = 1 - (1 - half) / 2
                answer = asked(home, QUESTIONS[1])
                line(time.monotonic() - began, answer)
        print(f"{time.monotonic() - began:7.1f} s  indexed")
    for question in QUESTIONS:
        began_asking = time.monotonic()
        answer = asked(home, question)
        line(time.monotonic() - began, answer)
    print(f"the last answer took {time.monotonic() - began_asking:.1f} s, program start included")


def main() -> None:
    """Parse the options and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("talk", nargs="?", type=Path)
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        talk = chosen.talk or make(Path(folder))
        measure(talk, Path(folder) / "home")


if __name__ == "__main__":
    main()
