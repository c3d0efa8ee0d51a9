"""Questions by example image: moments that look like a picture, without a model call.

Its evidence gets handles and is kept with the conversation, as if a model had found it.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage

from agent.agent import Agent
from agent.answer import check_answer
from agent.checkpoints import config
from agent.context import finished_turns
from agent.extractive.pictures import likeness
from agent.extractive.reply import Reply
from agent.grounding.review import CheckedAnswer
from agent.messages import KEY
from agent.turn import Turn
from tools.media import Evidence

NOTHING = "Nothing in the videos looks like it."


async def answer_by_image(agent: Agent, turn: Turn, key: str, like: Path | str) -> CheckedAnswer:
    """Answer with the moments that look like a picture, or like the evidence of an id."""
    toolbox, videos = agent.toolbox, list(turn.videos) or None
    similar = list[Evidence]()

    def search() -> list[Evidence]:
        if isinstance(like, Path):
            return toolbox.pictures.like_picture(like, videos)
        return toolbox.find_similar(like, videos)

    async with turn.time_limit():
        similar = await turn.belt.run("find_similar", search)
    ids = [evidence.id for evidence in similar]
    turn.records |= {evidence.id: evidence for evidence in similar}
    turn.retrieved += ids
    lines = tuple(f"{likeness(evidence)} [e{n}]" for n, evidence in enumerate(similar, 1))
    skipped = "" if similar else await asyncio.to_thread(turn.belt.unsearched, turn.videos)
    text = Reply(lines=lines).text or f"{NOTHING} {skipped}".rstrip()
    reason = None if similar else "not_covered" if skipped else "absent"
    data: dict[str, Any] = {"found": bool(similar), "reason": reason}
    data |= {"nearest": [], "remarks": [NOTHING]}
    return await keep_turn(agent, turn, key, ids, text, data, "alike")


async def keep_turn(
    agent: Agent,
    turn: Turn,
    key: str,
    ids: Sequence[str],
    text: str,
    data: dict[str, Any],
    intent: str,
) -> CheckedAnswer:
    """Check a reply that no graph made, and keep it in the conversation as one that it did."""
    state = (await agent.graph.aget_state(config(key, 1))).values
    handles: list[str] = state.get("handles", [])
    turn.number = len(finished_turns(state.get("messages", []))) // 2
    answer = await asyncio.to_thread(check_answer, turn, list(ids), handles, text, data)
    plan = {"intent": intent, "slot": [], "words": [], "modality": "any", "window": None}
    plan["text"] = turn.question
    told = answer.as_data() | {"plan": plan, "jobs": [job.id for job in turn.jobs]}
    messages = [
        HumanMessage(turn.question, additional_kwargs={KEY: {"videos": list(turn.videos)}}),
        AIMessage(answer.text, additional_kwargs={KEY: told}),
    ]
    update = {"messages": messages, "handles": list(answer.handles)}
    await agent.graph.aupdate_state(config(key, 1), update, as_node="check")
    return answer
