"""Answers in the chat: a question is asked, what is done is told, its evidence can be played."""

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chainlit as cl

from tools.errors import RefusedRequest
from tools.files.disk import write_to_first
from ui.chat import cards
from ui.chat.cards import escape_markdown
from ui.chat.doing import doing
from ui.chat.elements import element
from ui.chat.model_choice import chosen_agent
from ui.chat.scope import took
from ui.chat.wording import say
from ui.texts import DEFAULT, text
from ui.web.state import AppState

THREAD_PREFIX = "chat-"
"""Begins the names of the threads of this door."""
SORRY = text(DEFAULT, "answer.sorry")


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
    """Answer a question; what is being done stands in the answer's place until there is text."""
    from agent.ask import Answer, Token, ToolStarted
    from agent.ask import ask as events_of

    if not await asyncio.to_thread(state.library.list):
        raise RefusedRequest(say("answer.no_video"))
    reply = cl.Message("")
    raw, shown, begun = "", 0.0, time.monotonic()
    steps: list[str] = []
    try:
        with state.answering():
            async for event in events_of(
                chosen_agent(state),
                question,
                videos=cl.user_session.get("videos") or (),
                thread=cl.user_session.get("thread"),
                like=like,
                prefix=THREAD_PREFIX,
            ):
                if isinstance(event, ToolStarted):
                    phrase = doing(event.name, event.arguments)
                    steps.append(
                        say("answer.step", doing=phrase, seconds=f"{time.monotonic() - begun:.1f}")
                    )
                    if not raw:
                        working = f"*{escape_markdown(phrase)} …* "  # the page puts its sign behind
                        await reply.stream_token(working, is_sequence=True)
                elif isinstance(event, Token):
                    raw += event.text
                    if time.monotonic() - shown > 0.05:
                        shown = time.monotonic()
                        await reply.stream_token(escape_markdown(raw), is_sequence=True)
                elif isinstance(event, Answer):
                    await show_answer(state, reply, event, steps)
    finally:
        if reply.streaming and not raw:  # no answer took the place of what was being done
            await reply.remove()


async def ask_for_similar(state: AppState, handle: str, id: str) -> None:
    """Answer with the moments that look like a cited picture."""
    await _ask_aloud(state, say("answer.alike", handle=handle), like=id)


async def look_closer(state: AppState, handle: str) -> None:
    """Answer with what several pictures a second show at a moment that was not surely it."""
    await _ask_aloud(state, say("player.closer_at", handle=handle))


async def _ask_aloud(state: AppState, question: str, like: str | None = None) -> None:
    """Ask what a button stands for, as if it had been written: so it stands in the history, too."""
    await cl.Message(question, type="user_message").send()  # which is shown as it is
    await ask(state, question, like)


async def show_answer(
    state: AppState, reply: cl.Message, answer: Any, steps: Sequence[str] = ()
) -> None:
    """Show an answer with its evidence, and keep its thread for the next question."""
    cl.user_session.set("thread", answer.thread)
    reply.content = await took(state, answer) + cards.answer_markdown(answer)
    props = await asyncio.to_thread(cards.player, state.library, state.proxies, answer, steps)
    toolbox = state.agent.toolbox
    props["sees"] = toolbox.classify in await asyncio.to_thread(toolbox.tools)
    if props["cards"] or props["quiet"]:
        reply.elements.append(element("EvidencePlayer", props))
    await reply.send()
