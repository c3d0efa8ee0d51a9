"""Answers in the chat: a question is asked, what is done is told, its evidence can be played."""

import asyncio
import shutil
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import chainlit as cl

from tools.errors import RefusedRequest
from tools.files.disk import write_to_first
from ui.chat import cards
from ui.chat.cards import escape_markdown
from ui.chat.chat_settings import chosen_agent
from ui.chat.doing import doing
from ui.chat.elements import element
from ui.chat.making import job_elements
from ui.chat.scope import took
from ui.chat.sessions import TURNS
from ui.chat.threads import thread_name
from ui.chat.wording import say
from ui.web.state import AppState

AGAIN = "again"
"""Name of the button that answers once more, and what a session keeps it under."""
_ASKING = "asking"
"""Key of the lock in a session."""


async def ask_with_image(state: AppState, question: str, file: str, asked: str) -> None:
    """Answer with the moments that look like an attached image."""
    async with _on_disk(file) as (image,):
        await ask(state, question, like=image, asked=asked)


async def ask_to_make(state: AppState, text: str, files: Sequence[str], asked: str) -> None:
    """Answer with the proposal of a video that shows the attached images."""
    async with _on_disk(*files) as images, one_at_a_time():
        await ask(state, text, pictures=images, asked=asked)


@asynccontextmanager
async def _on_disk(*files: str) -> AsyncGenerator[list[Path]]:
    """Attached images, which are on disk until then."""
    kept: Any = cl.context.session.files
    contents = {f"{number}.jpg": kept[file]["content"] for number, file in enumerate(files, 1)}

    def write(folder: Path) -> None:
        for name, content in contents.items():
            (folder / name).write_bytes(content)

    folder = await asyncio.to_thread(write_to_first, write)
    try:
        yield [folder / name for name in contents]
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def ask(
    state: AppState,
    question: str,
    like: Path | str | None = None,
    pictures: Sequence[Path] = (),
    asked: str = "",
    anew: bool = False,
) -> None:
    """Answer a question; what is being done stands in the answer's place until there is text.

    `asked` is the id of the message that asks; `anew` asks a model again.
    """
    if not pictures and not await asyncio.to_thread(state.library.titles, 1):
        raise RefusedRequest(say("answer.no_video"))
    async with _run_of(asked):
        await _ask(state, question, like, pictures, asked, anew)


def _run_of(asked: str) -> AbstractAsyncContextManager[Any]:
    """The run that the page expects an answer in: Chainlit's own, or that of a button."""
    if cl.context.current_run:
        return nullcontext()
    return cl.Step(name="on_message", type="run", parent_id=asked)


async def _ask(
    state: AppState,
    question: str,
    like: Path | str | None,
    pictures: Sequence[Path],
    asked: str,
    anew: bool,
) -> None:
    from agent.ask import Answer, Token, ToolStarted
    from agent.ask import ask as events_of

    reply = cl.Message("")
    raw, shown, begun = "", 0.0, time.monotonic()
    steps: list[str] = []
    try:
        with state.answering():
            async for event in events_of(
                await chosen_agent(state),
                question,
                videos=cl.user_session.get("videos") or (),
                thread=cl.user_session.get("thread"),
                like=like,
                pictures=pictures,
                new=thread_name(cl.context.session.thread_id),
                anew=anew,
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
                    await _keep(reply, event, asked)
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
    message = await cl.Message(question, type="user_message").send()  # which is shown as it is
    await ask(state, question, like, asked=message.id)


async def _keep(reply: cl.Message, answer: Any, asked: str) -> None:
    """Note which turn the messages of a question are, and announce a conversation that begins."""
    session = cl.context.session
    turns = dict(cl.user_session.get(TURNS) or {})
    parts = (asked, reply.id, reply.parent_id)  # a rating comes with the id of the last
    cl.user_session.set(TURNS, turns | {part: answer.turn for part in parts if part})
    await offer_again(asked, reply.id, answer.turn)
    began = cl.user_session.get("thread") is None or not answer.turn  # or begins otherwise
    cl.user_session.set("thread", answer.thread)
    if began and answer.thread == thread_name(session.thread_id):
        session.has_first_interaction = True
        emit = cl.context.emitter.emit
        # The page takes the address (public/chat/address.js) before Chainlit looks for it.
        await emit("call_fn", {"name": "cue-address", "args": {"thread": session.thread_id}})
        # It looks for what is new in the list whenever this text is another one.
        told = {"interaction": uuid.uuid4().hex, "thread_id": session.thread_id}
        await emit("first_interaction", told)


async def offer_again(asked: str, reply: str, turn: int) -> None:
    """Put the button that answers once more below the last answer alone."""
    if before := cl.user_session.get(AGAIN):
        await before[0].remove()
    words = {"label": "", "tooltip": say("answer.again")}
    button = cl.Action(name=AGAIN, payload={}, icon="refresh-cw", **words)
    await button.send(for_id=reply)
    cl.user_session.set(AGAIN, (button, asked, reply, turn))


async def answer_again(state: AppState) -> None:
    """Answer the last question once more: a model may say it better, or more is indexed by now."""
    async with one_at_a_time():
        _, asked, reply, turn = cl.user_session.get(AGAIN) or (None, "", "", 0)
        messages = {message.id: message for message in cl.chat_context.get()}
        if asked not in messages or reply not in messages:
            raise RefusedRequest(say("answer.not_again"))
        await messages[reply].remove()
        await forget_turns(state, turn)
        await ask(state, messages[asked].content, asked=asked, anew=True)


def one_at_a_time() -> asyncio.Lock:
    """Lock of a chat: its questions are answered one after another."""
    lock: Any = cl.user_session.get(_ASKING)
    if lock is None:
        cl.user_session.set(_ASKING, lock := asyncio.Lock())
    return lock


async def forget_turns(state: AppState, turn: int) -> None:
    """Take the conversation back to before a turn."""
    from agent.history import rewind

    await rewind(state.agent, str(cl.user_session.get("thread")), turn)
    turns = cl.user_session.get(TURNS) or {}
    cl.user_session.set(TURNS, {id: at for id, at in turns.items() if at < turn})


async def show_answer(
    state: AppState, reply: cl.Message, answer: Any, steps: Sequence[str] = ()
) -> None:
    """Show an answer with its evidence."""
    reply.content = await took(state, answer) + cards.answer_markdown(answer)
    reply.elements += await asyncio.to_thread(evidence_of, state, answer, steps)
    await reply.send()


def evidence_of(state: AppState, answer: Any, steps: Sequence[str] = ()) -> list[Any]:
    """Elements of an answer: the videos that it proposes, and its player. Reads files."""
    props = cards.player(state.library, state.proxies, answer, steps)
    props["compare"] = _comparing(state, answer)
    props["sees"] = state.agent.toolbox.classify in state.agent.toolbox.tools()
    shown = [element("EvidencePlayer", props)] if props["cards"] or props["quiet"] else []
    return [*job_elements(state, answer), *shown]


def _comparing(state: AppState, answer: Any) -> str:
    """Page on which the question is asked of two videos side by side; empty where there is one."""
    videos = list(dict.fromkeys(one.evidence.video for one in answer.evidence or answer.nearest))
    if not videos or len(state.library.catalog.entries(2)) < 2:
        return ""
    return f"/library/compare?{urlencode({'video': ','.join(videos[:2]), 'q': answer.question})}"
