"""First message of a chat: the videos that are there, and what can be asked."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import chainlit as cl

from tools.media import Video, timestamp
from ui.chat import cards
from ui.chat.arrival import told
from ui.chat.cards import escape_markdown
from ui.chat.chat_settings import offer_settings
from ui.chat.elements import element, timeline_action
from ui.chat.indexing import EXAMPLE, announce_coming, example
from ui.chat.wording import say
from ui.render import picture_address
from ui.web.state import AppState

QUESTIONS = ("greeting.happens", "greeting.beginning", "greeting.screen")
"""Questions where a video has none of its own."""
SHELF = 24
"""Videos of the first screen, at most."""


async def greet(state: AppState) -> None:
    """Show the library, and what can be asked."""
    titles = await asyncio.to_thread(state.library.titles)
    videos = await asyncio.to_thread(state.library.some, [*titles][:SHELF])
    chosen = (videos[0].id,) if len(videos) == len(titles) == 1 else ()
    cl.user_session.set("videos", chosen)
    if not videos:
        text = say("greeting.empty")
    elif chosen:
        title = f"**{escape_markdown(videos[0].title)}**"
        text = say("greeting.one", title=title)
        if videos[0].state != "ready":
            so_far = escape_markdown(cards.pending_stages(videos[0]))
            text = say("greeting.unfinished", title=title, state=so_far)
    else:
        text = say("greeting.several", n=len(titles))
    message = cl.Message(text)
    props = await asyncio.to_thread(shelf, state, titles, videos, chosen)
    message.elements = [element("Library", props)]
    await message.send()
    await announce_coming(state)
    await offer_settings(state)


def shelf(
    state: AppState, titles: Mapping[str, str], videos: Sequence[Video], chosen: Sequence[str]
) -> dict[str, Any]:
    """Properties of the first screen: some of the videos by title, and what can be tried."""
    library = state.library
    own = told(state, chosen[0])[1] if chosen else []
    return {
        "videos": [
            {
                "id": video.id,
                "title": video.title,
                "time": timestamp(round(video.duration)),
                "state": "" if video.state == "ready" else say(f"greeting.{video.state}"),
                "image": picture_address(
                    library, library.image_at(video.id, video.duration / 3), "http"
                ),
                "chosen": video.id in chosen,
            }
            for video in videos
        ],
        "more": len(titles) - len(videos),
        "questions": own or (list(map(say, QUESTIONS)) if videos else []),
        "example": example() is not None and EXAMPLE not in titles.values(),
    }


async def choose(state: AppState, id: str) -> None:
    """Let questions go to one video, or to all where none is named."""
    if not id:
        cl.user_session.set("videos", ())
        await cl.Message(say("greeting.all_asked")).send()
        return
    video = await asyncio.to_thread(state.library.get, id)
    cl.user_session.set("videos", (video.id,))
    await cl.Message(
        say("greeting.one_asked", title=escape_markdown(video.title)),
        actions=[
            cl.Action(name="choose", payload={"video": ""}, label=say("greeting.ask_all")),
            timeline_action(video.id),
        ],
    ).send()
