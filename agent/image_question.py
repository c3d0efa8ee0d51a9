"""An answer in pictures: what looks like one that is shown. No model is asked; the check is made.

What is found gets its handles and is kept with the conversation, as if a model had found it.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, HumanMessage

from agent.agent import Agent
from agent.answer import Ending, conclude
from agent.checkpoints import config
from agent.extractive.quote import Found
from agent.extractive.visual import likenesses
from agent.messages import KEY
from agent.toolbelt import Toolbelt
from agent.turn import Turn
from tools.media import Evidence

if TYPE_CHECKING:
    from tools.toolbox import Toolbox

NOTHING = "Nothing in the videos looks like it."


async def look_alike(agent: Agent, turn: Turn, key: str, like: Path | str) -> Ending:
    """Answer a turn with what looks like a picture, or like the evidence of an id."""
    kept = (await agent.graph.aget_state(config(key, 1))).values
    handles: list[str] = kept.get("handles", [])
    belt, found = Toolbelt(agent.toolbox), list[Evidence]()
    async with turn.timed():
        found = await belt.run("find_similar", lambda: _find(agent.toolbox, like, turn.videos))
    ids = [one.id for one in found]
    turn.records |= {one.id: one for one in found}
    turn.found += ids
    told = likenesses([Found(f"e{number}", one) for number, one in enumerate(found, 1)])
    text = " ".join(told) or NOTHING
    hint: dict[str, Any] = {"found": bool(found), "nearest": [], "remarks": [NOTHING]}
    ending = await asyncio.to_thread(conclude, turn, belt, ids, handles, text, hint)
    beside = {KEY: {"videos": list(turn.videos)}}
    said = [
        HumanMessage(turn.question, additional_kwargs=beside),
        AIMessage(ending.text, additional_kwargs={KEY: ending.as_data()}),
    ]
    shown = {"messages": said, "handles": list(ending.handles)}
    await agent.graph.aupdate_state(config(key, 1), shown, as_node="check")
    return ending


def _find(toolbox: "Toolbox", like: Path | str, videos: tuple[str, ...]) -> list[Evidence]:
    if isinstance(like, Path):
        return toolbox.pictures.like_picture(like, videos or None)
    return toolbox.find_similar(like, list(videos) or None)
