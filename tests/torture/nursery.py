"""Runs `cuepoint` in forks of a process that has imported all of it, and kills them when asked.

A start from nothing takes longer than an index of two seconds of video; a fork takes none, so a
kill falls into the work and not into the imports. One request a line, `{"jobs": […]}`, each with

    argv     what stands after `cuepoint`
    setup    Python that the fork runs first: the faults are here, not in the product
    log      the start of the names of two files, for what it prints
    after    seconds after which it gets `signal`; null for never

and one line back: status (negative for a signal), seconds and process of each, in the same order.
"""

import gc
import json
import os
import selectors
import signal
import sys
import time

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

import chromadb.api.client
import chromadb.api.rust
import chromadb.config
import chromadb.telemetry.product
import cv2
import numpy.ma
import PIL.JpegImagePlugin

import agent.agent
import agent.ask
import agent.checkpoints
import agent.extractive.model
import agent.graph
import agent.llm.provider
import tools.ingest.pipeline
import tools.search.chroma
import tools.search.text_ranking
import tools.store.frames
import tools.toolbox
import tools.vision.appearance
import ui.cli.common
import ui.cli.progress
import ui.render
from tools.embed import load_embedder
from ui.cli import app as cli
from ui.cli import signals

load_embedder().texts(["warm"])
WARM = (agent, tools, ui, chromadb, cv2, numpy, PIL)


def main() -> None:
    gc.freeze()  # else the first collection of each fork copies what it shares with us
    for line in sys.stdin:
        jobs = json.loads(line)["jobs"]
        sys.stdout.write(json.dumps(watch([(job, *fork(job)) for job in jobs])) + "\n")
        sys.stdout.flush()


def fork(job: dict) -> tuple[int, int]:
    """The process, and a pipe that says a byte when it begins and ends with it."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    os.setpgid(0, 0)
    for number, name in ((0, os.devnull), (1, f"{job['log']}.out"), (2, f"{job['log']}.err")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["cuepoint", *job["argv"]]
    signals.stop_at_once()
    os.environ |= job["env"]
    exec(job["setup"], {})
    os.write(writing, b"b")
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code or 0))


def watch(forks: list[tuple[dict, int, int]]) -> list[dict]:
    """Wait for all of them; who is still there after its time gets its signal."""
    ended: dict[int, dict] = {}
    begun: dict[int, float] = {}
    due: dict[int, float] = {}
    with selectors.DefaultSelector() as pipes:
        for fork in forks:
            pipes.register(fork[2], selectors.EVENT_READ, fork)
        while len(ended) < len(forks):
            soonest = min(due.values(), default=None)
            wait = None if soonest is None else max(soonest - time.monotonic(), 0)
            for key, _ in pipes.select(wait):
                job, process, pipe = key.data
                if os.read(pipe, 1):
                    begun[process] = time.monotonic()
                    if job["after"] is not None:
                        due[process] = begun[process] + job["after"]
                    continue
                pipes.unregister(pipe)
                os.close(pipe)
                due.pop(process, None)
                status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
                seconds = time.monotonic() - begun.get(process, time.monotonic())
                ended[process] = {"status": status, "seconds": seconds, "process": process}
            for job, process, _ in forks:
                if process in due and due[process] <= time.monotonic():
                    del due[process]
                    os.killpg(process, job["signal"])
    return [ended[process] for _, process, _ in forks]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
