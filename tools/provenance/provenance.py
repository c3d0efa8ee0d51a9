"""Provenance of a file: its credentials, its watermark, and the container's own words.

What a file says of its origin is told as that. Nothing here looks at the pictures to judge how they
were made, and no part is turned into a verdict.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tools.errors import DecoderStopped, UnreadableMedia
from tools.provenance.credentials import (
    Credentials,
    Source,
    State,
    Step,
    anchors_of,
    of_manifest,
)
from tools.sandbox import Child, Event

Read = Callable[..., Iterable[Event]]
"""Function of the sandbox on one file, by its name: `Child.call` with the path, as a run has it."""
NOT_READ = "not read: the reader stopped at this file"
UNREAD = f"credentials: {NOT_READ}"
"""Problem of a file whose credentials nobody knows: they are not *none*."""


@dataclass(frozen=True)
class Signal:
    """A word of the container, such as `encoder`, and what it says; data of strangers."""

    name: str
    value: str


@dataclass(frozen=True)
class Provenance:
    """Origin of a file, as it says itself.

    `made_by` and the following are what its credentials say, `watermark` is read from the pictures
    (32 bits in hexadecimal), `signals` are the container's own words.
    """

    state: State = "none"
    made_by: str = ""
    signer: str = ""
    title: str = ""
    ingredients: tuple[Source, ...] = ()
    actions: tuple[Step, ...] = ()
    source_types: tuple[str, ...] = ()
    watermark: str | None = None
    signals: tuple[Signal, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def tells_more(self) -> bool:
        """True if there is more to tell than which program wrote the container."""
        told = any(one.name != "encoder" for one in self.signals)
        return self.state != "none" or self.watermark is not None or told


def provenance(path: Path, trust: Path | None = None, child: Child | None = None) -> Provenance:
    """Read what a file says of its origin, in the sandbox; UnreadableMedia for no video."""
    with child or Child() as child:

        def read(function: str, **arguments: Any) -> Iterable[Event]:
            return child.call(function, path=str(path.absolute()), **arguments)

        return read_with(read, trust)


def read_with(read: Read, trust: Path | None = None) -> Provenance:
    """Provenance of a file that `read` runs functions of the sandbox on.

    A part at which its reader dies is told as not read, and hides no other.
    """
    (tags,) = read("tools.video.tags:read_tags")
    signals = tuple(Signal(*pair) for pair in tags["tags"])
    found = _credentials(read, trust)
    problems, watermark = found.problems, None
    try:
        (mark,) = read("tools.provenance.watermark:decode")
        watermark = mark["payload"]
    except UnreadableMedia:
        problems = (*problems, f"watermark: {NOT_READ}")
    told = {one.name: getattr(found, one.name) for one in fields(Credentials)}
    told |= {"watermark": None if watermark is None else f"{watermark:08x}", "problems": problems}
    return Provenance(**told, signals=signals)


def _credentials(read: Read, trust: Path | None) -> Credentials:
    anchors = anchors_of(trust)
    try:
        (told,) = read("tools.provenance.manifest_child:read", anchors=anchors)
    except DecoderStopped:
        return Credentials(problems=(UNREAD,))
    return of_manifest(told["manifest"], told["broken"])


def as_row(one: Provenance) -> dict[str, Any]:
    """Provenance as JSON."""
    return asdict(one)


def of_row(row: Mapping[str, Any]) -> Provenance:
    """Provenance of its JSON; what a later release added is left out."""
    known = {one.name: row[one.name] for one in fields(Provenance) if one.name in row}
    made = Provenance(**known)
    return replace(
        made,
        ingredients=tuple(Source(**one) for one in row.get("ingredients", ())),
        actions=tuple(Step(**one) for one in row.get("actions", ())),
        source_types=tuple(made.source_types),
        signals=tuple(Signal(**one) for one in row.get("signals", ())),
        problems=tuple(made.problems),
    )
