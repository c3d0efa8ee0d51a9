"""Evidence board: one page with every cited frame, its time, its title, its quotation, its number.

The page stands alone: its pictures are in it, and it loads, runs and asks for nothing.
"""

import base64
import html
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tools.errors import RefusedRequest, VideoError
from tools.evidence import MACHINE, is_draft
from tools.export.moments import Cited
from tools.library import Library
from tools.media import Evidence, time_range
from tools.text.clean import clean

MOST = 60
"""Pictures of a board, at most."""
TEXT = 600
"""Characters of one quotation."""
_PAGE = Path(__file__).with_name("board.html")


def to_board(
    library: Library,
    cited: Sequence[Cited],
    title: str,
    answer: str = "",
) -> str:
    """HTML of a board under a title and the text of an answer; RefusedRequest without evidence."""
    cards = "\n".join(map(_figure, cards_of(library, cited)))
    paragraphs = (part.strip() for part in answer.split("\n") if part.strip())
    told = "\n".join(f"<p>{html.escape(clean(part, 4000))}</p>" for part in paragraphs)
    heading = html.escape(clean(title, 300))
    return Template(_PAGE.read_text("utf-8")).substitute(title=heading, answer=told, cards=cards)


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
    text, place = html.escape(card.text), html.escape(card.place)
    text = f"<q>{text}</q>" if card.quoted else text
    text += f" <small>{card.note}</small>" if card.note else ""
    number = f"<b>{card.number}</b> " if card.number else ""
    return (
        f"<figure>{_picture(card)}"
        f"<figcaption>{number}<cite>{place}</cite><br>{text}</figcaption></figure>"
    )


def _picture(card: Card) -> str:
    """Picture as a part of the page; nothing where it is lost, or there is only sound."""
    with suppress(OSError):
        data = base64.b64encode(card.image.read_bytes()).decode() if card.image else ""
        alt = html.escape(card.place)
        return f'<img src="data:image/jpeg;base64,{data}" alt="{alt}">' if data else ""
    return ""
