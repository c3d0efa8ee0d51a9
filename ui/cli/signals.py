"""Ends of the process: at once at Ctrl-C and SIGTERM, without waiting at the end of `serve`.

Nothing is unwound: a command may be killed at any moment without harm, so it may end at any moment,
and no `except` of a library swallows it or prints a traceback. The decoding child dies with us.
"""

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

_LINE = "cuepoint: stopped; run it again to go on where it was\n"
_SHOW_CURSOR = "\x1b[?25h\r\x1b[K"  # a progress bar hides it


def stop_at_once() -> None:
    """End with status 130 at Ctrl-C and 143 at SIGTERM, unless the parent set them ignored."""
    for name in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(name) is not signal.SIG_IGN:
            signal.signal(name, _stop)


def _stop(number: int, frame: object) -> NoReturn:
    with suppress(OSError):
        os.write(2, ((_SHOW_CURSOR if os.isatty(2) else "") + _LINE).encode())
    os._exit(128 + number)


def leave(status: int) -> NoReturn:
    """End now, without waiting for threads that index: the next run resumes their work."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
