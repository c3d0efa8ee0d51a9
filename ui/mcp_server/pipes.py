"""Standard input and output for the protocol alone: nothing else can read or write them."""

import os
import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import BinaryIO

from agent.daemon_threads import DaemonThreads
from ui.mcp_server.messages import MOST_BYTES


class Pipes:
    """The pipes of this process, taken over: whatever prints from now on, prints to standard error.

    Programs that are started from here cannot read a message either.
    """

    def __init__(self) -> None:
        self._input: BinaryIO = os.fdopen(os.dup(0), "rb")
        self._output: BinaryIO = os.fdopen(os.dup(1), "wb")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._reader, self._writer = DaemonThreads("input", 1), DaemonThreads("output", 1)

    async def lines(self) -> AsyncIterator[bytes]:
        """Lines that are not empty, until the input ends; of one too long, its beginning."""
        while line := await self._reader.run(self._line):
            if line.strip():
                yield line

    async def write(self, text: str) -> None:
        """Write one line, after those that are being written."""
        await self._writer.run(partial(self._write, text))

    def _line(self) -> bytes:
        line = rest = self._input.readline(MOST_BYTES + 1)
        while rest and not rest.endswith(b"\n"):
            rest = self._input.readline(MOST_BYTES)
        return line

    def _write(self, text: str) -> None:
        self._output.write(text.encode() + b"\n")
        self._output.flush()
