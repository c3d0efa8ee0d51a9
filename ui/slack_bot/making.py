"""Videos that are proposed in Slack: decided on by a button, made, sent into the thread."""

import asyncio
from pathlib import Path

from tools.errors import VideoError
from tools.generate.job import GenerationJob
from ui.render import without_paths
from ui.slack_bot.desk import Desk
from ui.slack_bot.journal import Event
from ui.slack_bot.words import escaped, say
from ui.web.state import AppState


async def decide(desk: Desk, state: AppState, event: Event, job: GenerationJob) -> None:
    """Do as who pressed decided; a video that is made comes in the thread, once."""
    yes, by = event.action == "make", f"slack {event.user}"
    place = f"{event.team}/{event.channel}/{job.id}"
    try:
        await state.agent.approvals.decide(job.id, yes, by)
    except VideoError as error:  # somebody was faster, or it would go over the budget
        known = await asyncio.to_thread(state.agent.approvals.jobs.get, job.id)
        again = yes and known.approved_by == by
        if not (again and await desk.noted(desk.journal.claim, place, event)):
            await _tell(desk, state, event, str(error))
            return  # else the same press was begun before a stop
    if not yes:
        await desk.say(event, "making", say("pressed_not_now"))
    if not (yes and await desk.noted(desk.journal.claim, place, event)):
        return
    state.making.start(job.id)
    ts = told = ""
    last = job
    async for last in state.making.follow(job.id):
        text = say("making", percent=round(last.progress * 100))
        if text != told and not last.over:
            told, ts = text, await desk.say(event, "making", text, ts=ts)
    if last.state != "done":
        await _tell(desk, state, event, last.error or last.state, ts)
        return
    if await desk.posted(event, "made"):
        return
    await desk.say(event, "making", say("made"), ts=ts)
    files = [(Path(one.path).name, Path(one.path), job.request.prompt) for one in last.outputs]
    if sent := await desk.poster.send(files, channel_id=event.channel, thread_ts=event.thread):
        await desk.note(event, "made", sent[0])


async def _tell(desk: Desk, state: AppState, event: Event, why: str, ts: str = "") -> None:
    text = say("not_made", why=escaped(without_paths(state.library, why)))
    await desk.say(event, "making", text, ts=ts)
