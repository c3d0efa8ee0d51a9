"""The agent inside other programs' agents: as a subgraph over messages, and as a tool.

Both keep the conversation by the name that an answer carries, so that a question goes on where the
last one ended. The evidence travels beside the text, as data.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

from langchain_core.messages import AIMessage
from langchain_core.tools import StructuredTool
from langgraph.graph import END, START, MessagesState, StateGraph

from agent.ask import Answer, ask
from tools.errors import RefusedRequest, VideoError

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from agent.agent import Agent


class VideoState(MessagesState, total=False):
    """State of the subgraph: the last human message is the question."""

    videos: list[str]
    """Ids of the videos that are asked; all of the library without any."""
    thread: str
    """Conversation that goes on; a new one begins without it."""
    found: bool
    reason: str | None
    evidence: list[dict[str, Any]]
    """Cited evidence, or the closest where nothing answers: id, handle, video, span, kind, text."""


def video_graph(agent: "Agent") -> "CompiledStateGraph[Any, Any, Any, Any]":
    """Graph of one node that answers the last human message; for `add_node` of another graph."""

    async def answer(state: VideoState) -> dict[str, Any]:
        asked = next((one for one in reversed(state["messages"]) if one.type == "human"), None)
        if asked is None:
            raise RefusedRequest("there is no question: the state needs a human message")
        answered = await _answer(agent, asked.text, state.get("videos"), state.get("thread"))
        return {
            "messages": [AIMessage(answered.answer, name="cuepoint")],
            "thread": answered.thread,
            "found": answered.found,
            "reason": answered.reason,
            "evidence": _evidence(answered),
        }

    graph = StateGraph(VideoState)
    graph.add_node("cuepoint", answer)
    graph.add_edge(START, "cuepoint")
    graph.add_edge("cuepoint", END)
    return graph.compile()


def video_tool(agent: "Agent") -> StructuredTool:
    """Tool `ask_videos`; the evidence is its artifact."""

    async def ask_videos(
        question: Annotated[str, "One question, in full sentences."],
        videos: Annotated[list[str] | None, "Ids of the videos to ask; all without any."] = None,
        thread: Annotated[str | None, "Name of the conversation to go on with."] = None,
    ) -> tuple[str, list[dict[str, Any]]]:
        """Ask the videos of the library; the answer cites moments by number, as [1]."""
        try:
            answered = await _answer(agent, question, videos, thread)
        except VideoError as error:
            return str(error), []
        rows = _evidence(answered)
        lines = [answered.answer, *map(_line, rows), f"thread: {answered.thread}"]
        return "\n".join(lines), rows

    return StructuredTool.from_function(
        coroutine=ask_videos, response_format="content_and_artifact"
    )


@asynccontextmanager
async def graph() -> AsyncIterator[Any]:
    """Graph over the library of the environment's settings, for LangGraph's own server."""
    from agent.agent import open_agent
    from agent.settings import Settings

    async with open_agent(Settings.from_env()) as agent:
        yield video_graph(agent)


async def _answer(
    agent: "Agent", question: str, videos: list[str] | None, thread: str | None
) -> Answer:
    last: Any = None
    async for event in ask(agent, question, videos=videos or (), thread=thread):
        last = event
    return last


def _evidence(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "id": cited.evidence.id,
            "handle": cited.handle,
            "video": cited.evidence.video,
            "start": cited.evidence.start,
            "end": cited.evidence.end,
            "kind": cited.evidence.kind,
            "text": cited.evidence.text,
        }
        for cited in answer.evidence or answer.nearest
    ]


def _line(row: dict[str, Any]) -> str:
    return f"[{row['handle']}] {row['video']} {row['start']:.1f} to {row['end']:.1f} s"
