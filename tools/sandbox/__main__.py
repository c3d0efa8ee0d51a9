"""Child process: sets its limits, then serves requests.

`python -m tools.sandbox PARENT FOLDER PORT`: FOLDER is the only one that it may write to, PORT the
only one of this machine that it may connect to; none where they are empty.
"""

import contextlib
import importlib
import json
import math
import resource
import sys
from collections.abc import Callable

from tools.errors import UnreadableMedia, VideoError
from tools.files.disk import FULL, disk_error
from tools.sandbox.confinement import confine
from tools.sandbox.process import die_with, json_output

ADDRESS_SPACE = 1536 << 20
"""Bytes of address space; resident memory stays far below."""
MEMORY = 512 << 20
"""Bytes of data segment; with the libraries, which come on top, under 600 MB."""
FILE_SIZE = 8 << 30
OPEN_FILES = 128


def _limit() -> None:
    for what, bound in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS has no bound on memory
            resource.setrlimit(what, (bound, bound))


def _limit_cpu(seconds: float) -> None:
    """Limit processor time from now on; the system ends the process after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard - 1)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _serve(write: Callable[..., None], folder: str | None, port: int | None) -> None:
    confined = False
    for line in sys.stdin:
        request = json.loads(line)
        module, _, name = request["function"].partition(":")
        _limit_cpu(request["cpu"])
        try:
            function = getattr(importlib.import_module(module), name)
            if not confined:  # after the import, which may keep compiled code for the next child
                confine(folder, port)
                confined = True
            for event in function(**request["arguments"]):
                write(event=event)
        except VideoError as error:
            write(error=type(error).__name__, text=str(error))
        except OSError as error:
            bad = UnreadableMedia(f"the decoder said: {error.strerror or error}")
            known = disk_error(error) if error.errno in FULL else bad
            write(error=type(known).__name__, text=str(known))
        except Exception as error:
            # Damaged media raise these, deep inside the bindings; anything else is a bug of ours.
            bad = isinstance(error, IndexError | ValueError | OverflowError | MemoryError)
            bad = bad or type(error).__module__.startswith("av.")
            kind = "UnreadableMedia" if bad else type(error).__name__
            text = str(error) or type(error).__name__
            write(error=kind, text=f"the decoder said: {text}" if bad else text)
        else:
            write(done=True)


if __name__ == "__main__":
    _, parent, folder, port = sys.argv
    die_with(int(parent))
    _limit()
    _serve(json_output(), folder or None, int(port) if port else None)
