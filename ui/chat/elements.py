"""Custom elements of the chat, and the message that shows a timeline."""

import asyncio
from typing import Any

import chainlit as cl

from tools.errors import RefusedRequest
from ui.chat.cards import escape_markdown, source
from ui.chat.wording import say
from ui.web.state import AppState


def element(name: str, props: dict[str, Any]) -> Any:
    """Custom element of `public/elements`, below a message."""
    # With an address it is not written to a file each time it changes.
    return cl.CustomElement(name=name, props=props, display="inline", url="/public/elements")


async def show_timeline(state: AppState, named: str) -> None:
    """Show the timeline of the named video, else of the one that questions go to."""

    def make() -> tuple[str, dict[str, Any]]:
        refs = (named,) if named else cl.user_session.get("videos")
        refs = refs or [*state.library.titles(2)]
        if len(refs) != 1:
            raise RefusedRequest(say("timeline.which"))
        video = state.library.get(refs[0])
        return video.title, {
            "heading": say("timeline.name"),
            "cards": [],
            "videos": {video.id: source(state.library, video.id, state.proxies)},
            "quiet": "",
            "looked": [],
        }

    title, props = await asyncio.to_thread(make)
    await cl.Message(
        say("timeline.shown", title=escape_markdown(title)),
        elements=[element("EvidencePlayer", props)],
    ).send()


def timeline_action(video: str) -> cl.Action:
    """Button that shows the timeline of a video."""
    return cl.Action(name="timeline", payload={"video": video}, label=say("timeline.name"))
