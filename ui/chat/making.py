"""Videos that an answer proposes to make: a card on which a person decides, follows and watches."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import chainlit as cl

from tools.errors import RefusedRequest, VideoError
from tools.generate.job import UNDER_WAY, GenerationJob, Output
from tools.media import time_range, timestamp
from ui.chat.cards import truncated
from ui.chat.elements import element
from ui.chat.wording import language, say
from ui.render import picture_address
from ui.web.state import AppState

NOTES = ("drawn", "pictures_unchecked")
"""Notes of a proposal that have a text."""
SAID = 2000
"""Characters of what was asked for, and of the sentences to say, on a card."""
SOON, LATER = 700, 4000
"""Milliseconds until a card is looked at again, while its video is made and while it rests."""
_SHOWN = ("title", "card", "end", "product", "clip", "still")
_PARTS = ("voice", "music", "captions")
_SIGNED = ("none", "valid, signer unknown", "trusted", "tampered")
"""States of content credentials that have a text."""
_STEPS = ("look", "yes", "no", "go_on")


def job_elements(state: AppState, answer: Any) -> list[Any]:
    """Cards of the videos that an answer proposes. Reads files."""
    handles = {one.evidence.id: one.handle for one in (*answer.evidence, *answer.nearest)}
    return [
        element(
            "MadeVideo",
            {"job": card(state, job), "moments": list(_moments(state, job, handles))},
        )
        for job in answer.jobs
    ]


async def act_on_job(state: AppState, id: str, step: str) -> dict[str, Any]:
    """Do what a button of a card says, for the person of this chat; the card as it is then.

    What was decided already, in another window too, is told on the card.
    """
    if step not in _STEPS:
        raise RefusedRequest(say("made.no_step"))
    trouble = ""
    if step in ("yes", "no"):
        user: Any = cl.context.session.user
        try:
            job = await state.agent.approvals.decide(id, step == "yes", user.identifier)
            if step == "yes":
                state.making.start(job.id)
        except VideoError as error:
            trouble = str(error)
    elif step == "go_on":
        state.making.start((await asyncio.to_thread(state.making.get, id)).id)

    def made() -> dict[str, Any]:
        job = state.making.get(id)
        waits = job.state in ("proposed", "unknown")  # else it was decided, and the card shows how
        return card(state, job) | {"trouble": trouble if waits else ""}

    return await asyncio.to_thread(made)


def card(state: AppState, job: GenerationJob) -> dict[str, Any]:
    """Properties of the card of a job. Every value is text or a number. Reads files."""
    request = job.request
    rests = state.making.rests(job)
    parts = [say(f"made.kind.{request.kind}"), say("made.seconds", n=f"{request.seconds:g}")]
    return {
        "id": job.id,
        "state": job.state,
        "over": job.over,
        "under_way": job.state in UNDER_WAY and not rests,
        "look_in": (LATER if rests else SOON) if job.state in UNDER_WAY else 0,
        "heading": say("made.heading.done" if job.state == "done" else "made.heading.asked"),
        "title": request.title or parts[0],
        "brief": " · ".join([*parts[bool(not request.title) :], ", ".join(request.aspects)]),
        "price": _price(job),
        "rows": [] if job.state == "refused" else [list(row) for row in _rows(state, job)],
        "notes": [say(f"made.note.{one}") for one in job.notes if one in NOTES and not job.over],
        "pictures": [
            f"/media/made/{job.id}/{name}" for name in request.inputs if name.endswith(".jpg")
        ],
        "percent": round(100 * job.progress),
        "status": _status(job, rests),
        "reasons": job.moderation.told(language()) or ([job.error] if job.error else []),
        "trouble": "",
        "buttons": [list(one) for one in _buttons(job, rests)],
        "files": [_file(job, one) for one in job.outputs] if job.state == "done" else [],
    }


def _price(job: GenerationJob) -> str:
    usd = job.price_usd if job.cost_usd is None else job.cost_usd
    if usd is None:
        return say("made.price_unknown")
    return say("made.price", usd=f"{usd:.2f}") if usd else say("made.free")


def _rows(state: AppState, job: GenerationJob) -> Iterator[tuple[str, str]]:
    """Rows of a card: the words, who makes it, what leaves this machine, who approved it."""
    request = job.request
    if request.script:
        yield say("made.script"), truncated(" ".join(request.script), SAID)
    elif request.kind != "teaser":
        yield say("made.asked"), truncated(request.prompt, SAID)
    maker = state.agent.toolbox.proposer.generators.get(job.provider)
    here = maker is not None and maker.local
    by = f"{job.provider} {job.model}".strip()
    yield say("made.by"), say("made.here", name=by) if here else by
    leaving = "; ".join(job.leaves_machine) or say("made.nothing")
    if not job.over:
        yield say("made.leaves"), leaving
    if job.approved_by not in ("", state.settings.owner):  # as by a token, or from Slack
        yield say("made.approved"), say("made.approved_by", name=job.approved_by)


def _status(job: GenerationJob, rests: bool) -> str:
    if rests:
        return say("made.rests")
    if job.state == "cancelled":
        return say("made.stopped" if job.approved_at else "made.declined")
    return say(f"made.state.{job.state}", provider=job.provider)


def _buttons(job: GenerationJob, rests: bool) -> Iterator[tuple[str, str]]:
    """Names and labels of what a person can do, the usual first."""
    if rests:
        yield "go_on", say("made.go_on")
    if job.state == "proposed":
        yield "yes", say("made.make")
        yield "no", say("made.not_now")
    elif job.state == "unknown":
        yield "yes", say("made.looked")
        yield "no", say("made.leave")
    elif job.state in UNDER_WAY:
        yield "no", say("made.stop")


def _moments(
    state: AppState, job: GenerationJob, handles: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """Moments that a job uses, in order; those of videos that are gone are left out."""
    for one in job.request.moments if job.state != "refused" else ():
        with suppress(VideoError):
            title = state.library.get(one.video).title
            handle = handles.get(one.evidence)
            fragment = f"#{handle}" if handle else ""
            image = state.library.image_at(one.video, (one.start + one.end) / 2)
            yield {
                "time": timestamp(round(one.start)),
                "title": title,
                "length": round(one.end - one.start, 3),
                "image": picture_address(state.library, image, "http"),
                "href": f"/v/{one.video}?t={one.start:.3f}{fragment}",
            }


def _file(job: GenerationJob, made: Output) -> dict[str, Any]:
    """A finished video: where it plays, and where all of it comes from."""
    address = f"/media/made/{job.id}/{Path(made.path).name}"
    return {
        "aspect": made.aspect,
        "label": say(f"made.aspect.{made.aspect}"),
        "address": address,
        "origin": _origin(job.provenance.get(made.aspect) or {}),
        "sheet": [_source(row) for row in made.sheet],
    }


def _origin(seen: Mapping[str, Any]) -> str:
    """Words for the origin of a file, as it was read back after its last change."""
    state = str(seen.get("c2pa") or "none")
    told = say(f"made.signed.{state.split(',')[0]}") if state in _SIGNED else state
    if seen.get("watermark") is not None:
        told += f" · {say('made.watermark')}"
    return told


def _source(row: Mapping[str, Any]) -> list[str]:
    """A row of the sheet of sources: when or which part, what it is of, what a machine made."""
    start, end, part = row.get("start"), row.get("end"), row.get("part")
    if isinstance(start, int | float) and isinstance(end, int | float):
        when = time_range(float(start), float(end))
    else:
        when = say(f"made.part.{part}") if part in _PARTS else str(part or "")
    shows = row.get("shows")
    named = say(f"made.shows.{shows}") if shows in _SHOWN else str(shows or "")
    what = " · ".join(filter(None, [named, str(row.get("source") or row.get("text") or "")]))
    made = ", ".join(map(_synthetic, row.get("synthetic") or ()))
    return [when, truncated(what), made or say("made.real")]


def _synthetic(name: Any) -> str:
    known = ("drawing", "background", "shadow", "movement", "cut_out", "speed", *_PARTS)
    return say(f"made.machine.{name}") if name in known else str(name)
