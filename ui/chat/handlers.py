"""The chat in the browser: greets, takes videos in, answers with cited frames and a player."""

import asyncio
import functools
import logging
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import chainlit as cl

from tools.errors import Interrupted, RefusedRequest, VideoError
from tools.files.disk import SPARE_BYTES, Note, disk_state, write_to_first
from ui.chat import cards
from ui.chat.timeline import timeline, timeline_asked
from ui.web.jobs import Job
from ui.web.state import Desk

QUESTIONS = (
    "What happens in this video?",
    "What is said at the beginning?",
    "What text appears on screen?",
)
OURS = "chat-"
"""How the threads of this door begin."""
TITLE = 60
"""Characters of a question on a button."""
PAUSE = 0.4
"""Seconds between two updates of a message."""
SORRY = "Something went wrong here. The log of the server says what."
_log = logging.getLogger(__name__)
_Handler = Callable[..., Awaitable[None]]
_background: set[asyncio.Task[None]] = set()
"""asyncio forgets tasks that nobody holds."""


def register(desk: Desk) -> None:
    """Give Chainlit its handlers, bound to one desk."""

    @cl.on_chat_start
    @_answerable
    async def start() -> None:
        await _greet(desk)

    @cl.on_message
    @_answerable
    async def message(message: cl.Message) -> None:
        pictures = [one for one in message.elements or () if str(one.mime).startswith("image/")]
        videos = await _take_in(
            desk, [one for one in message.elements or () if one not in pictures]
        )
        text = message.content.strip()
        command, _, rest = text.partition(" ")
        if command == "/open":
            await _open(desk, rest.strip())
        elif (named := await asyncio.to_thread(timeline_asked, desk.library, text)) is not None:
            await _show_timeline(desk, named)
        elif pictures:
            for picture in pictures:
                if len(pictures) > 1:
                    await cl.Message(f"**{cards.plain(picture.name)}**:").send()
                await _look_for(desk, text or "Where is this?", str(picture.id))
        elif text and (videos or not message.elements):
            await _ask(desk, text)

    @cl.action_callback("choose")
    @_answerable
    async def choose(action: cl.Action) -> None:
        await _choose(desk, str(action.payload.get("video", "")))

    @cl.action_callback("resume")
    @_answerable
    async def resume(action: cl.Action) -> None:
        await _resume(desk, str(action.payload.get("thread", "")))

    @cl.action_callback("timeline")
    @_answerable
    async def draw(action: cl.Action) -> None:
        await _show_timeline(desk, str(action.payload.get("video", "")))

    @cl.action_callback("alike")
    @_answerable
    async def alike(action: cl.Action) -> None:
        handle, id = action.payload.get("handle"), str(action.payload.get("id", ""))
        await _ask(desk, f"More like [{handle}]", like=id)

    cl.data_layer(_no_store)


def _no_store() -> Any:
    """Chats are kept nowhere but in the agent's own store."""


def _answerable(handler: _Handler) -> _Handler:
    """What goes wrong is told in one sentence; what nobody foresaw is only logged."""

    @functools.wraps(handler)  # Chainlit passes what the signature names
    async def wrapped(*arguments: Any, **named: Any) -> None:
        try:
            await handler(*arguments, **named)
        except VideoError as error:
            await cl.Message(cards.plain(str(error))).send()
        except Exception as error:
            if why := disk_state(error):
                _log.warning("chat: %s", error)
                await cl.Message(cards.plain(Note(why, ("all",)).text)).send()
            else:
                _log.exception("chat")
                await cl.Message(SORRY).send()

    return wrapped


async def _greet(desk: Desk) -> None:
    videos = await asyncio.to_thread(desk.library.list)
    chosen = (videos[0].id,) if len(videos) == 1 else ()
    cl.user_session.set("videos", chosen)
    if not videos:
        text = (
            "Hello! There is no video here yet. **Drop one into this window** or use the "
            "paper-clip; you can ask about it seconds later, and every answer shows the frames "
            "it rests on."
        )
    elif len(videos) == 1:
        title = f"**{cards.plain(videos[0].title)}**"
        text = f"Hello! {title} is loaded. Ask me anything about it."
        if videos[0].state != "ready":
            so_far = cards.plain(cards.pending(videos[0]))
            text = f"Hello! {title} is here, but {so_far}. Ask me about what is there so far."
    else:
        text = f"Hello! Ask about all {len(videos)} videos, or choose one."
    shelf = await asyncio.to_thread(cards.shelf, desk.library, chosen, QUESTIONS)
    earlier = list[cl.Action]()
    try:
        earlier = await _earlier(desk) if videos else []
    except Interrupted as error:
        text += f"\n\n*{cards.plain(str(error))}*"
    await cl.Message(
        text, elements=[_element("Library", shelf)] if videos else [], actions=earlier
    ).send()


async def _earlier(desk: Desk) -> list[cl.Action]:
    """Conversations to go on with."""
    from agent.history import conversations

    return [
        cl.Action(
            name="resume",
            payload={"thread": one.thread},
            label=f"Go on: {cards.short(one.title, TITLE)}",
        )
        for one in await conversations(desk.agent, OURS)
    ]


async def _resume(desk: Desk, thread: str) -> None:
    """Show a conversation again, with its frames, and go on with it."""
    from agent.history import answers

    if not thread.startswith(OURS):
        raise RefusedRequest("There is no such conversation here.")
    told = await answers(desk.agent, thread)
    cl.user_session.set("thread", thread)
    for one in told:
        await cl.Message(cards.plain(one.question), type="user_message").send()
        await _show(desk, cl.Message(""), one)
    await cl.Message("We can go on from here.").send()


async def _choose(desk: Desk, id: str) -> None:
    if not id:
        cl.user_session.set("videos", ())
        await cl.Message("Questions now go to **all videos**.").send()
        return
    video = await asyncio.to_thread(desk.library.get, id)
    cl.user_session.set("videos", (video.id,))
    await cl.Message(
        f"Questions now go to **{cards.plain(video.title)}**.",
        actions=[*_all_videos(), _timeline_of(video.id)],
    ).send()


async def _show_timeline(desk: Desk, named: str) -> None:
    """Of the named video, else of the one that questions go to."""

    def make() -> tuple[str, dict[str, Any]]:
        refs = (named,) if named else cl.user_session.get("videos")
        refs = refs or [video.id for video in desk.library.list()]
        if len(refs) != 1:
            raise RefusedRequest("Of which video? Choose one above, or write its title.")
        video = desk.library.get(refs[0])
        return video.title, timeline(desk.library, video.id)

    title, props = await asyncio.to_thread(make)
    await cl.Message(
        f"**{cards.plain(title)}** along its time.", elements=[_element("Timeline", props)]
    ).send()


def _timeline_of(video: str) -> cl.Action:
    return cl.Action(name="timeline", payload={"video": video}, label="Timeline")


def _all_videos() -> list[cl.Action]:
    return [cl.Action(name="choose", payload={"video": ""}, label="Ask all videos instead")]


# Taking videos in


async def _take_in(desk: Desk, elements: Sequence[Any]) -> list[str]:
    """Index what is attached; returns once all of it can be asked about."""
    jobs: list[Job] = []
    for element in elements:
        upload = await asyncio.to_thread(desk.uploads.accept, str(element.id))
        if upload is None:  # another server on this library took it up, or it was never sent
            await cl.Message(
                f"**{cards.plain(element.name)}** is no longer waiting here: if it is not among "
                "your videos, attach it again."
            ).send()
            continue
        job = desk.intake.start(
            upload.path,
            upload.title,
            take=True,
            after=lambda upload=upload: desk.uploads.forget(upload),
        )
        jobs.append(job)
        await _follow(desk, job, str(element.id))
    return await _usable(desk, jobs)


async def _open(desk: Desk, name: str) -> None:
    path = await asyncio.to_thread(_allowed, desk.settings.roots, name)
    job = desk.intake.start(path, path.stem)
    await _follow(desk, job)
    await _usable(desk, [job])


def _allowed(roots: Sequence[Path], name: str) -> Path:
    """The file, if it lies in a root. The refusal is the same where there is none."""
    try:
        path = Path(name).expanduser().resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in roots)
        if inside and path.is_file():
            return path
    except (OSError, ValueError, RuntimeError):
        pass
    raise RefusedRequest(
        "I can't open that. Only videos in the folders named in CUEPOINT_ROOTS can be opened by "
        "their path; drop the file into this window instead."
    )


async def _usable(desk: Desk, jobs: Sequence[Job]) -> list[str]:
    """Wait until each can be asked about, and ask those from now on."""
    found = [video.id for job in jobs if (video := await job.until_usable())]
    if found:
        cl.user_session.set("videos", tuple(found))
    return found


async def _follow(desk: Desk, job: Job, file: str | None = None) -> None:
    """Show a job in a message of its own and keep that message up to date."""
    element = _element("Indexing", _state(job))
    message = cl.Message(_told(job), elements=[element])
    await message.send()
    session = cl.context.session

    async def watch() -> None:
        async for _ in job.changes(PAUSE):
            element.props = _state(job)
            if not job.over:
                await element.update()
                if message.content != _told(job):
                    message.content = _told(job)
                    await message.update()
        if job.done:
            if file in session.files:
                session.files[file]["video"] = job.done.id  # type: ignore[typeddict-unknown-key]
            message.actions = [_timeline_of(job.done.id)]
        message.content = _told(job)
        element.props = _state(job)
        await message.update()

    task = asyncio.create_task(watch())
    _background.add(task)
    task.add_done_callback(_background.discard)


def _told(job: Job) -> str:
    """How far a job is, as one message."""
    title = f"**{cards.plain(job.title)}**"
    if job.trouble:
        return f"{title}: {cards.plain(job.trouble)}"
    if job.done and job.done.state == "ready":
        return f"{title} is ready."
    if job.done:
        why = {s.note: None for s in job.done.stages.values() if s.state == "failed" and s.note}
        rest = "; ".join((cards.pending(job.done), *why))
        return f"{title} can be asked about, but {cards.plain(rest)}."
    if job.paused:
        return (
            f"{title} stopped in the middle, because the disk is full. It goes on by itself as "
            f"soon as {SPARE_BYTES >> 20} MB are free. "
            + ("You can ask about what is there so far." if job.usable else "Ask about it then.")
        )
    return f"Indexing {title} …"


def _state(job: Job) -> dict[str, Any]:
    stage = job.progress.stage if job.progress else ""
    return {
        "title": job.title,
        "stage": cards.STAGE_NAMES.get(stage, "waiting for its turn"),
        "fraction": round(job.fraction, 3),
        "remaining": job.progress.remaining if job.progress else None,
        "usable": job.usable is not None,
        "over": job.over,
        "failed": job.trouble is not None,
    }


# Answering


async def _look_for(desk: Desk, question: str, file: str) -> None:
    """Answer with the moments that look like an attached picture, which is on disk until then."""
    content = cl.context.session.files[file]["content"]  # type: ignore[typeddict-item]
    folder = await asyncio.to_thread(
        write_to_first, lambda folder: (folder / "picture.jpg").write_bytes(content)
    )
    try:
        await _ask(desk, question, like=folder / "picture.jpg")
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _ask(desk: Desk, question: str, like: Path | str | None = None) -> None:
    from agent.ask import Answer, Token, ToolStarted, ask

    if not await asyncio.to_thread(desk.library.list):
        raise RefusedRequest("There is no video to ask about yet: drop one into this window.")
    reply = cl.Message("")
    raw, shown = "", 0.0
    videos = cl.user_session.get("videos") or ()
    thread = cl.user_session.get("thread")
    async with AsyncExitStack() as open_step:
        async for event in ask(
            desk.agent, question, videos=videos, thread=thread, like=like, prefix=OURS
        ):
            await open_step.aclose()
            if isinstance(event, ToolStarted):
                await open_step.enter_async_context(_tool(event.name, event.arguments))
            elif isinstance(event, Token):
                raw += event.text
                if time.monotonic() - shown > 0.05:
                    shown = time.monotonic()
                    await reply.stream_token(cards.plain(raw), is_sequence=True)
            elif isinstance(event, Answer):
                await _show(desk, reply, event)


@asynccontextmanager
async def _tool(name: str, arguments: Mapping[str, Any]) -> AsyncIterator[None]:
    """A step of a tool that runs, closed with its error where it ends in one."""
    step = cl.Step(name=name.replace("_", " "), type="tool", show_input="json")
    step.input = dict(arguments)
    failed: Exception | None = None
    async with step:
        try:
            yield
        except Exception as error:
            step.is_error, failed = True, error
            step.output = str(error) if isinstance(error, VideoError) else SORRY
    if failed:
        raise failed


async def _show(desk: Desk, reply: cl.Message, answer: Any) -> None:
    cl.user_session.set("thread", answer.thread)
    handles = [one.handle for one in (*answer.evidence, *answer.nearest)]
    reply.content = cards.with_handles(answer.answer, handles) + cards.quiet(answer.notes)
    props = await asyncio.to_thread(cards.player, desk.library, desk.proxies, answer)
    box = desk.agent.toolbox
    can = await asyncio.to_thread(box.tools)
    props["sees"] = box.classify in can  # which needs a model that sees, too
    if props["cards"] or props["coverage"]:
        reply.elements.append(_element("EvidencePlayer", props))
    await reply.send()


def _element(name: str, props: dict[str, Any]) -> Any:
    # With an address it is not written to a file each time it changes.
    return cl.CustomElement(name=name, props=props, display="inline", url="/public/elements")
