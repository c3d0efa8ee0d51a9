"""Lifetime and output of a spawned process that answers its parent."""

import ctypes
import os
import signal
import sys
import threading
import time
from typing import IO


def die_with(parent: int) -> None:
    """Ignore what stops a terminal's programs, and end with our parent, however that ends."""
    # One that is killed outright closes no pipe in time.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    if sys.platform == "linux":  # no thread of ours: Landlock binds only the one that asks for it
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def own_output() -> IO[str]:
    """Standard output for our lines alone: what a native library prints goes to the errors."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers
