"""Handlers of the chat, registered with Chainlit."""

import asyncio
import re
from contextlib import AbstractAsyncContextManager
from typing import Any

import chainlit as cl

from agent.pictures.picture_request import asks_to_make
from ui.chat.answering import (
    AGAIN,
    answer_again,
    ask_for_similar,
    ask_to_make,
    ask_with_image,
    look_closer,
)
from ui.chat.askable import ask_when_askable
from ui.chat.cards import escape_markdown
from ui.chat.chat_settings import choose_settings, try_hearing, try_model
from ui.chat.elements import show_timeline
from ui.chat.greeting import choose, greet
from ui.chat.indexing import (
    add_subtitles,
    mend,
    open_address,
    open_path,
    take_in,
    try_example,
    watch,
)
from ui.chat.making import act_on_job
from ui.chat.reporting import Handler, reports_errors
from ui.chat.resuming import resume, take_back
from ui.chat.scope import begin_scope, follow_scope, list_videos, set_scope
from ui.chat.threads import Threads
from ui.chat.timeline import timeline_asked
from ui.web.jobs import Job
from ui.web.state import AppState
from ui.web.workspaces import Workspaces

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def register(workspaces: Workspaces) -> None:
    """Register our handlers with Chainlit; each runs in the library of who chats."""
    import chainlit.data

    def mine() -> AbstractAsyncContextManager[AppState]:
        user: Any = cl.context.session.user
        return workspaces.of(user.identifier)

    def on_action(name: str, run: Handler, *keys: str) -> None:
        async def act(action: cl.Action) -> None:
            async with mine() as state:
                await run(state, *(str(action.payload.get(key, "")) for key in keys))
                await follow_scope(state)

        cl.action_callback(name)(reports_errors(act))

    async def begin() -> None:
        async with mine() as state:
            await greet(state)
            await begin_scope(state)

    async def go_on(thread: Any) -> None:
        async with mine() as state:
            await resume(state, thread)

    async def receive(message: cl.Message) -> None:
        async with mine() as state:
            await _receive(state, message)

    async def take_settings(settings: dict[str, Any]) -> None:
        async with mine() as state:
            await choose_settings(state, settings)

    async def set_chosen(action: cl.Action) -> Any:
        videos = action.payload.get("videos")
        async with mine() as state:
            return await set_scope(state, videos if isinstance(videos, list) else ())

    async def list_titled(action: cl.Action) -> Any:
        async with mine() as state:
            return await list_videos(state, str(action.payload.get("query", "")))

    async def decide(action: cl.Action) -> Any:
        given = action.payload
        async with mine() as state:
            return await act_on_job(state, str(given.get("job", "")), str(given.get("do", "")))

    cl.on_chat_start(reports_errors(begin))
    cl.on_chat_resume(reports_errors(go_on))
    cl.action_callback("scope")(reports_errors(set_chosen))
    cl.action_callback("scope_list")(reports_errors(list_titled))
    cl.action_callback("job")(reports_errors(decide))
    cl.on_message(reports_errors(receive))
    cl.on_settings_update(reports_errors(take_settings))
    on_action("choose", choose, "video")
    on_action("watch", watch, "video")
    on_action("mend", mend, "video", "what")
    on_action("subtitles", add_subtitles, "file", "video")
    on_action("example", try_example)
    on_action("try_model", try_model)
    on_action("try_hearing", try_hearing)
    on_action("timeline", show_timeline, "video")
    on_action("alike", ask_for_similar, "handle", "id")
    on_action("closer", look_closer, "handle")
    on_action(AGAIN, answer_again)
    chainlit.data._data_layer = Threads(workspaces)  # pyright: ignore[reportPrivateUsage]
    chainlit.data._data_layer_initialized = True  # pyright: ignore[reportPrivateUsage]


async def _receive(state: AppState, message: cl.Message) -> None:
    """Take in what is attached, and answer what is written; indexing is not waited for."""
    elements = message.elements or []
    images = [element for element in elements if str(element.mime).startswith("image/")]
    jobs: list[Job] = []
    if not await take_back(state, message):
        jobs = await take_in(state, [each for each in elements if each not in images])
    await follow_scope(state)
    text = message.content.strip()
    command, _, rest = text.partition(" ")
    if _ADDRESS.fullmatch(text):
        await open_address(state, text)
        return
    if command == "/open":
        await open_path(state, rest.strip())
        await follow_scope(state)
    elif (named := await asyncio.to_thread(timeline_asked, state.library, text)) is not None:
        await show_timeline(state, named)
    elif images and text and await asyncio.to_thread(asks_to_make, text):
        await ask_to_make(state, text, [str(image.id) for image in images], message.id)
    elif images:
        for image in images:
            if len(images) > 1:
                await cl.Message(f"**{escape_markdown(image.name)}**:").send()
            await ask_with_image(state, text or "Where is this?", str(image.id), message.id)
    elif text and (jobs or not elements):
        await ask_when_askable(state, text, jobs, message.id)
