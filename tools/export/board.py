"""Evidence board: one page with every cited frame, its time, title, quotation and number."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tools.errors import RefusedRequest, VideoError
from tools.evidence import MACHINE, is_draft
from tools.export.moments import Cited
from tools.export.page import escaped, figure, figures, page
from tools.library import Library
from tools.media import Evidence, time_range
from tools.text.clean import clean

MOST = 60
"""Pictures of a board, at most."""
TEXT = 600
"""Characters of one quotation."""


def to_board(
    library: Library,
    cited: Sequence[Cited],
    title: str,
    answer: str = "",
) -> str:
    """HTML of a board under a title and the text of an answer; RefusedRequest without evidence."""
    cards = map(_figure, cards_of(library, cited))
    told = [f"<p>{escaped(part, 4000)}</p>" for part in answer.split("\n") if part.strip()]
    return page(title, [*told, figures(cards)])


@dataclass(frozen=True)
class Card:
    """One piece of evidence on a board: `[3]`, title and time, its words, and whether they quote.

    `note` says what the words are worth; `image` is a file, None where it is lost or there is none.
    """

    number: str
    place: str
    text: str
    quoted: bool
    note: str
    image: Path | None


def cards_of(library: Library, cited: Sequence[Cited]) -> list[Card]:
    """Cards of a board in their order; RefusedRequest without evidence."""
    if not cited:
        raise RefusedRequest("there is no cited evidence for a board")
    return [_card(library, one, handle) for one, handle in cited[:MOST]]


def _card(library: Library, one: Evidence, handle: int | None) -> Card:
    title, span = clean(library.get(one.video).title, 200), time_range(one.start, one.end)
    return Card(
        f"[{handle}]" if handle is not None else "",
        f"{title} \N{MIDDLE DOT} {span}",
        clean(one.text, TEXT),
        one.kind in ("speech", "screen"),
        MACHINE if is_draft(one) else "",
        _file(library, one.image),
    )


def _file(library: Library, image: str | None) -> Path | None:
    if image is None:
        return None
    with suppress(VideoError, OSError):
        return library.picture(image)
    return None


def _figure(card: Card) -> str:
    text, place = escaped(card.text), escaped(card.place)
    text = f"<q>{text}</q>" if card.quoted else text
    text += f" <small>{card.note}</small>" if card.note else ""
    number = f"<b>{card.number}</b> " if card.number else ""
    jpeg = b""
    with suppress(OSError):  # a picture that is lost, or there is only sound
        jpeg = card.image.read_bytes() if card.image else b""
    return figure(jpeg, card.place, f"{number}<cite>{place}</cite><br>{text}")
