"""What a model that sees is shown: the pictures of what its tools found, as contact sheets."""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from agent.llm.tokens import ENVELOPE, picture_tokens, text_tokens
from tools.errors import VideoError
from tools.media import Evidence, clock, spread
from tools.store.filmstrip import is_strip
from tools.vision.contact_sheet import Sheet, Tile, contact_sheet

SIZES = ((1024, 12), (768, 9), (512, 6), (512, 2))
"""Pixels across and tiles of a sheet, from the best to the cheapest."""
SAID = "Pictures of the evidence above, each under its label and time:"


@dataclass
class Pictures:
    """The sheets of one question: each is made once in each size."""

    path: Callable[[str], Path]
    """Where a picture of the library lies; raises VideoError where it is gone."""
    refused: Callable[[], None]
    """Told when the model turns out not to see."""
    shown: bool = False
    """Whether the last prompt holds one."""
    _made: dict[tuple[str, int], Sheet | None] = field(
        default_factory=dict[tuple[str, int], Sheet | None]
    )

    def beside(
        self,
        messages: Sequence[AnyMessage],
        seen: Sequence[str],
        records: dict[str, Evidence | None],
        allowed: int,
    ) -> tuple[list[AnyMessage], int]:
        """The messages of a turn with a sheet behind each round of results that shows something.

        In the best size in which all of them, or else the newest, take at most `allowed` tokens.
        With it the tokens that they take.
        """
        rounds = list(_rounds(messages))
        shown: set[str] = set()
        wanted: dict[int, list[Evidence]] = {}
        for end, results in reversed(rounds):
            ids = dict.fromkeys(id for one in results for id in one.artifact or ())
            found = [r for id in ids if id not in shown and (r := records.get(id)) and _seen(r)]
            if found:
                wanted[end] = found
                shown |= {one.id for one in found}
        for size in SIZES:
            for kept in (len(wanted), 1):
                sheets = self._sheets(dict(list(wanted.items())[:kept]), seen, size)
                taken = sum(sheet_tokens(sheet) for sheet in sheets.values())
                if taken <= allowed:
                    self.shown = bool(sheets)
                    return _with(messages, sheets), taken
        self.shown = False
        return list(messages), 0

    def _sheets(
        self, wanted: dict[int, list[Evidence]], seen: Sequence[str], size: tuple[int, int]
    ) -> dict[int, Sheet]:
        made: dict[int, Sheet] = {}
        for end, found in wanted.items():
            key = ",".join(one.id for one in found), SIZES.index(size)
            if key not in self._made:
                self._made[key] = self._sheet(spread(found, size[1]), seen, size[0])
            if sheet := self._made[key]:
                made[end] = sheet
        return made

    def _sheet(self, found: Sequence[Evidence], seen: Sequence[str], width: int) -> Sheet | None:
        tiles: list[Tile] = []
        for one in found:
            assert one.image
            label = f"e{seen.index(one.id) + 1}  {clock(one.start)}"
            try:
                tiles.append(Tile(self.path(one.image), label))
            except VideoError:
                continue  # its words are there still
        return contact_sheet(tiles, width) if tiles else None


def sheet_tokens(sheet: Sheet) -> int:
    """What a sheet takes, with the words above it."""
    return picture_tokens(sheet.width, sheet.height) + text_tokens(SAID) + ENVELOPE


def _seen(one: Evidence) -> bool:
    """Whether its picture says more than its words, and is not one of others that are shown."""
    own = one.image is not None and not is_strip(one.image)
    return own and one.kind in ("frame", "scene", "motion", "chapter")


def _rounds(messages: Sequence[AnyMessage]) -> Iterator[tuple[int, list[ToolMessage]]]:
    """Each run of results, with the place behind its last one: nothing may come between them."""
    results: list[ToolMessage] = []
    for place, message in enumerate(messages):
        if isinstance(message, ToolMessage):
            results.append(message)
        elif results:
            yield place, results
            results = []
    if results:
        yield len(messages), results


def _with(messages: Sequence[AnyMessage], sheets: dict[int, Sheet]) -> list[AnyMessage]:
    out: list[AnyMessage] = []
    for place in range(len(messages) + 1):
        if sheet := sheets.get(place):
            out.append(HumanMessage(content=_content(sheet)))
        out += messages[place : place + 1]
    return out


def _content(sheet: Sheet) -> list[str | dict[str, Any]]:
    # Our own bytes, never an address: who is given one may be made to fetch it.
    data = base64.b64encode(sheet.jpeg).decode()
    picture = {"url": f"data:image/jpeg;base64,{data}", "detail": "high"}
    return [{"type": "text", "text": SAID}, {"type": "image_url", "image_url": picture}]
