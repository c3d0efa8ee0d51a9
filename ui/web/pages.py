"""The page that says in a sentence why there is nothing to see, with a way on."""

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path
from string import Template

from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers
from starlette.types import Scope

from ui.texts import preferred, text

Words = Callable[..., str]
_PAGE = Template(Path(__file__).with_name("no_moment.html").read_text("utf-8"))


def note_page(
    words: Words, status: int, heading: str, why: str, way: str, address: str
) -> HTMLResponse:
    """The page; `heading` and `why` are keys of texts, `way` is the text of its one link."""
    values = {"heading": words(heading), "why": words(why), "way": way, "address": address}
    values |= {"lang": words("page.language"), "back": words("moment.back")}
    escaped = {name: html.escape(value) for name, value in values.items()}
    return HTMLResponse(_PAGE.substitute(escaped), status)


def sign_in_page(scope: Scope, how: str) -> HTMLResponse:
    """The page for who has to sign in: with a `session`, or by the address with the `token`."""
    words = partial(text, preferred(Headers(scope=scope).get("accept-language")))
    way = ("sign_in.again", "/") if how == "token" else ("sign_in.go", "/login")
    return note_page(words, 401, "sign_in.heading", f"sign_in.{how}", words(way[0]), way[1])
