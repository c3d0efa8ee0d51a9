"""Run untrusted decoding in a spawned child with limits; its death is an error, not a crash.

A child is spawned, never forked (a forked one would keep our locks), bounded in memory, processor
time, file size, open files and silence, confined as `tools.sandbox.confinement` says, and ends when
its parent does, not before: what stops the program (Ctrl-C, SIGTERM) must not look like a file that
kills its decoder. It speaks JSON lines on its standard input and output: one request in, events
out, then a line that says how it ended.
"""

import contextlib
import json
import math
import os
import select
import signal
import site
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Self

from tools import errors
from tools.errors import DecoderStopped, Interrupted, VideoError

CPU_SECONDS, CPU_PER_MB = 600.0, 120.0
"""Seconds of processor time of one request: for any file, and in addition for each megabyte of it.
The slowest honest files, still pictures at a few kilobits a second, take a tenth of that."""
CPU_AT_MOST = 6 * 3600
PATIENCE = 600.0
"""Seconds without a line after which a child counts as frozen. A file on a slow network disk is
read from end to end before its subtitles are known, and that is one line."""
DEADLINE: ContextVar[float] = ContextVar("DEADLINE", default=math.inf)
"""Time, by `time.monotonic`, at which the caller of this thread stops waiting for its result."""
_WAITS = 10
"""Parts in which the silence is measured: a laptop that slept costs one of them."""
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
"""Signals with which no file makes a decoder end."""

Event = dict[str, Any]


def check_deadline() -> None:
    """Raise Interrupted after the deadline of this thread; for long loops."""
    if time.monotonic() >= DEADLINE.get():
        raise Interrupted("there was no time left for this: ask again")


class Child:
    """One spawned process that runs generator functions by name, one at a time."""

    module = "tools.sandbox"
    errors: int | None = subprocess.DEVNULL
    environment: Mapping[str, str] = dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
    )
    folder: str | None = "/"
    """Working directory; None is ours."""

    def __init__(
        self, patience: float = PATIENCE, writes: Path | None = None, port: int | None = None
    ) -> None:
        """Set limits: `writes` is the only writable folder; it must exist at the first call.

        `port` is the only one of this machine that it may connect to.
        """
        self._process: subprocess.Popen[bytes] | None = None
        self._patience = patience
        self.writes, self.port = writes, port
        self._killed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if process := self._process:
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    if stream:
                        stream.close()
            process.kill()
            process.wait()
            self._process = None

    def kill(self) -> None:
        """End it for good, from any thread; its caller gets an error."""
        self._killed = True
        if process := self._process:
            process.send_signal(signal.SIGKILL)

    def call(self, function: str, **arguments: Any) -> Iterator[Event]:
        """Run `package.module:generator` with JSON arguments and yield the events it yields.

        Paths among them are absolute: the child has another working directory. Raises the
        VideoError that the function raised, or UnreadableMedia if the process died of it, froze, or
        reached its limit of processor time.
        """
        process = self._process or self._start()
        if self._killed:  # which looked before there was a process
            process.kill()
        assert process.stdin
        finished, code = False, 0
        cpu = _cpu_seconds(arguments)
        try:
            request = {"function": function, "arguments": arguments, "cpu": cpu}
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            for line in self._lines(process):
                message = json.loads(line)
                if "event" in message:
                    yield message["event"]
                    continue
                finished = True
                if "error" in message:
                    raise _error(message["error"], message["text"])
                return
        except BrokenPipeError:
            pass
        finally:
            if not finished:  # died, or the caller stopped listening: what it does is unknown
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = process.wait(timeout=0.5)  # 0 if it must be killed
                self.close()
        raise self.exit_error(code, cpu)

    def exit_error(self, code: int, cpu: float) -> VideoError:
        """Error for an unexpected exit; cpu is its limit of processor time, in seconds."""
        if -code in _FROM_OUTSIDE:
            return Interrupted(f"the decoder was ended from outside (signal {-code}): do it again")
        if -code == signal.SIGXCPU:
            return DecoderStopped(
                f"decoding was stopped after {cpu:.0f} s of processor time, the most that a "
                "file of this size is given: convert it, or cut it into parts"
            )
        return DecoderStopped(f"the decoder stopped (exit {code}) while reading this file")

    def _lines(self, process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
        """Yield lines; DecoderStopped after too long a silence, Interrupted at the deadline."""
        assert process.stdout
        output, rest = process.stdout.fileno(), b""
        poll = select.poll()  # select() knows no more than 1024 open files
        poll.register(output, select.POLLIN)
        while True:
            for _ in range(_WAITS):
                left = DEADLINE.get() - time.monotonic()
                if left <= 0:
                    raise Interrupted("there was no time left to decode this: ask again")
                if poll.poll(min(self._patience / _WAITS, left) * 1000):
                    break
            else:
                raise DecoderStopped(
                    f"the decoder froze: no sign of life for {self._patience:g} s in this file"
                )
            piece = os.read(output, 1 << 16)
            if not piece:
                return
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "OPENBLAS_CORETYPE")
            if name in os.environ
        }  # no keys, tokens or other secrets near a decoder; the same kernels as here
        environment |= {"PYTHONPATH": _module_path(), **self.environment}
        limits = [str(self.writes.absolute()) if self.writes else "", str(self.port or "")]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", self.module, str(os.getpid()), *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            cwd=self.folder,
            close_fds=True,
            process_group=0,  # Ctrl-C goes to a whole group
        )
        return self._process


def _module_path() -> str:
    """PYTHONPATH of a child: this package, then the entries of ours but the working directory.

    A `json.py` beside a video must never run.
    """
    package = str(Path(__file__).parents[2])
    installed = package in (*site.getsitepackages(), site.getusersitepackages())
    here = os.path.realpath(os.curdir)
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = [path for path in given if os.path.isabs(path) and os.path.realpath(path) != here]
    return os.pathsep.join(kept if installed else [package, *kept])


def _cpu_seconds(arguments: dict[str, Any]) -> float:
    """Limit of processor time of a request, by the size of the files that it reads."""
    size = 0
    for file in [arguments.get("path"), arguments.get("source"), *arguments.get("sources", ())]:
        if isinstance(file, str):
            with contextlib.suppress(OSError, ValueError):
                size += os.stat(file).st_size
    return min(CPU_SECONDS + CPU_PER_MB * size / 1e6, CPU_AT_MOST)


def _error(name: str, text: str) -> Exception:
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, VideoError):
        return kind(text)
    return RuntimeError(f"{name} in another process: {text}")
