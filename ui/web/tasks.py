"""Tasks of the browser in plain words: what is on its way, how far it is, what can be done."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from tools.errors import VideoError
from ui.texts import DEFAULT, preferred, text
from ui.web.downloads import Download
from ui.web.jobs import Job
from ui.web.state import AppState

Action = tuple[str, str]
"""Name of an action, and the text that stands on its button."""
PAUSE, CANCEL, RESUME = ("pause", "pause"), ("cancel", "cancel"), ("resume", "go_on")
AGAIN, DISMISS = ("resume", "again"), ("dismiss", "dismiss")


def task_routes(state: AppState) -> APIRouter:
    """Routes of the list of tasks, which outlives a page, and of their buttons."""
    router = APIRouter()

    @router.get("/tasks")
    async def tasks(request: Request) -> Response:
        language = preferred(request.headers.get("accept-language"))
        return JSONResponse({"tasks": await asyncio.to_thread(task_rows, state, language)})

    @router.post("/tasks/{id}/{action}")
    async def act(id: str, action: str) -> Response:
        if job := state.jobs.listed.get(id):
            actions = {
                "pause": state.jobs.hold,
                "cancel": state.jobs.cancel,
                "resume": state.jobs.resume,
                "dismiss": state.jobs.dismiss,
            }
            if action in actions:
                actions[action](job)
                return Response(status_code=204)
        elif action in ("cancel", "dismiss") and (one := state.downloads.listed.get(id)):
            state.downloads.stop(one)
            return Response(status_code=204)
        raise HTTPException(404, "there is no such task")

    return router


def task_rows(state: AppState, language: str = DEFAULT) -> list[dict[str, Any]]:
    """Tasks that are not done, in the order in which they came."""
    words = partial(text, language)
    jobs = [one for one in list(state.jobs.listed.values()) if one.done is None]
    rows = [_job(one, language) for one in jobs]
    rows += [_download(one, language) for one in list(state.downloads.listed.values())]
    if (finisher := state.finisher) and (now := finisher.now):
        with suppress(VideoError):
            title = state.library.get(now.video).title
            doing = words("tasks.finishing", stage=words(f"stage.{now.stage}"))
            rows.append(_row(language, "finishing", title, doing, now.fraction))
    return rows


def _row(
    language: str,
    id: str,
    title: str,
    words: str,
    share: float | None,
    *actions: Action,
    over: bool = False,
) -> dict[str, Any]:
    named = [{"name": name, "label": text(language, f"tasks.{key}")} for name, key in actions]
    percent = None if share is None else min(int(share * 100), 99)
    return {"id": id, "title": title, "text": words, "percent": percent, "over": over} | {
        "actions": named
    }


def _job(job: Job, language: str) -> dict[str, Any]:
    words, row = partial(text, language), partial(_row, language, job.id, job.title)
    if job.trouble:
        return row(job.trouble, None, DISMISS, over=True)
    if job.stopped == "cancelled":
        kept = words("tasks.stopped" if job.known else "tasks.cancelled")
        return row(kept, None, AGAIN, DISMISS, over=True)
    if job.stopped:
        return row(words("tasks.paused"), job.fraction, RESUME, CANCEL, over=True)
    if job.paused:
        return row(words("tasks.full"), job.fraction, CANCEL)
    if job.fetch:
        here, whole = job.fetched
        if not whole:
            return row(words("tasks.fetched"), None, PAUSE, CANCEL)
        sizes = {"here": f"{here / 1e6:.0f}", "all": f"{whole / 1e6:.0f}"}
        return row(words("tasks.loaded", **sizes), here / whole, PAUSE, CANCEL)
    if job.progress is None:
        return row(words("tasks.queued"), None, PAUSE, CANCEL)
    doing = words(f"stage.{job.progress.stage}") + left(job.remaining, language)
    if job.usable:
        doing += f" · {words('tasks.usable')}"
    return row(doing, job.fraction, PAUSE, CANCEL)


def _download(one: Download, language: str) -> dict[str, Any]:
    row = partial(_row, language, one.id)
    if one.trouble:
        return row(one.name, one.trouble, None, DISMISS, over=True)
    sizes = {"here": f"{one.so_far / 1e6:.0f}", "all": f"{one.total / 1e6:.0f}"}
    title = text(language, "tasks.model", name=one.name)
    share = one.so_far / max(one.total, 1)
    return row(title, text(language, "tasks.loaded", **sizes), share, CANCEL)


def left(seconds: float | None, language: str = DEFAULT) -> str:
    """Remaining time as the end of a sentence; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return " · " + text(language, "tasks.seconds_left", n=max(round(seconds), 1))
    return " · " + text(language, "tasks.minutes_left", n=round(seconds / 60))
