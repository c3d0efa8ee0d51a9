"""Programmes of a transport stream: which of its streams belong together.

PyAV does not give them, but FFmpeg's description of an open file does. Runs inside the sandbox.
"""

import re
from typing import Any, NamedTuple, cast

from av import logging
from av.container import InputContainer

from tools.text.clean import clean

_LINE = re.compile(
    r"^  Program (?P<number>\d+) |^ {6}service_name +: (?P<name>.*)"
    r"|^  Stream #0:(?P<stream>\d+)|^  (?P<none>No Program)",
    re.MULTILINE,
)
"""Lines that count; a line break within a name begins no line that looks like one of them."""


class Programme(NamedTuple):
    """A programme: its number and name in the file, and the indexes of its streams."""

    number: int
    name: str
    streams: frozenset[int]


def programmes(container: InputContainer) -> list[Programme]:
    """Programmes of an open file that hold a stream, in its order; none in most formats."""
    if container.format.name != "mpegts":
        return []
    before = logging.get_level()
    logging.set_level(logging.INFO)  # else the description is empty
    try:
        described = str(cast(Any, container).dumps_format())
    except ValueError:  # a name in no known encoding
        described = ""
    finally:
        logging.set_level(before)
    found: list[tuple[int, list[str], set[int]]] = []
    for line in _LINE.finditer(described):
        if line["number"]:
            found.append((int(line["number"]), [], set()))
        elif line["none"]:
            break
        elif found and line["stream"]:
            found[-1][2].add(int(line["stream"]))
        elif found and line["name"]:
            found[-1][1].append(line["name"])
    return [
        Programme(number, clean(" ".join(names), 80), frozenset(streams))
        for number, names, streams in found
        if streams
    ]
