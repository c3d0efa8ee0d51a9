"""Approval of generation jobs: LangGraph stops at an interrupt, and only a person goes on.

The receipt on disk is the truth: the graph begins from it, also after a restart and in another
process. No tool of a model leads here; a door calls it for a person who has signed in.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

from agent.settings import Settings
from tools.generate.finishing import Finishing
from tools.generate.generators import Keys, open_generators
from tools.generate.job import GenerationJob
from tools.generate.jobs import Jobs
from tools.generate.moderation import Moderation, moderation_service
from tools.generate.proposal import Proposer
from tools.generate.runner import Runner
from tools.library import Library


class _State(TypedDict):
    """State of the graph: the id of a job."""

    job: str


class Approvals:
    """Decisions of people on the jobs of one library."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        graph = StateGraph(_State)
        graph.add_node("decide", self._decide)
        graph.add_edge(START, "decide")
        self._graph: Any = graph.compile(checkpointer=InMemorySaver())
        self._deciding = asyncio.Lock()

    async def decide(self, ref: str, yes: bool, by: str) -> GenerationJob:
        """Approve or cancel a job for a person, by name; RefusedRequest where it may not be."""
        job = await asyncio.to_thread(self.jobs.get, ref)
        config = {"configurable": {"thread_id": job.id}, "recursion_limit": 5}
        async with self._deciding:  # a second click comes second, and finds it decided
            if not (await self._graph.aget_state(config)).interrupts:
                await self._graph.ainvoke({"job": job.id}, config)
            decision = Command(resume={"yes": yes, "by": by})
            try:
                await self._graph.ainvoke(decision, config)
            finally:
                await self._graph.checkpointer.adelete_thread(job.id)
        return await asyncio.to_thread(self.jobs.get, job.id)

    async def _decide(self, state: _State) -> dict[str, str]:
        decision = interrupt(state)
        change = self.jobs.approve if decision["yes"] else self.jobs.cancel
        await asyncio.to_thread(change, state["job"], decision["by"])
        return {}


def open_proposer(library: Library, settings: Settings) -> Proposer:
    """Open the maker of proposals for a library; VideoError where a setting is wrong."""
    options, service = settings.generation, None
    if address := options.moderation_base_url:
        key = _key(settings.openai_api_key)
        service = moderation_service(address, options.moderation_model, key)
    keys = Keys(
        _key(settings.runwayml_api_secret), _key(settings.videos_key), _key(settings.speech_key)
    )
    return Proposer(
        library,
        Jobs(library.root, options),
        open_generators(library, options, keys),
        Moderation(options.generate_refuse, service),
        options.generate_label == "on",
    )


def open_runner(
    proposer: Proposer, settings: Settings, wait: Callable[[float], object] = time.sleep
) -> Runner:
    """Open the runner of a library's jobs; `wait` waits some seconds, and may raise to stop."""
    finish = Finishing(proposer.library, proposer.jobs)
    return Runner(proposer.jobs, proposer.generators, proposer.moderation, finish, wait)


def _key(secret: Any) -> str:
    return secret.reveal() if secret else ""
