"""Indexing from the chat: files, subtitles and paths, each followed in a message of its own.

Nothing here waits for an index: what can be asked is asked at once, and a question about what
can't be asked yet waits in the background.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import chainlit as cl

from tools.errors import RefusedRequest, VideoError
from tools.files.disk import SPARE_BYTES
from tools.media import Video
from ui.chat import cards
from ui.chat.answering import ask
from ui.chat.arrival import arrival, mended
from ui.chat.cards import escape_markdown
from ui.chat.elements import element, timeline_action
from ui.chat.reporting import reports_errors
from ui.chat.scope import follow_scope
from ui.render import remarks
from ui.web.jobs import Job
from ui.web.state import AppState
from ui.web.uploads import Upload

PAUSE = 0.4
"""Seconds between two updates of a message."""
EXAMPLE = "lighthouse"
"""Title of the sample video."""
NAMED = 4
"""Videos that are named in one sentence, at most."""
_JOBS, _CARDS, _ARRIVING, _ASKING = "jobs", "cards", "arriving", "asking"
"""What a session keeps: its jobs, its cards by video, how arrivals widen the scope, and a lock."""
_background: set[asyncio.Task[None]] = set()
"""Running tasks: asyncio itself keeps only weak references to them."""


def _in_background(work: Coroutine[Any, Any, None]) -> None:
    """Run something beside the chat; its errors are told in it."""

    async def run() -> None:
        await work

    task = asyncio.ensure_future(reports_errors(run)())
    _background.add(task)
    task.add_done_callback(_background.discard)


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
        await cl.Message(
            f"**{name}** is no longer waiting here: if it is not among your videos, attach it "
            "again."
        ).send()
    for one in subtitles:
        name, content = one.name, files[str(one.id)]["subtitles"]  # type: ignore[typeddict-item]
        if upload := _fitting(name, uploads):
            await asyncio.to_thread(state.uploads.add_subtitles, upload.id, name, content)
        else:
            await _place_subtitles(state, str(one.id), name)
    jobs = [state.index_upload(upload) for upload in uploads]
    _expect(jobs)
    for job, upload in zip(jobs, uploads, strict=True):
        await _follow(state, job, upload.id)
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
        await cl.Message(
            f"**{escape_markdown(name)}** holds subtitles. Drop its video, too: there is none yet."
        ).send()
        return
    scope = cl.user_session.get("videos") or ()
    offered = sorted(alike or videos, key=lambda video: video.id not in scope)
    await cl.Message(
        f"Which video do the subtitles **{escape_markdown(name)}** belong to?",
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
        raise RefusedRequest("These subtitles are no longer waiting here: attach them again.")
    id = (await asyncio.to_thread(state.library.get, video)).id
    path = await asyncio.to_thread(
        state.uploads.add_subtitles, file, str(known["name"]), known["subtitles"]
    )
    await _follow(
        state, state.add_subtitles(id, Upload(file, path.name, path.parent.with_suffix("")))
    )


async def open_path(state: AppState, name: str) -> None:
    """Index a file of a root by its path."""
    path = await asyncio.to_thread(_allowed_path, state.settings.roots, name)
    await _begin(state, path)


async def _begin(state: AppState, path: Path) -> None:
    job = state.jobs.start(path, path.stem)
    _expect([job])
    await _follow(state, job)


def _allowed_path(roots: Sequence[Path], name: str) -> Path:
    """Path of a file that lies in a root. The refusal is the same where there is none."""
    with suppress(OSError, ValueError, RuntimeError):
        path = Path(name).expanduser().resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in roots)
        if inside and path.is_file():
            return path
    raise RefusedRequest(
        "I can't open that. Only videos in the folders named in CUEPOINT_ROOTS can be opened by "
        "their path; drop the file into this window instead."
    )


def example() -> Path | None:
    """The sample video, where the program runs from its repository."""
    path = Path(__file__).parents[2] / f"samples/{EXAMPLE}.mp4"
    return path if path.is_file() else None


async def try_example(state: AppState) -> None:
    """Index the sample video."""
    path = await asyncio.to_thread(example)
    if path is None:
        raise RefusedRequest("The example is not installed here: drop a video of your own.")
    await _begin(state, path)


async def watch(state: AppState, id: str) -> None:
    """Show the card of a video of the library."""
    video = await asyncio.to_thread(state.library.get, id)
    props = await asyncio.to_thread(arrival, state, video.id)
    card = element("Arrival", {**props, "seek": True})
    _session_cards().setdefault(video.id, []).append(card)
    await cl.Message(
        _announcement(video), elements=[card], actions=[timeline_action(video.id)]
    ).send()


async def mend(state: AppState, video: str, what: str) -> None:
    """Mend what is weak in a video, in the background: it can be asked meanwhile."""

    async def run() -> None:
        known = await asyncio.to_thread(state.library.get, video)
        if job := await mended(state, known.id, what):
            await _follow(state, job)

    _in_background(run())


async def ask_when_askable(state: AppState, question: str, sent: Sequence[Job]) -> None:
    """Answer a question about what can be asked; about what was sent with it as soon as it can be.

    Only where nothing can be asked yet is an answer waited for, in the background.
    """
    coming = [job for job in _session_jobs() if _is_coming(job)]
    awaited = list(sent)
    if not awaited and coming and not await asyncio.to_thread(state.library.list):
        awaited = coming
    if not awaited or any(job.usable or job.done for job in awaited):
        return await _ask(state, question, coming)
    note = cl.Message(f"I'll answer as soon as {_names(awaited)} can be asked: in a moment.")
    await note.send()

    async def later() -> None:
        while any(map(_is_coming, awaited)) and not any(job.usable for job in awaited):
            await asyncio.sleep(0.1)
        await note.remove()
        if any(job.usable or job.done for job in awaited):
            for job in awaited:
                _widen_scope(job)
            await follow_scope(state)
            await _ask(state, question, [job for job in _session_jobs() if _is_coming(job)])

    _in_background(later())


async def _ask(state: AppState, question: str, coming: Sequence[Job]) -> None:
    """Ask, one question after another in a chat, and say what could not be asked yet."""
    lock: Any = cl.user_session.get(_ASKING)
    if lock is None:
        cl.user_session.set(_ASKING, lock := asyncio.Lock())
    async with lock:
        if coming:
            titles: list[str] = []
            for id in cl.user_session.get("videos") or ():
                with suppress(VideoError):
                    titles.append((await asyncio.to_thread(state.library.get, id)).title)
            asked = _enumerated(titles) or "the videos that are here"
            verb = "is" if len(coming) == 1 else "are"
            await cl.Message(
                f"*Asked about {asked}; {_names(coming)} {verb} not ready to be asked yet.*"
            ).send()
        await ask(state, question)


def _is_coming(job: Job) -> bool:
    """True of a video that can't be asked yet, and will be."""
    return not (job.usable or job.over or job.paused or job.stopped)


def _names(jobs: Sequence[Job]) -> str:
    return _enumerated([job.title for job in jobs])


def _enumerated(titles: Sequence[str]) -> str:
    """Titles in one sentence."""
    named = [f"**{escape_markdown(title)}**" for title in titles[:NAMED]]
    if more := len(titles) - len(named):
        named.append(f"{more} more")
    return " and ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))


def _session_jobs() -> list[Job]:
    return cl.user_session.get(_JOBS) or []


def _session_cards() -> dict[str, list[Any]]:
    shown: Any = cl.user_session.get(_CARDS)
    if shown is None:
        cl.user_session.set(_CARDS, shown := {})
    return shown


def _expect(jobs: Sequence[Job]) -> None:
    """Let questions go to these videos, each as soon as it can be asked."""
    if jobs:
        cl.user_session.set(_JOBS, [*_session_jobs(), *jobs])
        scope = cl.user_session.get("videos") or ()
        cl.user_session.set(_ARRIVING, ({job.id for job in jobs}, (), scope))


def _widen_scope(job: Job) -> None:
    """Add a video that can be asked now to the scope, unless a person chose another one since."""
    waiting, arrived, last = cl.user_session.get(_ARRIVING) or (set[str](), (), ())
    scope, video = cl.user_session.get("videos") or (), job.usable or job.done
    if video and job.id in waiting and tuple(scope) == tuple(last):
        arrived = tuple(dict.fromkeys((*arrived, video.id)))
        cl.user_session.set("videos", arrived)
        cl.user_session.set(_ARRIVING, (waiting - {job.id}, arrived, arrived))


async def _follow(state: AppState, job: Job, file: str | None = None) -> None:
    """Show a job in a message of its own and keep that message up to date."""
    message = cl.Message(_job_text(job))
    await message.send()
    session = cl.context.session

    async def follow() -> None:
        card: Any = None
        stage = ""
        async for _ in job.changes(PAUSE):
            video = job.done or job.usable
            if job.done and file in session.files:
                session.files[file]["video"] = job.done.id  # type: ignore[typeddict-unknown-key]
            _widen_scope(job)
            await follow_scope(state)
            shown, message.content = message.content, _job_text(job)
            if card and job.stopped == "cancelled":
                await card.remove()
                card, message.elements = None, []
            now = job.progress.stage if job.progress else ""
            if video and (job.over or now != stage) and not job.stopped:
                stage = now
                props = await asyncio.to_thread(_props, state, video.id)
                if props and card is None and not job.known:
                    card = element("Arrival", props)
                    message.elements = [card]
                    _session_cards().setdefault(video.id, []).append(card)
                    shown = ""
                elif props:
                    for one in _session_cards().get(video.id, ()):
                        one.props = props
                        await one.update()
            if job.done:
                message.actions = [timeline_action(job.done.id)]
            if job.over or message.content != shown:
                await message.update()  # and its elements

    _in_background(follow())


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
        return f"{title} was " + ("left as it was." if job.known else "cancelled: nothing stays.")
    if job.stopped:
        return f"{title} is paused; it goes on from there."
    if job.paused:
        return (
            f"{title} stopped in the middle, because the disk is full. It goes on by itself as "
            f"soon as {SPARE_BYTES >> 20} MB are free. "
            + ("You can ask about what is there so far." if job.usable else "Ask about it then.")
        )
    if job.known:
        return f"{title} is being improved; you can ask about it meanwhile."
    if job.usable:
        return f"You can ask about {title} already; the rest is being read."
    return f"Indexing {title} …"


def _announcement(video: Video, name: str = "") -> str:
    """A video that is there, with the damage and what else was found."""
    title = f"**{escape_markdown(name or video.title)}**"
    if video.state == "ready":
        found = (f"- {escape_markdown(one)}" for one in remarks(video))
        return "\n".join((f"{title} is ready.", *found))
    why = {s.note: None for s in video.stages.values() if s.state == "failed" and s.note}
    rest = "; ".join((cards.pending_stages(video), *why))
    return f"{title} can be asked about, but {escape_markdown(rest)}."
