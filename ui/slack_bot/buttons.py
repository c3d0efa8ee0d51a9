"""Buttons below an answer: more of it, a closer look, a clip, a summary, an opinion."""

import asyncio
from functools import partial
from pathlib import Path

from agent.ask import Answer
from agent.history import Rating, answers, rate
from tools.errors import VideoError
from tools.export.clips import LONGEST, clip_name
from tools.export.moments import moments_of
from ui.render import without_paths
from ui.slack_bot.answering import answer
from ui.slack_bot.blocks import moment, sections, shown
from ui.slack_bot.desk import Desk, conversation_of
from ui.slack_bot.journal import Event
from ui.slack_bot.making import decide
from ui.slack_bot.reading import DECISIONS
from ui.slack_bot.words import escaped, say
from ui.web.state import AppState

MORE = 6
"""Moments that the button for more shows."""


async def press(desk: Desk, state: AppState, event: Event) -> None:
    """Do as a button asks, about an answer of this thread, for who is in its channel."""
    given = await answers(state.agent, conversation_of(event))
    pressed = next((one for one in given if one.turn == int(event.value)), None)
    about = pressed and (pressed.jobs if event.action in DECISIONS else shown(pressed))
    text = say(f"pressed_{event.action}") if about else say("gone")
    may = await desk.poster.private(event, text)
    if not (may or event.is_direct) or pressed is None or not about:
        return
    match event.action:
        case "more":
            await _more(desk, state, event, pressed)
        case "closer":
            question = say("closer_at", handle=shown(pressed)[0].handle)
            await answer(desk, state, event, question, heading=question)
        case "clip":
            await _clip(desk, state, event, pressed)
        case "summary":
            video = shown(pressed)[0].evidence.video
            title = (await asyncio.to_thread(state.library.get, video)).title
            heading = say("summary_of", name=title)
            asked = say("summarize")
            await answer(desk, state, event, asked, videos=(video,), heading=heading)
        case "make" | "not_now":
            await decide(desk, state, event, pressed.jobs[0])
        case opinion:
            rating = Rating(pressed.turn, opinion == "helpful")
            await rate(state.agent, conversation_of(event), rating)


async def _more(desk: Desk, state: AppState, event: Event, pressed: Answer) -> None:
    there = {one.evidence.id for one in shown(pressed)}
    search = partial(state.agent.toolbox.search, pressed.question, limit=MORE + len(there))
    found = await asyncio.to_thread(search)
    fresh = [one for one in found if one.id not in there][:MORE]
    lines = [say("more_of"), *(moment(one, partial(desk.link, event)) for one in fresh)]
    text = "\n".join(lines) if fresh else say("no_more")
    await desk.say(event, "answer", text, sections(text))


async def _clip(desk: Desk, state: AppState, event: Event, pressed: Answer) -> None:
    """Cut the first moment of an answer, and send it into the thread."""
    if await desk.posted(event, "clip"):
        return
    try:
        cited = [(one.evidence, one.handle) for one in shown(pressed)]
        moments = await asyncio.to_thread(moments_of, state.library, cited)
        if not moments:
            await desk.say(event, "answer", say("no_clip"))
            return
        first = moments[0]
        video = await asyncio.to_thread(state.library.get, first.evidence.video)
        end = min(first.end, first.start + LONGEST)
        clip = await state.exports.clip(video, first.start, end)
    except VideoError as error:
        await desk.say(event, "answer", escaped(without_paths(state.library, str(error))))
        return
    name, told = clip_name(video, clip.start, clip.end), escaped(first.note)
    where = {"channel_id": event.channel, "thread_ts": event.thread, "initial_comment": told}
    if sent := await desk.poster.send([(name, Path(clip.path), first.note)], **where):
        await desk.note(event, "clip", sent[0])
