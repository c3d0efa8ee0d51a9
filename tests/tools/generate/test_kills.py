"""Killed at any point of its life and started again, a job is made once and paid once."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.tools.generate.conftest import Studio

KILLER = """
import json, os, signal, sys
from pathlib import Path

import httpx

from tools.generate import jobs, runner
from tools.generate.generators import Generators
from tools.generate.moderation import Moderation, categories
from tools.generate.options import GenerationOptions
from tools.generate.providers.openai_videos import OpenAIVideos

home, address, first, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
kept = jobs.Jobs(Path(home), GenerationOptions())
paid = OpenAIVideos(address, "film-1", 0.0, "sk-secret")
makers = Generators({"openai-videos": paid}, {}, "auto")
categories("a film")  # its examples are learnt once, not in each child
left = None


def point():
    global left
    if left is not None:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def deadly(place, name):
    inner = getattr(place, name)

    def call(*given, **named):
        point()
        value = inner(*given, **named)
        point()
        return value

    setattr(place, name, call)


deadly(jobs, "write_json")
deadly(jobs, "move_folder_into_place")
deadly(runner, "write_json")
deadly(httpx.Client, "send")


def copied(job, piece, target):
    point()
    target.write_bytes(b"signed " + piece.path.read_bytes())
    point()
    return {}


def run(id, after):
    global left
    child = os.fork()
    if not child:
        left = after
        work = runner.Runner(kept, makers, Moderation(), copied, lambda _: None)
        work.run(id)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


told = []
for number, job in enumerate(reversed(kept.list())):
    if first <= number < last:
        kept.approve(job.id, "ada")
        killed = run(job.id, (number - first) % 33)
        visible = sorted(p.name for p in (kept.folder(job.id) / "made").glob("*"))
        between = kept.get(job.id).state
        run(job.id, None)
        told.append([job.id, killed, between, visible])
print(json.dumps(told))
"""
POINTS = 33
KILLS = 200 if os.environ.get("CUEPOINT_TORTURE") == "long" else POINTS


@pytest.mark.parametrize("studio", [0.0], indirect=True)
@pytest.mark.parametrize("keeps_keys", [True, False])
def test_killed_anywhere_it_is_made_once_and_paid_once(
    studio: Studio, keeps_keys: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.generate.jobs.PROPOSED", KILLS)
    studio.service.keeps_keys = keeps_keys
    kills = KILLS if keeps_keys else POINTS
    proposed = [studio.propose(f"film {n}", seconds=5.0) for n in range(kills)]
    home, address = str(studio.library.root), f"{studio.service.address}/v1"
    ran = subprocess.run(
        [sys.executable, "-c", KILLER, home, address, "0", str(kills)],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False,
        timeout=8 * kills,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert len(told) == kills and sum(killed for _, killed, _, _ in told) > 0.6 * kills
    assert (
        len({state for _, _, state, _ in told}) >= 4
    )  # it was killed in every stretch of its life
    paid = Counter(studio.service.submitted)
    assert max(paid.values()) == 1 and len(paid) >= 0.9 * kills
    ends = Counter(studio.jobs.get(job.id).state for job in proposed)
    if keeps_keys:
        assert ends == {"done": kills} and len(paid) == kills
    else:  # a person looks: nothing is guessed, and nothing is sent again
        assert set(ends) <= {"done", "unknown"} and ends["unknown"] >= 1
    for job in proposed:
        done = studio.jobs.get(job.id)
        assert [path.read_bytes()[:7] for path in studio.made(done)] == [b"signed "] * len(
            done.outputs if done.state == "done" else ()
        )
