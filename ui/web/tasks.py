"""Tasks of the browser in plain words: what is on its way, how far it is, what can be done."""

import asyncio
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse, Response

from tools.errors import UnknownVideo
from ui.render import STAGE_NAMES
from ui.web.downloads import Download
from ui.web.jobs import Job
from ui.web.state import AppState

Action = tuple[str, str]
"""Name of an action, and what stands on its button."""
PAUSE, CANCEL, RESUME = ("pause", "Pause"), ("cancel", "Cancel"), ("resume", "Go on")
AGAIN, DISMISS = ("resume", "Start again"), ("dismiss", "Remove from this list")


def task_routes(state: AppState) -> APIRouter:
    """Routes of the list of tasks, which outlives a page, and of their buttons."""
    router = APIRouter()

    @router.get("/tasks")
    async def tasks() -> Response:
        return JSONResponse({"tasks": await asyncio.to_thread(task_rows, state)})

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


def task_rows(state: AppState) -> list[dict[str, Any]]:
    """Tasks that are not done, in the order in which they came."""
    jobs = [one for one in state.jobs.listed.values() if one.done is None]
    rows = [*map(_job, jobs), *map(_download, list(state.downloads.listed.values()))]
    if (finisher := state.finisher) and (now := finisher.now):
        try:
            title = state.library.get(now.video).title
        except UnknownVideo:
            return rows
        words = f"{STAGE_NAMES.get(now.stage, now.stage)}, the part that was left out"
        rows.append(_row("finishing", title, words, now.fraction))
    return rows


def _row(
    id: str,
    title: str,
    text: str,
    share: float | None,
    *actions: tuple[str, str],
    over: bool = False,
) -> dict[str, Any]:
    named = [{"name": name, "label": label} for name, label in actions]
    percent = None if share is None else min(int(share * 100), 99)
    return {"id": id, "title": title, "text": text, "percent": percent, "over": over} | {
        "actions": named
    }


def _job(job: Job) -> dict[str, Any]:
    if job.trouble:
        return _row(job.id, job.title, job.trouble, None, DISMISS, over=True)
    if job.stopped == "cancelled":
        kept = (
            "stopped; the video is as it was" if job.known else "cancelled; nothing of it is kept"
        )
        return _row(job.id, job.title, kept, None, AGAIN, DISMISS, over=True)
    if job.stopped:
        return _row(job.id, job.title, "paused", job.fraction, RESUME, CANCEL, over=True)
    if job.paused:
        return _row(job.id, job.title, "waits for room on the disk", job.fraction, CANCEL)
    if job.fetch:
        here, whole = job.fetched
        words = f"{here / 1e6:.0f} of {whole / 1e6:.0f} MB are here" if whole else "is fetched"
        share = here / whole if whole else None
        return _row(job.id, job.title, words, share, PAUSE, CANCEL)
    if job.progress is None:
        return _row(job.id, job.title, "waits for its turn", None, PAUSE, CANCEL)
    words = STAGE_NAMES.get(job.progress.stage, job.progress.stage) + left(job.remaining)
    if job.usable:
        words += " · can be asked already"
    return _row(job.id, job.title, words, job.fraction, PAUSE, CANCEL)


def _download(one: Download) -> dict[str, Any]:
    if one.trouble:
        return _row(one.id, one.name, one.trouble, None, DISMISS, over=True)
    words = f"{one.so_far / 1e6:.0f} of {one.total / 1e6:.0f} MB are here"
    return _row(one.id, f"Model {one.name}", words, one.so_far / max(one.total, 1), CANCEL)


def left(seconds: float | None) -> str:
    """Remaining time as the end of a sentence; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f" · about {max(round(seconds), 1)} s left"
    return f" · about {round(seconds / 60)} min left"
