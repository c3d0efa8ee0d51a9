"""Requests that moderation misses, and those that it stops wrongly.

    python -m benchmarks.moderation [--verbose]

Two sets of 60 requests, 30 of which must be refused, by hands that saw neither the rules nor each
other. The rules were written on after `seen`; `unseen` was opened once, after that.
"""

import argparse
import json
from pathlib import Path

from tools.generate.moderation import Moderation
from tools.generate.request import GenerationRequest

FOLDER = Path(__file__).parents[1] / "tests/tools/generate/requests"


def main() -> None:
    """Print a row a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="tell each of them")
    verbose = parser.parse_args().verbose
    print(f"{'set':<8} {'missed':>10} {'stopped wrongly':>18}")
    for name in ("unseen", "seen"):
        lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        wrong = [row for row in rows if row["refuse"] != refused(row["prompt"])]
        bad, good = ([row for row in rows if row["refuse"] == kind] for kind in (True, False))
        missed = sum(row["refuse"] for row in wrong)
        told = f"{missed} of {len(bad)}", f"{len(wrong) - missed} of {len(good)}"
        print(f"{name:<8} {told[0]:>10} {told[1]:>18}")
        for row in wrong if verbose else ():
            print(f"  {'missed' if row['refuse'] else 'stopped'}: {row['prompt']}")


def refused(prompt: str) -> bool:
    """True if the rules refuse a request."""
    request = GenerationRequest("text_to_video", prompt, 6.0)
    return Moderation().judge(request, {}).verdict == "refused"


if __name__ == "__main__":
    main()
