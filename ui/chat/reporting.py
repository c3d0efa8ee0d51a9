"""Errors of the chat's handlers, each told as one sentence."""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import chainlit as cl

from tools.errors import VideoError
from tools.files.disk import Note, disk_state
from ui.chat.cards import escape_markdown
from ui.chat.wording import say
from ui.web.state import AppState

_log = logging.getLogger(__name__)
Handler = Callable[..., Awaitable[Any]]
_background: set[asyncio.Task[None]] = set()
"""Running tasks: asyncio itself keeps only weak references to them."""


def reports_errors(handler: Handler) -> Handler:
    """Show an error as one sentence; one that nobody foresaw is only logged."""

    @functools.wraps(handler)  # Chainlit passes what the signature names
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        try:
            return await handler(*arguments, **named)
        except VideoError as error:
            await cl.Message(escape_markdown(str(error))).send()
        except Exception as error:
            if why := disk_state(error):
                _log.warning("chat: %s", error)
            else:
                _log.exception("chat")
            text = Note(why, ("all",)).text if why else say("answer.sorry")
            await cl.Message(escape_markdown(text)).send()

    return wrapped


def in_background(state: AppState, work: Coroutine[Any, Any, None]) -> None:
    """Run something beside the chat; its errors are told in it. The library stays open for it."""
    release = state.hold()

    @reports_errors
    async def run() -> None:
        await work

    def end(task: asyncio.Task[None]) -> None:
        _background.discard(task)
        release()

    task = asyncio.ensure_future(run())
    _background.add(task)
    task.add_done_callback(end)
