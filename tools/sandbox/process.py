"""Lifetime and output of a spawned process that answers its parent."""

import ctypes
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any


def die_with(parent: int) -> None:
    """Ignore the signals of a terminal, and end when the parent ends, however it does."""
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


def json_output() -> Callable[..., None]:
    """Take over standard output for JSON lines; prints of native libraries go to standard error.

    Returns a function that writes its keyword arguments as one line.
    """
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def write(**message: Any) -> None:
        lines.write(json.dumps(message) + "\n")
        lines.flush()

    return write
