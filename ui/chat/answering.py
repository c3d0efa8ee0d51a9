"""Answers in the chat: a question is asked, its steps are shown, its evidence can be played."""

import asyncio
import shutil
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import chainlit as cl

from tools.errors import RefusedRequest, VideoError
from tools.files.disk import write_to_first
from ui.chat import cards
from ui.chat.cards import escape_markdown
from ui.chat.elements import element
from ui.chat.model_choice import chosen_agent
from ui.chat.scope import took
from ui.web.state import AppState

THREAD_PREFIX = "chat-"
"""Begins the names of the threads of this door."""
SORRY = "Something went wrong here. The log of the server says what."


async def ask_with_image(state: AppState, question: str, file: str) -> None:
    """Answer with the moments that look like an attached image, which is on disk until then."""
    content = cl.context.session.files[file]["content"]  # type: ignore[typeddict-item]
    folder = await asyncio.to_thread(
        write_to_first, lambda folder: (folder / "picture.jpg").write_bytes(content)
    )
    try:
        await ask(state, question, like=folder / "picture.jpg")
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def ask(state: AppState, question: str, like: Path | str | None = None) -> None:
    """Answer a question, with the tools shown while they run."""
    from agent.ask import Answer, Token, ToolStarted
    from agent.ask import ask as events_of

    if not await asyncio.to_thread(state.library.list):
        raise RefusedRequest("There is no video to ask about yet: drop one into this window.")
    reply = cl.Message("")
    raw, shown = "", 0.0
    videos = cl.user_session.get("videos") or ()
    thread = cl.user_session.get("thread")
    with state.answering():
        async with AsyncExitStack() as open_step:
            async for event in events_of(
                chosen_agent(state),
                question,
                videos=videos,
                thread=thread,
                like=like,
                prefix=THREAD_PREFIX,
            ):
                await open_step.aclose()
                if isinstance(event, ToolStarted):
                    step = _ToolStep(event.name.replace("_", " "), "tool", show_input="json")
                    step.input = dict(event.arguments)
                    await open_step.enter_async_context(step)
                elif isinstance(event, Token):
                    raw += event.text
                    if time.monotonic() - shown > 0.05:
                        shown = time.monotonic()
                        await reply.stream_token(escape_markdown(raw), is_sequence=True)
                elif isinstance(event, Answer):
                    await show_answer(state, reply, event)


async def ask_for_similar(state: AppState, handle: str, id: str) -> None:
    """Answer with the moments that look like a cited picture."""
    await ask(state, f"More like [{handle}]", like=id)


class _ToolStep(cl.Step):
    """Step of a running tool, which closes with the words of an error if they are ours."""

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, VideoError):
            error = VideoError(SORRY)
        await super().__aexit__(kind, error, trace)


async def show_answer(state: AppState, reply: cl.Message, answer: Any) -> None:
    """Show an answer with its evidence, and keep its thread for the next question."""
    cl.user_session.set("thread", answer.thread)
    reply.content = await took(state, answer) + cards.answer_markdown(answer)
    props = await asyncio.to_thread(cards.player, state.library, state.proxies, answer)
    toolbox = state.agent.toolbox
    props["sees"] = toolbox.classify in await asyncio.to_thread(toolbox.tools)
    if props["cards"] or props["coverage"]:
        reply.elements.append(element("EvidencePlayer", props))
    await reply.send()
