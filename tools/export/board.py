"""Evidence board: one page with every cited frame, its time, its title, its quotation, its number.

The page stands alone: its pictures are in it, and it loads, runs and asks for nothing.
"""

import base64
import html
from collections.abc import Sequence
from contextlib import suppress
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
    if not cited:
        raise RefusedRequest("there is no cited evidence for a board")
    cards = "\n".join(_card(library, one, handle) for one, handle in cited[:MOST])
    paragraphs = (part.strip() for part in answer.split("\n") if part.strip())
    told = "\n".join(f"<p>{html.escape(clean(part, 4000))}</p>" for part in paragraphs)
    heading = html.escape(clean(title, 300))
    return Template(_PAGE.read_text("utf-8")).substitute(title=heading, answer=told, cards=cards)


def _card(library: Library, one: Evidence, handle: int | None) -> str:
    title = clean(library.get(one.video).title, 200)
    span = time_range(one.start, one.end)
    quoted = one.kind in ("speech", "screen")
    text = html.escape(clean(one.text, TEXT))
    text = f"<q>{text}</q>" if quoted else text
    if is_draft(one):
        text += f" <small>{MACHINE}</small>"
    number = f"<b>[{handle}]</b> " if handle is not None else ""
    where = html.escape(f"{title} \N{MIDDLE DOT} {span}")
    return (
        f"<figure>{_picture(library, one.image, f'{title}, {span}')}"
        f"<figcaption>{number}<cite>{where}</cite><br>{text}</figcaption></figure>"
    )


def _picture(library: Library, image: str | None, alt: str) -> str:
    """Picture as a part of the page; nothing where it is lost, or there is only sound."""
    if image is None:
        return ""
    with suppress(VideoError, OSError):
        data = base64.b64encode(library.picture(image).read_bytes()).decode()
        return f'<img src="data:image/jpeg;base64,{data}" alt="{html.escape(alt)}">'
    return ""
