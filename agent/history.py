"""Past conversations, also after a restart, with their answers and evidence."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage, RemoveMessage

from agent.agent import Agent
from agent.ask import Answer, numbered
from agent.checkpoints import TITLE as FIRST
from agent.checkpoints import PlainSerializer, config
from agent.context import finished_turns
from agent.grounding.review import Claim
from agent.messages import metadata
from tools.errors import Interrupted, RefusedRequest
from tools.files.disk import Note
from tools.generate.job import GenerationJob
from tools.generate.jobs import UnknownJob

TITLE = 200
"""Characters of a title that a person gives."""
COMMENT = 2000
"""Characters of the reason for a rating."""
_READ_AT_ONCE = 50
"""Conversations that a search reads at a time."""
_PAGE = (
    "SELECT name, title, updated, key FROM conversations "
    "WHERE substr(name, 1, length(?1)) = ?1 AND (?2 = '' OR (updated, key) < "
    "(SELECT updated, key FROM conversations WHERE key = ?2)) "
    "ORDER BY updated DESC, key DESC LIMIT ?3"
)
_CONTENT = (
    "SELECT type, checkpoint FROM checkpoints WHERE thread_id = ?1 AND checkpoint_ns = '' "
    "ORDER BY checkpoint_id DESC LIMIT 1"
)
_NAMED = "SELECT name, title, updated FROM conversations WHERE name = ?1 OR key = ?2"
_RATED = "SELECT turn, value, comment FROM feedback WHERE key = ?1 ORDER BY turn"
_UNRATE_FROM = "DELETE FROM feedback WHERE key = ? AND turn >= ?"
_UNTITLE = "UPDATE conversations SET title = '' WHERE key = ? AND title = ?"
_RATE = "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Conversation:
    """A conversation to be continued as `thread`; `updated` in seconds since 1970."""

    thread: str
    title: str
    updated: float


@dataclass(frozen=True)
class PastTurn:
    """A question that was answered, and the ids of the videos that it was about."""

    answer: Answer
    videos: tuple[str, ...]


@dataclass(frozen=True)
class Rating:
    """Opinion of a person on an answer, with the reason."""

    turn: int
    helpful: bool
    comment: str = ""


async def conversations(
    agent: Agent, prefix: str, limit: int = 5, after: str = "", search: str = ""
) -> list[Conversation]:
    """Conversations by the prefix of their thread, the latest first; Interrupted if unreadable.

    `after` is the thread that the page before ended with. `search` is in the title, a question or
    an answer.
    """
    needle, found = " ".join(search.split()).casefold(), list[Conversation]()
    key = agent.checkpoints.key(after) if after else ""
    while True:
        size = _READ_AT_ONCE if needle else limit
        rows = await agent.checkpoints.select(_PAGE, prefix, key, size)
        for name, title, updated, key in rows:
            if not needle or needle in title.casefold() or await _holds(agent, key, needle):
                found.append(Conversation(name, title, updated))
            if len(found) == limit:
                return found
        if len(rows) < size:
            return found


async def _holds(agent: Agent, key: str, needle: str) -> bool:
    """True if a question or an answer of a conversation holds a text."""
    rows = await agent.checkpoints.select(_CONTENT, key)

    def look() -> bool:
        # Its bytes hold the texts as they are: only what may hold the words is decoded.
        near = (row for row in rows if needle in row[1].decode("utf-8", "ignore").casefold())
        return any(needle in " ".join(text.split()).casefold() for text in _texts(near))

    return await asyncio.to_thread(look)


def _texts(rows: Any) -> Iterator[str]:
    for kind, blob in rows:
        try:
            messages = PlainSerializer().loads_typed((kind, blob))["channel_values"]["messages"]
        except (ValueError, TypeError, LookupError):  # nothing that we wrote
            continue
        yield from (one.text for one in messages if isinstance(one, BaseMessage))


async def conversation(agent: Agent, name: str, key: str = "") -> Conversation | None:
    """The conversation of a name, or of a key in the file; Interrupted if unreadable."""
    rows = await agent.checkpoints.select(_NAMED, name, key)
    return Conversation(*rows[0]) if rows else None


async def answers(agent: Agent, thread: str) -> list[Answer]:
    """The answers of a conversation, with what evidence still exists; Interrupted if unreadable."""
    return [turn.answer for turn in await turns(agent, thread)]


async def turns(agent: Agent, thread: str) -> list[PastTurn]:
    """The turns of a conversation, with what evidence still exists; Interrupted if unreadable."""
    state = await _state(agent, thread)
    handles: list[str] = state.get("handles", [])
    records = await asyncio.to_thread(agent.belt.resolve, handles)
    messages, past = finished_turns(state.get("messages", [])), list[PastTurn]()
    for question, answer in zip(messages[::2], messages[1::2], strict=True):
        data = metadata(answer)
        claims = [Claim(**c | {"citations": tuple(c["citations"])}) for c in data["claims"]]
        given = Answer(
            question=question.text,
            answer=answer.text,
            found=bool(data["found"]),
            reason=data.get("reason"),
            claims=tuple(claims),
            evidence=numbered(data["evidence"], handles, records),
            nearest=numbered(data["nearest"], handles, records),
            model=agent.model_name,
            thread=thread,
            turn=len(past),
            jobs=tuple(job for id in data.get("jobs", ()) if (job := known_job(agent, id))),
        )
        past.append(PastTurn(given, tuple(metadata(question).get("videos", ()))))
    return past


def known_job(agent: Agent, id: str) -> GenerationJob | None:
    """The job of an id; None where it was deleted."""
    with suppress(UnknownJob):
        return agent.toolbox.proposer.jobs.get(id) if agent.toolbox.proposer else None
    return None


async def handles(agent: Agent, thread: str) -> list[str]:
    """Ids of the evidence behind the handles of a conversation; Interrupted if unreadable."""
    return list((await _state(agent, thread)).get("handles", []))


async def rename(agent: Agent, thread: str, title: str) -> None:
    """Give a conversation another title; RefusedRequest for an empty one."""
    title = " ".join(title.encode("utf-8", "replace").decode().replace("\0", "").split())[:TITLE]
    if not title:
        raise RefusedRequest("a title needs a letter")
    key = agent.checkpoints.key(thread)
    await agent.checkpoints.change(("UPDATE conversations SET title=? WHERE key=?", (title, key)))


async def forget(agent: Agent, thread: str) -> None:
    """Delete a conversation: questions, answers, ratings, and what a model said for any of them."""
    await agent.checkpoints.forget(thread)
    await asyncio.to_thread(agent.forget_answers)


async def rewind(agent: Agent, thread: str, turn: int) -> None:
    """Take a conversation back to before a turn; its handles stay, and are not given again."""
    async with agent.checkpoints.conversation(thread, " ") as open_now:
        if open_now.name != thread:
            raise Interrupted(Note(open_now.unread, ("changed",)).text)
        place = config(open_now.key, 1)
        messages = (await agent.graph.aget_state(place)).values.get("messages", [])
        kept = {id(one) for one in finished_turns(messages)[: 2 * turn]}
        removed = [RemoveMessage(id=one.id) for one in messages if id(one) not in kept and one.id]
        if removed:
            await agent.graph.aupdate_state(place, {"messages": removed}, as_node="check")
    key = agent.checkpoints.key(thread)
    changes: list[tuple[str, tuple[Any, ...]]] = [(_UNRATE_FROM, (key, turn))]
    if not turn and messages:  # the next first question is the title, unless a person chose one
        changes.append((_UNTITLE, (key, messages[0].text[:FIRST])))
    await agent.checkpoints.change(*changes)


async def rate(agent: Agent, thread: str, rating: Rating) -> None:
    """Keep what a person thinks of an answer."""
    key, comment = agent.checkpoints.key(thread), rating.comment[:COMMENT]
    comment = comment.encode("utf-8", "replace").decode()
    row = (key, rating.turn, int(rating.helpful), comment, time.time())
    await agent.checkpoints.change((_RATE, row))


async def unrate(agent: Agent, thread: str, turn: int) -> None:
    """Take a rating back."""
    key = agent.checkpoints.key(thread)
    await agent.checkpoints.change(("DELETE FROM feedback WHERE key=? AND turn=?", (key, turn)))


async def ratings(agent: Agent, thread: str) -> dict[int, Rating]:
    """Ratings of the answers of a conversation, by turn."""
    rows = list[Any]()
    with suppress(sqlite3.OperationalError):  # a file of an older release that cannot be written
        rows = await agent.checkpoints.select(_RATED, agent.checkpoints.key(thread))
    return {turn: Rating(turn, bool(value), comment) for turn, value, comment in rows}


async def _state(agent: Agent, thread: str) -> dict[str, Any]:
    async with agent.checkpoints.conversation(thread) as conversation:
        if conversation.name != thread:
            raise Interrupted(Note(conversation.unread, ("shown",)).text)
        return dict((await agent.graph.aget_state(config(conversation.key, 1))).values)
