"""Conversations gone on with: shown as they were, with frames and players, or from a turn on."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import chainlit as cl
from chainlit.config import config

from agent.history import PastTurn, Rating, conversation, ratings, turns
from tools.errors import RefusedRequest, VideoError
from ui.chat.answering import evidence_of, forget_turns, offer_again
from ui.chat.cards import answer_markdown, escape_markdown
from ui.chat.chat_settings import offer_settings
from ui.chat.scope import scope_bar
from ui.chat.sessions import TURNS
from ui.chat.threads import thread_name
from ui.chat.wording import say
from ui.web.state import AppState

_RECEIVED = "received"
"""What a session keeps the ids of its messages under."""


async def resume(state: AppState, thread: dict[str, Any]) -> None:
    """Fill in a conversation that is opened again, and let it go on where it was.

    Chainlit shows what stands in `thread` then. Frames and players are made anew from the ids of
    the evidence.
    """
    id = thread["id"]
    cl.user_session.set("thread", thread_name(id))  # which is never begun anew, whatever fails
    try:
        steps, elements = await _past(state, id, thread["createdAt"])
    except VideoError as error:
        step = _step(id, 0, "assistant_message", escape_markdown(str(error)), thread["createdAt"])
        steps, elements = [step], []
    thread |= {"steps": steps, "elements": elements}
    await offer_settings(state)


async def _past(
    state: AppState, id: str, at: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Steps and elements of a conversation, which the session goes on with."""
    found = await conversation(state.agent, thread_name(id), id)
    if found is None:
        raise RefusedRequest(say("greeting.unknown"))
    cl.user_session.set("thread", found.thread)
    past = await turns(state.agent, found.thread)
    rated = await ratings(state.agent, found.thread)
    there = await asyncio.to_thread(state.library.titles)
    asked = [video for video in (past[-1].videos if past else ()) if video in there]
    cl.user_session.set("videos", tuple(asked))
    steps, elements = await asyncio.to_thread(_shown, state, id, past, rated, at)
    known = {step["id"]: int(step["metadata"]["turn"]) for step in steps}
    cl.user_session.set(TURNS, known)
    cl.user_session.set(_RECEIVED, set(known))
    if steps:
        elements.append((await scope_bar(state, steps[-1]["id"])).to_dict())
        asked, _, reply = (step["id"] for step in steps[-3:])
        await offer_again(asked, reply, past[-1].answer.turn)
    return steps, elements


def _shown(
    state: AppState, id: str, past: Sequence[PastTurn], rated: Mapping[int, Rating], at: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Steps and elements of a conversation, as Chainlit's page takes them. Reads files."""
    steps: list[dict[str, Any]] = []
    elements: list[dict[str, Any]] = []
    for turn in past:
        answer, number = turn.answer, turn.answer.turn
        question = _step(id, number, "user_message", answer.question, at)
        run = _step(id, number, "run", "", at, question["id"])
        reply = _step(id, number, "assistant_message", answer_markdown(answer), at, run["id"])
        if rating := rated.get(number):
            run["feedback"] = {
                "id": f"{id}.{number}",
                "forId": run["id"],
                "value": int(rating.helpful),
                "comment": rating.comment,
            }
        steps += [question, run, reply]
        for one in evidence_of(state, answer):
            one.for_id = reply["id"]
            elements.append(one.to_dict())
    return steps, elements


def _step(
    thread: str, turn: int, kind: str, text: str, at: str, parent: str | None = None
) -> dict[str, Any]:
    """One message, or the run of one. Its id is computed, so that the same one has it each time."""
    names = {"user_message": "User", "run": "on_message", "assistant_message": config.ui.name}
    return {
        "id": str(uuid.uuid5(uuid.UUID(thread), f"{kind} {turn}")),
        "threadId": thread,
        "parentId": parent,
        "name": names[kind],
        "type": kind,
        "output": text,
        "input": "",
        "createdAt": at,
        "start": at,
        "end": at,
        "streaming": False,
        "isError": False,
        "waitForAnswer": False,
        "metadata": {"turn": turn},
    }


async def take_back(state: AppState, message: cl.Message) -> bool:
    """True of a message that was written anew: what was answered from there on is taken back.

    Chainlit has removed the messages behind it from the page.
    """
    received: set[str] = cl.user_session.get(_RECEIVED) or set()
    cl.user_session.set(_RECEIVED, {*received, message.id})
    if message.id not in received:
        return False
    left = {one.id for one in cl.chat_context.get()} - {message.id}
    gone = [turn for id, turn in (cl.user_session.get(TURNS) or {}).items() if id not in left]
    if gone and cl.user_session.get("thread"):
        await forget_turns(state, min(gone))
    return True
