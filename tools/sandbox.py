"""Run untrusted decoding in a spawned child with limits; its death is an error, not a crash.

A child is spawned, never forked (a forked one would keep our locks), bounded in memory, processor
time, file size, open files and silence, and ends when its parent does, not before: what stops the
program (Ctrl-C, SIGTERM) must not look like a file that kills its decoder. It speaks JSON lines on
its standard input and output: one request in, events out, then a line that says how it ended.
"""

import contextlib
import importlib
import json
import math
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import IO, Any, Self

from tools import errors
from tools.errors import DecoderStopped, Interrupted, UnreadableMedia, VideoError
from tools.files.disk import FULL, refusal

ADDRESS_SPACE = 1536 << 20
"""Bytes of address space; resident memory stays far below."""
MEMORY = 512 << 20
"""Bytes that a decoder may write to. With the libraries, which come on top, under 600 MB."""
CPU_SECONDS, CPU_PER_MB = 600.0, 120.0
"""Processor time of one request: so much for any file, and so much more for each megabyte of it.
The slowest honest files, still pictures at a few kilobits a second, take a tenth of that."""
CPU_AT_MOST = 6 * 3600
FILE_SIZE = 8 << 30
OPEN_FILES = 128
PATIENCE = 600.0
"""Seconds without a line after which a child counts as frozen. A file on a slow network disk is
read from end to end before its subtitles are known, and that is one line."""
UNTIL: ContextVar[float] = ContextVar("UNTIL", default=math.inf)
"""When nobody waits any longer for what this thread decodes, by `time.monotonic`."""
_LOOKS = 10
"""The silence is measured in so many parts: a laptop that slept costs one of them."""
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
"""What no file makes a decoder end with."""

Event = dict[str, Any]


class Child:
    """One spawned process that runs generator functions by name, one at a time."""

    module = "tools.sandbox"
    errors: int | None = subprocess.DEVNULL
    environment: Mapping[str, str] = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

    def __init__(self, patience: float = PATIENCE) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._patience = patience
        self._killed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is None:
            return
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.kill()
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it for good, from any thread; who listens is told that it was ended."""
        self._killed = True
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGKILL)

    def call(self, function: str, **arguments: Any) -> Iterator[Event]:
        """Run `package.module:generator` with JSON arguments and yield the events it yields.

        Raises the VideoError that the function raised; UnreadableMedia when the process died of
        it, froze, or was stopped at its share of processor time.
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
                elif "error" in message:
                    finished = True
                    raise _error(message["error"], message["text"])
                else:
                    finished = True
                    return
        except BrokenPipeError:
            pass
        finally:
            if not finished:  # died, or the caller stopped listening: what it does is unknown
                code = self._end()
        raise self.death(code, cpu)

    def death(self, code: int, cpu: float) -> VideoError:
        """What to say of an end that was not its own; cpu is what it was given, in seconds."""
        if -code in _FROM_OUTSIDE:
            return Interrupted(f"the decoder was ended from outside (signal {-code}): do it again")
        if -code == signal.SIGXCPU:
            return DecoderStopped(
                f"decoding was stopped after {cpu:.0f} s of processor time, the most that a "
                "file of this size is given: convert it, or cut it into parts"
            )
        return DecoderStopped(f"the decoder stopped (exit {code}) while reading this file")

    def _lines(self, process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
        """Lines as they come; UnreadableMedia after too long a silence, Interrupted at UNTIL."""
        assert process.stdout
        output, held = process.stdout.fileno(), b""
        poll = select.poll()  # select() knows no more than 1024 open files
        poll.register(output, select.POLLIN)
        while True:
            for _ in range(_LOOKS):
                left = UNTIL.get() - time.monotonic()
                if left <= 0:
                    raise Interrupted("there was no time left to decode this: ask again")
                if poll.poll(min(self._patience / _LOOKS, left) * 1000):
                    break
            else:
                raise DecoderStopped(
                    f"the decoder froze: no sign of life for {self._patience:g} s in this file"
                )
            piece = os.read(output, 1 << 16)
            if not piece:
                return
            *lines, held = (held + piece).split(b"\n")
            yield from lines

    def _end(self) -> int:
        """How it ended by itself, if it did; then it is gone."""
        assert self._process is not None
        process = self._process
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        code = process.poll()
        self.close()
        return code or 0

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR")
            if name in os.environ
        }  # no keys, tokens or other secrets near a decoder
        environment |= self.environment
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            close_fds=True,
            process_group=0,  # Ctrl-C goes to a whole group
        )
        return self._process


def _cpu_seconds(arguments: dict[str, Any]) -> float:
    """What a request may take, by the size of the file that it reads."""
    size = 0
    file = arguments.get("path") or arguments.get("source")
    if isinstance(file, str):
        with contextlib.suppress(OSError, ValueError):
            size = os.stat(file).st_size
    return min(CPU_SECONDS + CPU_PER_MB * size / 1e6, CPU_AT_MOST)


def _error(name: str, text: str) -> Exception:
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, VideoError):
        return kind(text)
    return RuntimeError(f"{name} in another process: {text}")


def _limit() -> None:
    for what, bound in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        # Of the processor's time, the lower bound ends it with a signal of its own.
        most = bound + 1 if what == resource.RLIMIT_CPU else bound
        with contextlib.suppress(ValueError, OSError):  # macOS has no bound on memory
            resource.setrlimit(what, (bound, most))


def _limit_cpu(seconds: float) -> None:
    """From now on; the system ends the process after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard - 1)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def die_with(parent: int) -> None:
    """Ignore what stops a terminal's programs, and end with our parent, however that ends."""
    # One that is killed outright closes no pipe in time: watch for it.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _serve(requests: IO[str], answers: IO[str]) -> None:
    def say(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    for line in requests:
        request = json.loads(line)
        module, _, name = request["function"].partition(":")
        _limit_cpu(request["cpu"])
        try:
            for event in getattr(importlib.import_module(module), name)(**request["arguments"]):
                say({"event": event})
        except VideoError as error:
            say({"error": type(error).__name__, "text": str(error)})
        except OSError as error:
            told = f"the decoder said: {error.strerror or error}"
            full = refusal(error) if error.errno in FULL else UnreadableMedia(told)
            say({"error": type(full).__name__, "text": str(full)})
        except Exception as error:
            # Damaged media raise these, deep inside the bindings; anything else is a bug of ours.
            bad = isinstance(error, IndexError | ValueError | OverflowError | MemoryError)
            bad = bad or type(error).__module__.startswith("av.")
            kind = "UnreadableMedia" if bad else type(error).__name__
            text = str(error) or type(error).__name__
            say({"error": kind, "text": f"the decoder said: {text}" if bad else text})
        else:
            say({"done": True})


def own_output() -> IO[str]:
    """Standard output for our lines alone: what a native library prints goes to the errors."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    _limit()
    _serve(sys.stdin, own_output())
