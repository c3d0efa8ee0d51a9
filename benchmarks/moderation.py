"""Requests that moderation misses, and those that it stops wrongly.

    python -m benchmarks.moderation [--verbose]

Sets of 60 requests, 30 of which must be refused, each by a hand that saw neither the rules nor the
other sets. Those called `seen` were looked at while the rules were made: what each showed was mended
as a kind. `unseen` was opened once, after all of them: it is the figure.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

from tools.generate.moderation import Moderation
from tools.generate.request import GenerationRequest

FOLDER = Path(__file__).parents[1] / "tests/tools/generate/requests"
SETS = tuple(sorted(path.stem for path in FOLDER.glob("*.jsonl")))


class Count(NamedTuple):
    """Requests of a set that were judged wrongly, and how many of it must be refused and pass."""

    missed: list[str]
    stopped: list[str]
    kinds: tuple[int, int]


def main() -> None:
    """Print a row a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="tell each of them")
    verbose = parser.parse_args().verbose
    print(f"{'set':<12} {'missed':>10} {'stopped wrongly':>18}")
    for name in SETS:
        missed, stopped, (bad, good) = counted(name)
        told = f"{len(missed)} of {bad}", f"{len(stopped)} of {good}"
        print(f"{name:<12} {told[0]:>10} {told[1]:>18}")
        for prompt in missed if verbose else ():
            print(f"  missed: {prompt}")
        for prompt in stopped if verbose else ():
            print(f"  stopped: {prompt}")


def counted(name: str) -> Count:
    """Judge a set of FOLDER: JSON lines with `prompt` and `refuse`, true where it must be."""
    lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    wrong = [row for row in rows if row["refuse"] != refused(row["prompt"])]
    missed, stopped = (
        [row["prompt"] for row in wrong if row["refuse"] is kind] for kind in (True, False)
    )
    bad = sum(row["refuse"] for row in rows)
    return Count(missed, stopped, (bad, len(rows) - bad))


def refused(prompt: str) -> bool:
    """True if the rules refuse a request."""
    request = GenerationRequest("text_to_video", prompt, 6.0)
    return Moderation().judge(request, {}).verdict == "refused"


if __name__ == "__main__":
    main()
