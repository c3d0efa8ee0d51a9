"""Scope of a chat: the videos that its questions go to, and the bar that shows and sets it.

The session holds ids under `videos`; none means all of the library, also what comes later.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import chainlit as cl

from tools.library import Library
from tools.media import Video, timestamp
from ui.chat.cards import escape_markdown
from ui.chat.elements import element
from ui.chat.wording import say
from ui.render import picture_address
from ui.web.state import AppState

LISTED = 60
"""Videos in the list of the bar; more are found by their title."""
_ONE_VIDEO = re.compile(
    r"\b(?:this|the) (?:video|film|movie|clip|recording)\b"
    r"|\b(?:diese[ms]?|das|dem|im) (?:video|film|clip)\b",
    re.IGNORECASE,
)
"""Words of a question that is about one video."""


async def begin_scope(state: AppState) -> None:
    """Put the bar of a chat that was just greeted."""
    shown = cl.chat_context.get()
    if shown:
        bar = await scope_bar(state, shown[-1].id, fresh=True)
        await bar.send(for_id=shown[-1].id)


async def scope_bar(state: AppState, message: str, fresh: bool = False) -> Any:
    """The bar, below a message; `fresh` takes over what the last chat was about."""
    props = {**await asyncio.to_thread(_props, state.library), "fresh": fresh}
    bar = element("Scope", props)
    bar.for_id = message
    cl.user_session.set("scope_bar", bar)
    return bar


async def follow_scope(state: AppState) -> None:
    """Let the bar say what holds now, where that has changed."""
    bar = cl.user_session.get("scope_bar")
    if bar is not None:
        props = await asyncio.to_thread(_props, state.library)
        if {**props, "fresh": bar.props["fresh"]} != bar.props:
            bar.props = {**props, "fresh": False}
            await bar.update()


async def set_scope(state: AppState, ids: Sequence[str]) -> dict[str, Any]:
    """Let questions go to these videos; those that are gone are left out, and counted."""
    titles = await asyncio.to_thread(state.library.titles)
    wanted = {str(id) for id in ids}
    chosen = [id for id in titles if id in wanted]
    cl.user_session.set("videos", () if len(chosen) == len(titles) > 1 else tuple(chosen))
    await follow_scope(state)
    return {"gone": len(wanted) - len(chosen)}


async def list_videos(state: AppState, query: str) -> dict[str, Any]:
    """List the videos that have all words of a query in their title, for the list of the bar."""

    def find() -> dict[str, Any]:
        words = query.casefold().split()
        titles = state.library.titles()
        found = [id for id, t in titles.items() if all(word in t.casefold() for word in words)]
        sets = state.library.collections.all() if not words else {}
        return {
            "collections": [{"name": name, "videos": ids} for name, ids in sets.items() if ids],
            "videos": [_row(state.library, one) for one in state.library.some(found[:LISTED])],
            "more": max(len(found) - LISTED, 0),
        }

    return await asyncio.to_thread(find)


async def took(state: AppState, answer: Any) -> str:
    """Name the video that "this video" was taken for, where several could be meant; Markdown."""
    about = {cited.evidence.video for cited in answer.evidence or answer.nearest}
    if len(about) != 1 or not _ONE_VIDEO.search(answer.question):
        return ""
    titles = await asyncio.to_thread(state.library.titles)
    chosen = set(cl.user_session.get("videos") or titles) & titles.keys()
    title = titles.get(about.pop())
    if title is None or len(chosen) < 2:
        return ""
    return say("scope.took", name=f"**{escape_markdown(title)}**", n=len(chosen)) + "\n\n"


def _props(library: Library) -> dict[str, Any]:
    titles = library.titles()
    chosen = [id for id in cl.user_session.get("videos") or () if id in titles]
    return {"chosen": chosen, "titles": [titles[id] for id in chosen[:3]], "total": len(titles)}


def _row(library: Library, video: Video) -> dict[str, Any]:
    image = library.image_at(video.id, video.duration / 3)
    return {
        "id": video.id,
        "title": video.title,
        "time": timestamp(round(video.duration)),
        "image": picture_address(library, image, "http"),
    }
