"""Past conversations, also after a restart, with their answers and evidence."""

import asyncio
from dataclasses import dataclass
from typing import Any

from agent.agent import Agent
from agent.ask import Answer, numbered
from agent.checkpoints import config
from agent.context import finished_turns
from agent.grounding.review import Claim
from agent.messages import metadata
from tools.errors import Interrupted
from tools.files.disk import Note


@dataclass(frozen=True)
class Conversation:
    """A conversation to be continued as `thread`; `updated` in seconds since 1970."""

    thread: str
    title: str
    updated: float


async def conversations(agent: Agent, prefix: str, limit: int = 5) -> list[Conversation]:
    """Conversations by the prefix of their thread, the latest first; Interrupted if unreadable."""
    return [Conversation(*row) for row in await agent.checkpoints.listed(prefix, limit)]


async def answers(agent: Agent, thread: str) -> list[Answer]:
    """The answers of a conversation, with what evidence still exists; Interrupted if unreadable."""
    state = await _state(agent, thread)
    handles: list[str] = state.get("handles", [])
    records = await asyncio.to_thread(agent.belt.resolve, handles)
    messages, past = finished_turns(state.get("messages", [])), list[Answer]()
    for question, answer in zip(messages[::2], messages[1::2], strict=True):
        data = metadata(answer)
        claims = [Claim(**c | {"citations": tuple(c["citations"])}) for c in data["claims"]]
        past.append(
            Answer(
                question=question.text,
                answer=answer.text,
                found=bool(data["found"]),
                reason=data.get("reason"),
                claims=tuple(claims),
                evidence=numbered(data["evidence"], handles, records),
                nearest=numbered(data["nearest"], handles, records),
                model=agent.model_name,
                thread=thread,
            )
        )
    return past


async def handles(agent: Agent, thread: str) -> list[str]:
    """Ids of the evidence behind the handles of a conversation; Interrupted if unreadable."""
    return list((await _state(agent, thread)).get("handles", []))


async def _state(agent: Agent, thread: str) -> dict[str, Any]:
    async with agent.checkpoints.conversation(thread) as conversation:
        if conversation.name != thread:
            raise Interrupted(Note(conversation.unread, ("shown",)).text)
        return dict((await agent.graph.aget_state(config(conversation.key, 1))).values)
