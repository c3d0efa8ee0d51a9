"""Handlers of the chat: greeting, uploads, jobs, answers with cited frames and a player."""

import asyncio
import functools
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import chainlit as cl

from tools.errors import Interrupted, RefusedRequest, VideoError
from tools.files.disk import SPARE_BYTES, Note, disk_state, write_to_first
from ui.chat import cards
from ui.chat.cards import escape_markdown
from ui.chat.model_choice import choose_model, chosen_agent, offer_models
from ui.chat.timeline import timeline, timeline_asked
from ui.progress import Countdown
from ui.render import STAGE_NAMES, remarks
from ui.web.jobs import Job
from ui.web.state import AppState

QUESTIONS = (
    "What happens in this video?",
    "What is said at the beginning?",
    "What text appears on screen?",
)
THREAD_PREFIX = "chat-"
"""Begins the names of the threads of this door."""
TITLE_LENGTH = 60
"""Characters of a question on a button."""
PAUSE = 0.4
"""Seconds between two updates of a message."""
SORRY = "Something went wrong here. The log of the server says what."
_log = logging.getLogger(__name__)
_Handler = Callable[..., Awaitable[None]]
_background: set[asyncio.Task[None]] = set()
"""Running tasks: asyncio itself keeps only weak references to them."""


def register(state: AppState) -> None:
    """Register our handlers with Chainlit, bound to one application state."""

    def on_action(name: str, run: _Handler, *keys: str) -> None:
        async def act(action: cl.Action) -> None:
            await run(state, *(str(action.payload.get(key, "")) for key in keys))

        cl.action_callback(name)(_reports_errors(act))

    cl.on_chat_start(_reports_errors(functools.partial(_greet, state)))
    cl.on_message(_reports_errors(functools.partial(_receive, state)))
    cl.on_settings_update(_reports_errors(functools.partial(choose_model, state)))
    on_action("choose", _choose, "video")
    on_action("resume", _resume, "thread")
    on_action("timeline", _show_timeline, "video")
    on_action("alike", _ask_for_similar, "handle", "id")
    no_store: Any = lambda: None  # noqa: E731  # chats are kept in the agent's own store alone
    cl.data_layer(no_store)


def _reports_errors(handler: _Handler) -> _Handler:
    """Show an error as one sentence; one that nobody foresaw is only logged."""

    @functools.wraps(handler)  # Chainlit passes what the signature names
    async def wrapped(*arguments: Any, **named: Any) -> None:
        try:
            await handler(*arguments, **named)
        except VideoError as error:
            await cl.Message(escape_markdown(str(error))).send()
        except Exception as error:
            if why := disk_state(error):
                _log.warning("chat: %s", error)
            else:
                _log.exception("chat")
            text = Note(why, ("all",)).text if why else SORRY
            await cl.Message(escape_markdown(text)).send()

    return wrapped


async def _receive(state: AppState, message: cl.Message) -> None:
    """Index what is attached, and answer what is written."""
    elements = message.elements or []
    images = [element for element in elements if str(element.mime).startswith("image/")]
    videos = await _index_attached(state, [each for each in elements if each not in images])
    text = message.content.strip()
    command, _, rest = text.partition(" ")
    if command == "/open":
        await _open(state, rest.strip())
    elif (named := await asyncio.to_thread(timeline_asked, state.library, text)) is not None:
        await _show_timeline(state, named)
    elif images:
        for image in images:
            if len(images) > 1:
                await cl.Message(f"**{escape_markdown(image.name)}**:").send()
            await _ask_with_image(state, text or "Where is this?", str(image.id))
    elif text and (videos or not elements):
        await _ask(state, text)


async def _greet(state: AppState) -> None:
    videos = await asyncio.to_thread(state.library.list)
    chosen = (videos[0].id,) if len(videos) == 1 else ()
    cl.user_session.set("videos", chosen)
    if not videos:
        text = (
            "Hello! There is no video here yet. **Drop one into this window** or use the "
            "paper-clip; you can ask about it seconds later, and every answer shows the frames "
            "it rests on."
        )
    elif len(videos) == 1:
        title = f"**{escape_markdown(videos[0].title)}**"
        text = f"Hello! {title} is loaded. Ask me anything about it."
        if videos[0].state != "ready":
            so_far = escape_markdown(cards.pending_stages(videos[0]))
            text = f"Hello! {title} is here, but {so_far}. Ask me about what is there so far."
    else:
        text = f"Hello! Ask about all {len(videos)} videos, or choose one."
    message = cl.Message(text)
    if videos:
        props = await asyncio.to_thread(cards.shelf, state.library, chosen, QUESTIONS)
        message.elements = [_element("Library", props)]
        try:
            message.actions = await _resume_actions(state)
        except Interrupted as error:
            message.content += f"\n\n*{escape_markdown(str(error))}*"
    await message.send()
    await offer_models(state)


async def _resume_actions(state: AppState) -> list[cl.Action]:
    """Buttons that go on with earlier conversations."""
    from agent.history import conversations

    return [
        cl.Action(
            name="resume",
            payload={"thread": earlier.thread},
            label=f"Go on: {cards.truncated(earlier.title, TITLE_LENGTH)}",
        )
        for earlier in await conversations(state.agent, THREAD_PREFIX)
    ]


async def _resume(state: AppState, thread: str) -> None:
    """Show an earlier conversation with its frames, and continue it."""
    from agent.history import answers

    if not thread.startswith(THREAD_PREFIX):
        raise RefusedRequest("There is no such conversation here.")
    earlier = await answers(state.agent, thread)
    cl.user_session.set("thread", thread)
    for answer in earlier:
        await cl.Message(escape_markdown(answer.question), type="user_message").send()
        await _show_answer(state, cl.Message(""), answer)
    await cl.Message("We can go on from here.").send()


async def _choose(state: AppState, id: str) -> None:
    if not id:
        cl.user_session.set("videos", ())
        await cl.Message("Questions now go to **all videos**.").send()
        return
    video = await asyncio.to_thread(state.library.get, id)
    cl.user_session.set("videos", (video.id,))
    await cl.Message(
        f"Questions now go to **{escape_markdown(video.title)}**.",
        actions=[
            cl.Action(name="choose", payload={"video": ""}, label="Ask all videos instead"),
            _timeline_action(video.id),
        ],
    ).send()


async def _show_timeline(state: AppState, named: str) -> None:
    """Show the timeline of the named video, else of the one that questions go to."""

    def make() -> tuple[str, dict[str, Any]]:
        refs = (named,) if named else cl.user_session.get("videos")
        refs = refs or [video.id for video in state.library.list()]
        if len(refs) != 1:
            raise RefusedRequest("Of which video? Choose one above, or write its title.")
        video = state.library.get(refs[0])
        return video.title, timeline(state.library, video.id)

    title, props = await asyncio.to_thread(make)
    await cl.Message(
        f"**{escape_markdown(title)}** along its time.", elements=[_element("Timeline", props)]
    ).send()


def _timeline_action(video: str) -> cl.Action:
    return cl.Action(name="timeline", payload={"video": video}, label="Timeline")


# Indexing


async def _index_attached(state: AppState, elements: Sequence[Any]) -> list[str]:
    """Index attached videos; returns once all of them can be asked about."""
    jobs: list[Job] = []
    for element in elements:
        upload = await asyncio.to_thread(state.uploads.accept, str(element.id))
        if upload is None:  # another server on this library took it up, or it was never sent
            name = escape_markdown(element.name)
            await cl.Message(
                f"**{name}** is no longer waiting here: if it is not among your videos, attach it "
                "again."
            ).send()
            continue
        jobs.append(state.index_upload(upload))
        await _follow(jobs[-1], str(element.id))
    return await _until_usable(jobs)


async def _open(state: AppState, name: str) -> None:
    path = await asyncio.to_thread(_allowed_path, state.settings.roots, name)
    job = state.jobs.start(path, path.stem)
    await _follow(job)
    await _until_usable([job])


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


async def _until_usable(jobs: Sequence[Job]) -> list[str]:
    """Wait until each video can be asked about; questions go to these from now on."""
    videos = [video.id for job in jobs if (video := await job.until_usable())]
    if videos:
        cl.user_session.set("videos", tuple(videos))
    return videos


async def _follow(job: Job, file: str | None = None) -> None:
    """Show a job in a message of its own and keep that message up to date."""
    countdown = Countdown()
    element = _element("Indexing", _indexing_props(job, countdown))
    message = cl.Message(_job_text(job), elements=[element])
    await message.send()
    session = cl.context.session

    async def watch() -> None:
        async for _ in job.changes(PAUSE):
            element.props = _indexing_props(job, countdown)
            if job.done:
                if file in session.files:
                    session.files[file]["video"] = job.done.id  # type: ignore[typeddict-unknown-key]
                message.actions = [_timeline_action(job.done.id)]
            shown, message.content = message.content, _job_text(job)
            if job.over or message.content != shown:
                await message.update()  # and its element
            else:
                await element.update()

    task = asyncio.create_task(watch())
    _background.add(task)
    task.add_done_callback(_background.discard)


def _job_text(job: Job) -> str:
    """State of a job, as one message."""
    title = f"**{escape_markdown(job.title)}**"
    if job.trouble:
        return f"{title}: {escape_markdown(job.trouble)}"
    if job.done and job.done.state == "ready":
        found = (f"- {escape_markdown(one)}" for one in remarks(job.done))
        return "\n".join((f"{title} is ready.", *found))
    if job.done:
        why = {s.note: None for s in job.done.stages.values() if s.state == "failed" and s.note}
        rest = "; ".join((cards.pending_stages(job.done), *why))
        return f"{title} can be asked about, but {escape_markdown(rest)}."
    if job.paused:
        return (
            f"{title} stopped in the middle, because the disk is full. It goes on by itself as "
            f"soon as {SPARE_BYTES >> 20} MB are free. "
            + ("You can ask about what is there so far." if job.usable else "Ask about it then.")
        )
    return f"Indexing {title} …"


def _indexing_props(job: Job, countdown: Countdown) -> dict[str, Any]:
    stage = job.progress.stage if job.progress else ""
    return {
        "title": job.title,
        "stage": STAGE_NAMES.get(stage, "waiting for its turn"),
        "fraction": round(job.fraction, 3),
        "remaining": countdown(job.progress.remaining if job.progress else None),
        "usable": job.usable is not None,
        "over": job.over,
        "failed": job.trouble is not None,
    }


# Answering


async def _ask_with_image(state: AppState, question: str, file: str) -> None:
    """Answer with the moments that look like an attached image, which is on disk until then."""
    content = cl.context.session.files[file]["content"]  # type: ignore[typeddict-item]
    folder = await asyncio.to_thread(
        write_to_first, lambda folder: (folder / "picture.jpg").write_bytes(content)
    )
    try:
        await _ask(state, question, like=folder / "picture.jpg")
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _ask(state: AppState, question: str, like: Path | str | None = None) -> None:
    from agent.ask import Answer, Token, ToolStarted, ask

    if not await asyncio.to_thread(state.library.list):
        raise RefusedRequest("There is no video to ask about yet: drop one into this window.")
    reply = cl.Message("")
    raw, shown = "", 0.0
    videos = cl.user_session.get("videos") or ()
    thread = cl.user_session.get("thread")
    with state.answering():
        async with AsyncExitStack() as open_step:
            async for event in ask(
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
                    await _show_answer(state, reply, event)


async def _ask_for_similar(state: AppState, handle: str, id: str) -> None:
    await _ask(state, f"More like [{handle}]", like=id)


class _ToolStep(cl.Step):
    """Step of a running tool, which closes with the words of an error if they are ours."""

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, VideoError):
            error = VideoError(SORRY)
        await super().__aexit__(kind, error, trace)


async def _show_answer(state: AppState, reply: cl.Message, answer: Any) -> None:
    cl.user_session.set("thread", answer.thread)
    reply.content = cards.answer_markdown(answer)
    props = await asyncio.to_thread(cards.player, state.library, state.proxies, answer)
    toolbox = state.agent.toolbox
    props["sees"] = toolbox.classify in await asyncio.to_thread(toolbox.tools)
    if props["cards"] or props["coverage"]:
        reply.elements.append(_element("EvidencePlayer", props))
    await reply.send()


def _element(name: str, props: dict[str, Any]) -> Any:
    # With an address it is not written to a file each time it changes.
    return cl.CustomElement(name=name, props=props, display="inline", url="/public/elements")
