"""HTML page that stands alone: its pictures are in it, and it loads, runs and asks for nothing."""

import base64
import html
from collections.abc import Iterable
from pathlib import Path
from string import Template

from tools.text.clean import clean

_PAGE = Path(__file__).with_name("page.html")


def page(title: str, parts: Iterable[str], language: str = "") -> str:
    """HTML of a page under a title; the parts of its body are HTML already."""
    lang = f' lang="{language}"' if language else ""
    values = {"title": escaped(title, 300), "body": "\n".join(parts), "lang": lang}
    return Template(_PAGE.read_text("utf-8")).substitute(values)


def figures(cards: Iterable[str]) -> str:
    """Figures side by side."""
    return "\n".join(["<main>", *cards, "</main>"])


def figure(jpeg: bytes, alt: str, caption: str) -> str:
    """A picture over its caption, which is HTML already; the caption alone without a picture."""
    data = base64.b64encode(jpeg).decode()
    image = f'<img src="data:image/jpeg;base64,{data}" alt="{escaped(alt)}">' if jpeg else ""
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def escaped(text: str, most: int = 1000) -> str:
    """A text of somebody as it stands in HTML, at most so many characters of it."""
    return html.escape(clean(text, most))
