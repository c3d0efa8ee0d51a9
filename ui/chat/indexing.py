"""Indexing from the chat: files, subtitles and paths, each followed in a message of its own.

Nothing here waits for an index.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import chainlit as cl

from tools.errors import RefusedRequest, VideoError
from tools.files.disk import SPARE_BYTES
from tools.media import Video
from ui.chat import cards
from ui.chat.arrival import arrival, mended
from ui.chat.askable import expect, widen_scope
from ui.chat.cards import escape_markdown
from ui.chat.chat_settings import indexing_options
from ui.chat.elements import element, timeline_action
from ui.chat.reporting import in_background
from ui.chat.scope import follow_scope
from ui.chat.wording import say
from ui.render import remarks
from ui.web.fetching import index_address
from ui.web.jobs import Job
from ui.web.state import AppState
from ui.web.uploads import Upload

PAUSE = 0.4
"""Seconds between two updates of a message."""
EXAMPLE = "lighthouse"
"""Title of the sample video."""
CARDS = 6
"""Videos of one message that get a card each; where more come, each gets a line."""
_CARDS = "cards"
"""What a session keeps its cards under, by video."""


async def take_in(state: AppState, elements: Sequence[Any]) -> list[Job]:
    """Begin to index what is attached, and follow it; returns the jobs at once."""
    files = cl.context.session.files
    subtitles = [one for one in elements if "subtitles" in files.get(str(one.id), {})]
    uploads: list[Upload] = []
    for attached in (one for one in elements if one not in subtitles):
        upload = await asyncio.to_thread(state.uploads.accept, str(attached.id))
        if upload:
            uploads.append(upload)
            continue
        # Another server on this library took it up, or it was never sent.
        name = escape_markdown(attached.name)
        await cl.Message(say("indexing.gone", name=name)).send()
    for one in subtitles:
        name, content = one.name, files[str(one.id)]["subtitles"]  # type: ignore[typeddict-item]
        if upload := _fitting(name, uploads):
            await asyncio.to_thread(state.uploads.add_subtitles, upload.id, name, content)
        else:
            await _place_subtitles(state, str(one.id), name)
    jobs = [state.index_upload(upload, **indexing_options()) for upload in uploads]
    expect(jobs)
    for job, upload in zip(jobs, uploads, strict=True):
        await _follow(state, job, upload.id, with_card=len(jobs) <= CARDS)
    return jobs


def _fitting(name: str, uploads: Sequence[Upload]) -> Upload | None:
    """The video sent along that subtitles belong to: by its name, or the only one."""
    fitting = [one for one in uploads if _named_alike(name, one.title)]
    return (fitting or list(uploads))[0] if fitting or len(uploads) == 1 else None


def _named_alike(subtitles: str, title: str) -> bool:
    """True of `talk.srt` and `talk.en.srt`, and a video called `talk`."""
    stem = Path(subtitles).stem.casefold()
    return stem == title.casefold() or stem.startswith(f"{title.casefold()}.")


async def _place_subtitles(state: AppState, file: str, name: str) -> None:
    """Give subtitles to the video of the library that is called like them, or ask which it is."""
    videos = await asyncio.to_thread(state.library.list)
    alike = [video for video in videos if _named_alike(name, video.title)]
    if len(alike) == 1:
        return await add_subtitles(state, file, alike[0].id)
    if not videos:
        await cl.Message(say("indexing.no_video", name=escape_markdown(name))).send()
        return
    scope = cl.user_session.get("videos") or ()
    offered = sorted(alike or videos, key=lambda video: video.id not in scope)
    await cl.Message(
        say("indexing.whose", name=escape_markdown(name)),
        actions=[
            cl.Action(
                name="subtitles",
                payload={"file": file, "video": video.id},
                label=cards.truncated(video.title, 60),
            )
            for video in offered[:12]
        ],
    ).send()


async def add_subtitles(state: AppState, file: str, video: str) -> None:
    """Read subtitles that were attached for a video that is there."""
    known = cl.context.session.files.get(file, {})
    if "subtitles" not in known:
        raise RefusedRequest(say("indexing.subtitles_gone"))
    id = (await asyncio.to_thread(state.library.get, video)).id
    path = await asyncio.to_thread(
        state.uploads.add_subtitles, file, str(known["name"]), known["subtitles"]
    )
    await _follow(
        state, await state.add_subtitles(id, Upload(file, path.name, path.parent.with_suffix("")))
    )


async def open_path(state: AppState, name: str) -> None:
    """Index a file of a root by its path."""
    path = await asyncio.to_thread(_allowed_path, state.settings.roots, name)
    await _begin(state, path)


async def open_address(state: AppState, text: str) -> None:
    """Fetch a video from an address, if that is switched on, and index it."""
    job = index_address(state, text)
    expect([job])
    await _follow(state, job)


async def _begin(state: AppState, path: Path) -> None:
    job = state.jobs.start(path, path.stem)
    expect([job])
    await _follow(state, job)


def _allowed_path(roots: Sequence[Path], name: str) -> Path:
    """Path of a file that lies in a root. The refusal is the same where there is none."""
    with suppress(OSError, ValueError, RuntimeError):
        path = Path(name).expanduser().resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in roots)
        if inside and path.is_file():
            return path
    raise RefusedRequest(say("indexing.outside"))


def example() -> Path | None:
    """The sample video, where the program runs from its repository."""
    path = Path(__file__).parents[2] / f"samples/{EXAMPLE}.mp4"
    return path if path.is_file() else None


async def try_example(state: AppState) -> None:
    """Index the sample video."""
    path = await asyncio.to_thread(example)
    if path is None:
        raise RefusedRequest(say("indexing.no_example"))
    await _begin(state, path)


async def watch(state: AppState, id: str) -> None:
    """Show the card of a video of the library."""
    await _show(state, await asyncio.to_thread(state.library.get, id), True, seek=True)


async def mend(state: AppState, video: str, what: str) -> None:
    """Mend what is weak in a video, in the background: it can be asked meanwhile."""

    async def run() -> None:
        known = await asyncio.to_thread(state.library.get, video)
        if job := await mended(state, known.id, what):
            await _follow(state, job)

    in_background(state, run())


def _session_cards() -> dict[str, list[Any]]:
    shown: Any = cl.user_session.get(_CARDS)
    if shown is None:
        cl.user_session.set(_CARDS, shown := {})
    return shown


async def _follow(
    state: AppState, job: Job, file: str | None = None, with_card: bool = True
) -> None:
    """Show a job in a message of its own and keep that message up to date."""
    message = cl.Message(_job_text(job))
    await message.send()
    session = cl.context.session

    async def follow() -> None:
        card: Any = None
        async for _ in job.changes(PAUSE):
            video = job.done or job.usable
            if job.done and file in session.files:
                session.files[file]["video"] = job.done.id  # type: ignore[typeddict-unknown-key]
            widen_scope(job)
            await follow_scope(state)
            shown, message.content = message.content, _job_text(job)
            if card and job.stopped == "cancelled":
                await card.remove()
                card, message.elements = None, []
            if video and with_card and not job.stopped and (job.over or card is None):
                props = await asyncio.to_thread(_props, state, video.id)
                if props and card is None and not job.known:
                    card = element("Arrival", props)
                    message.elements = [card]
                    _session_cards().setdefault(video.id, []).append(card)
                    shown = ""
                elif props and job.over:
                    for one in _session_cards().get(video.id, ()):
                        one.props = {**props, "seek": False}
                        await one.update()
            if job.done:
                message.actions = _actions(job.done.id, not with_card)
            if job.over or message.content != shown:
                await message.update()  # and its elements

    in_background(state, follow())


def _actions(video: str, watchable: bool) -> list[cl.Action]:
    """Buttons below a video that is there."""
    watching = cl.Action(name="watch", payload={"video": video}, label=say("indexing.watch"))
    return [*([watching] if watchable else []), timeline_action(video)]


async def announce_coming(state: AppState) -> None:
    """Announce in a new chat what is still on its way, once it is there."""
    coming = [job for job in state.jobs.listed.values() if not (job.over or job.known)]

    async def announce(job: Job) -> None:
        async for _ in job.changes(PAUSE):
            pass
        if job.done:
            await _show(state, job.done, len(coming) <= CARDS)
        elif job.stopped != "cancelled":
            await cl.Message(_job_text(job)).send()

    for job in coming:
        in_background(state, announce(job))


async def _show(state: AppState, video: Video, with_card: bool, seek: bool = False) -> None:
    """Show a video that is there, with its card."""
    props = await asyncio.to_thread(_props, state, video.id) if with_card else None
    message = cl.Message(_announcement(video), actions=_actions(video.id, not props))
    if props:
        card = element("Arrival", {**props, "seek": seek})
        _session_cards().setdefault(video.id, []).append(card)
        message.elements = [card]
    await message.send()


def _props(state: AppState, id: str) -> dict[str, Any] | None:
    """Properties of a card; None of a video that is gone, or can't be told of yet."""
    with suppress(VideoError):
        return arrival(state, id)
    return None


def _job_text(job: Job) -> str:
    """State of a job, as one message."""
    title = f"**{escape_markdown(job.title)}**"
    if job.trouble:
        return f"{title}: {escape_markdown(job.trouble)}"
    if job.done:
        return _announcement(job.done, job.title)
    if job.stopped == "cancelled":
        return say("indexing.left" if job.known else "indexing.cancelled", title=title)
    if job.stopped and job.fetch:
        return say("indexing.fetch_paused", title=title)
    if job.stopped:
        return say("indexing.paused", title=title)
    if job.paused:
        now = say("indexing.ask_so_far" if job.usable else "indexing.ask_then")
        return f"{say('indexing.full', title=title, size=SPARE_BYTES >> 20)} {now}"
    if job.known:
        return say("indexing.improving", title=title)
    if job.usable:
        return say("indexing.usable", title=title)
    return say("indexing.fetching" if job.fetch else "indexing.begun", title=title)


def _announcement(video: Video, name: str = "") -> str:
    """A video that is there, with the damage and what else was found."""
    title = f"**{escape_markdown(name or video.title)}**"
    if video.state == "ready":
        found = (f"- {escape_markdown(one)}" for one in remarks(video))
        return "\n".join((say("indexing.ready", title=title), *found))
    why = {s.note: None for s in video.stages.values() if s.state == "failed" and s.note}
    rest = "; ".join((cards.pending_stages(video), *why))
    return say("indexing.unfinished", title=title, rest=escape_markdown(rest))
