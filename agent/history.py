"""Conversations that can be gone on with, also after a restart, with what was shown in them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.agent import Agent
from agent.ask import Answer, Cited
from agent.checkpoints import config, thread_id
from agent.context import finished
from agent.grounding.review import Claim
from agent.messages import beside
from agent.toolbelt import Toolbelt
from tools.errors import Interrupted
from tools.files.disk import Note


@dataclass(frozen=True)
class Conversation:
    """`thread` goes on with it; `updated` in seconds since 1970."""

    thread: str
    title: str
    updated: float


async def conversations(agent: Agent, prefix: str, limit: int = 5) -> list[Conversation]:
    """Those whose thread begins so, the latest first; Interrupted while the disk gives none."""
    return [Conversation(*row) for row in await agent.memory.listed(prefix, limit)]


async def answers(agent: Agent, thread: str) -> list[Answer]:
    """What was asked and answered in a conversation, with the evidence that is still there.

    Interrupted while the disk does not give it.
    """
    key = thread_id(agent.settings.owner, thread)
    async with (
        agent.locks.setdefault(key, asyncio.Lock()),
        agent.memory.conversation(thread) as talk,
    ):
        if talk.name != thread:
            raise Interrupted(Note(talk.unread, ("shown",)).text)
        kept = (await agent.graph.aget_state(config(key, 1))).values
    return await asyncio.to_thread(_answers, agent, thread, kept)


def _answers(agent: Agent, thread: str, kept: dict[str, Any]) -> list[Answer]:
    messages = finished(kept.get("messages", []))
    handles: list[str] = kept.get("handles", [])
    records = Toolbelt(agent.toolbox).resolve(handles)

    def cited(numbers: Sequence[int]) -> tuple[Cited, ...]:
        inside = [n for n in numbers if 0 < n <= len(handles)]
        return tuple(Cited(n, one) for n in inside if (one := records[handles[n - 1]]))

    told: list[Answer] = []
    for question, answer in zip(messages[::2], messages[1::2], strict=True):
        data = beside(answer)
        claims = [Claim(**c | {"citations": tuple(c["citations"])}) for c in data["claims"]]
        told.append(
            Answer(
                question=question.text,
                answer=answer.text,
                found=bool(data["found"]),
                claims=tuple(claims),
                evidence=cited(data["evidence"]),
                nearest=cited(data["nearest"]),
                coverage=(),
                model=agent.model_name,
                tokens=(0, 0),
                cost_usd=None,
                seconds=0.0,
                thread=thread,
            )
        )
    return told
