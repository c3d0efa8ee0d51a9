"""Questions in Slack: asked, written as a stream where a language model writes, shown, stopped."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path

from agent.ask import Answer, Token, ask
from agent.ask import Event as Told
from agent.settings import EXTRACTIVE
from tools.errors import NotIndexed, VideoError
from ui.mcp_server.pictures import pictured
from ui.render import label, printable, without_paths
from ui.slack_bot.blocks import (
    ALTERNATIVE,
    PICTURES,
    answer_blocks,
    context,
    messages,
    shown,
    words_of,
)
from ui.slack_bot.desk import Desk, Running, conversation_of
from ui.slack_bot.journal import Event
from ui.slack_bot.poster import Upload
from ui.slack_bot.stream import Stream
from ui.slack_bot.words import escaped, say
from ui.web.state import AppState


async def answer(
    desk: Desk,
    state: AppState,
    event: Event,
    question: str,
    *,
    videos: Sequence[str] = (),
    like: Path | None = None,
    heading: str = "",
) -> None:
    """Answer a question in its thread, in one message; `heading` says what a button asked."""
    running = desk.running[event]
    running.is_shown = await desk.poster.begin(event, question)
    ts = await desk.posted(event, "answer")
    if not ts and not running.is_shown:
        ts = await desk.say(event, "answer", say("looking"))
        if not ts:
            return
    stream = Stream(desk.poster.api, event, partial(desk.note, event, "answer"))
    thread = conversation_of(event)
    asked = ask(state.agent, question, videos=videos, thread=thread, like=like)
    try:
        given = await _written(desk, state, running, asked, stream)
    except VideoError as error:
        why = escaped(without_paths(state.library, str(error)))
        if isinstance(error, NotIndexed) and not await asyncio.to_thread(state.library.titles, 1):
            why = say("empty")
        await desk.say(event, "answer", why, ts=stream.ts or ts)
    else:
        if given is None:
            await desk.say(event, "answer", say("stopped_asking"), ts=stream.ts or ts)
            return
        await _show(desk, state, event, stream.ts or ts, given, heading)
        if running.is_shown and not given.turn:
            await desk.poster.rename(event, question)


async def _written(
    desk: Desk,
    state: AppState,
    running: Running,
    asked: AsyncGenerator[Told],
    stream: Stream,
) -> Answer | None:
    """The answer, as it was written; None where a person stopped it. Rules write nothing before."""
    events: asyncio.Queue[Told | None] = asyncio.Queue()
    writes = state.agent.model_name != EXTRACTIVE

    async def pump() -> None:
        async with desk.free, aclosing(asked):
            with state.answering():
                async for one in asked:
                    events.put_nowait(one)

    running.asked = task = asyncio.create_task(pump())
    task.add_done_callback(lambda _: events.put_nowait(None))
    if running.stopped:
        task.cancel()
    given: Answer | None = None
    try:
        while (one := await events.get()) is not None:
            if isinstance(one, Answer):
                given = one
            elif isinstance(one, Token) and writes and not running.stopped:
                await stream.feed(one.text)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
    await stream.close()
    if given is None and running.stopped:
        return None
    task.result()  # raises what went wrong
    return given


async def _show(
    desk: Desk, state: AppState, event: Event, ts: str, given: Answer, heading: str
) -> None:
    """Show an answer in a message, and what is too long for it in others."""
    pictures = await _pictures(desk, state, given)
    titles = await asyncio.to_thread(_titles, state, given)
    blocks = answer_blocks(given, partial(desk.link, event), pictures, titles)
    first, *rest = messages([*([context(heading)] if heading else []), *blocks])
    text = words_of(given)
    if await desk.say(event, "answer", text, first, ts):
        for number, part in enumerate(rest, 1):
            await desk.say(event, f"answer {number}", text, part)


async def _pictures(desk: Desk, state: AppState, given: Answer) -> dict[int, str]:
    """Frames of an answer as ids of files of Slack, by handle."""
    cited = shown(given)

    def load() -> list[tuple[int, Upload]]:
        found: list[tuple[int, Upload]] = []
        evidence, handles = [one.evidence for one in cited], [one.handle for one in cited]
        for handle, one, image in pictured(state.library, evidence, handles)[:PICTURES]:
            with suppress(VideoError, OSError):  # the text says what it shows
                content = state.library.picture(image).read_bytes()
                text = printable(label(one, handle))[: ALTERNATIVE // 2]
                found.append((handle, (f"frame-{handle}.jpg", content, text)))
        return found

    loaded = await asyncio.to_thread(load)
    files = await desk.poster.send([picture for _, picture in loaded])
    return dict(zip((handle for handle, _ in loaded), files, strict=False))


def _titles(state: AppState, given: Answer) -> dict[str, str]:
    found: dict[str, str] = {}
    for video in {one.evidence.video for one in shown(given)}:
        with suppress(VideoError):  # removed meanwhile
            found[video] = state.library.get(video).title
    return found
