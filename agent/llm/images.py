"""Contact sheets for a model that accepts images: the frames of what its tools returned."""

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from agent.llm.tokens import ENVELOPE, image_tokens, text_tokens
from tools.errors import VideoError
from tools.media import Evidence, clock, spread
from tools.store.filmstrip import is_strip
from tools.vision.contact_sheet import Sheet, Tile, contact_sheet

SIZES = ((1024, 12), (768, 9), (512, 6), (512, 2))
"""Width in pixels and number of tiles of a sheet, from the best to the cheapest."""
HEADING = "Pictures of the evidence above, each under its label and time:"


@dataclass
class ContactSheets:
    """The contact sheets of one question, each rendered once in each size."""

    path: Callable[[str], Path]
    """Path of a picture of the library; raises VideoError if it is gone."""
    refused: Callable[[], None]
    """Callback for a model that turns out not to accept images."""
    shown: bool = False
    """True if the last prompt contains a sheet."""
    _rendered: dict[tuple[str, int, int], Sheet | None] = field(
        default_factory=dict[tuple[str, int, int], Sheet | None]
    )

    def insert(
        self,
        messages: Sequence[AnyMessage],
        seen: Sequence[str],
        records: dict[str, Evidence | None],
        allowed: int,
    ) -> tuple[list[AnyMessage], int]:
        """The messages of a turn with a sheet after each round of tool results, and its tokens.

        The size is the best in which all sheets, or else the newest alone, take at most `allowed`
        tokens.
        """
        placed: set[str] = set()
        frames: dict[int, list[Evidence]] = {}  # by position of the sheet, the newest first
        for end, results in reversed(list(_rounds(messages))):
            ids = dict.fromkeys(id for result in results for id in result.artifact or ())
            new = [e for id in ids if id not in placed and (e := records.get(id)) and _has_frame(e)]
            if new:
                frames[end] = new
                placed |= {evidence.id for evidence in new}
        for size in SIZES:
            for count in (len(frames), 1):
                chosen = list(frames.items())[:count]
                sheets = {end: s for end, new in chosen if (s := self._sheet(new, seen, *size))}
                taken = sum(map(sheet_tokens, sheets.values()))
                if taken <= allowed:
                    self.shown = bool(sheets)
                    out = list(messages)
                    for end, sheet in sheets.items():  # from the back: positions stay right
                        out.insert(end, _message(sheet))
                    return out, taken
        self.shown = False
        return list(messages), 0

    def _sheet(
        self, evidence: Sequence[Evidence], seen: Sequence[str], width: int, count: int
    ) -> Sheet | None:
        key = ",".join(record.id for record in evidence), width, count
        if key not in self._rendered:
            tiles: list[Tile] = []
            for record in spread(evidence, count):
                label = f"e{seen.index(record.id) + 1}  {clock(record.start)}"
                with suppress(VideoError):  # the text of a lost picture is still in the prompt
                    tiles.append(Tile(self.path(record.image or ""), label))
            self._rendered[key] = contact_sheet(tiles, width) if tiles else None
        return self._rendered[key]


def sheet_tokens(sheet: Sheet) -> int:
    """Tokens of a sheet and its heading."""
    return image_tokens(sheet.width, sheet.height) + text_tokens(HEADING) + ENVELOPE


def _has_frame(evidence: Evidence) -> bool:
    """True if its picture says more than its text and is no strip of frames shown elsewhere."""
    own = evidence.image is not None and not is_strip(evidence.image)
    return own and evidence.kind in ("frame", "scene", "motion", "chapter")


def _rounds(messages: Sequence[AnyMessage]) -> Iterator[tuple[int, list[ToolMessage]]]:
    """Runs of tool results with the index after each: nothing may come between its messages."""
    end = 0
    for _, group in groupby(messages, key=type):
        run = list(group)
        end += len(run)
        if results := [message for message in run if isinstance(message, ToolMessage)]:
            yield end, results


def _message(sheet: Sheet) -> HumanMessage:
    # Our own bytes, never an address: who is given one may be made to fetch it.
    data = base64.b64encode(sheet.jpeg).decode()
    image = {"url": f"data:image/jpeg;base64,{data}", "detail": "high"}
    return HumanMessage(
        content=[{"type": "text", "text": HEADING}, {"type": "image_url", "image_url": image}]
    )
