"""The agent of one library: toolbox, model, graph and conversations, open together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from agent.settings import EXTRACTIVE, Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from agent.llm.catalog import Facts
    from agent.llm.limits import Spending
    from tools.library import Library
    from tools.toolbox import Toolbox


@dataclass
class Agent:
    """What answers questions about one library, for as long as it is open."""

    settings: Settings
    toolbox: "Toolbox"
    model: "BaseChatModel"
    graph: Any
    memory: Any
    facts: "Facts"
    """What the model can do and costs; `sees` is taken back where a server refuses a picture."""
    spending: "Spending | None"
    """Of a language model; the extractive one costs nothing."""
    locks: "WeakValueDictionary[str, asyncio.Lock]" = field(
        default_factory=lambda: WeakValueDictionary[str, asyncio.Lock]()
    )

    @property
    def library(self) -> "Library":
        """The library that it answers from."""
        return self.toolbox.library

    @property
    def model_name(self) -> str:
        """What answers call it."""
        return model_name(self.model)


@asynccontextmanager
async def open_agent(
    settings: Settings,
    *,
    toolbox: "Toolbox | None" = None,
    model: "BaseChatModel | None" = None,
) -> AsyncIterator[Agent]:
    """An agent over the library of these settings, or over a toolbox that is open already."""
    toolbox, model = await asyncio.to_thread(_prepare, settings, toolbox, model)
    from agent.checkpoints import open_memory
    from agent.graph import build_agent
    from agent.llm.answer_cache import Recall
    from agent.llm.catalog import Facts, facts
    from agent.llm.limits import Spending

    root, name = toolbox.library.root, model_name(model)
    known, spending, recall = Facts(), None, None
    if name != EXTRACTIVE:
        known = facts(name, settings.model_table, settings.openai_base_url)
        known = replace(known, sees={"yes": True, "no": False}.get(settings.model_sees, known.sees))
        spending = Spending(root / "spending.json", settings.limits)
        recall = Recall(root / "answers", name)
    async with open_memory(root / "conversations.sqlite", settings.owner) as memory:
        graph = build_agent(model, toolbox, memory.saver, recall)
        yield Agent(settings, toolbox, model, graph, memory, known, spending)


def model_name(model: "BaseChatModel") -> str:
    """A model's own name; the kind of model where it has none."""
    return getattr(model, "model_name", None) or model._llm_type


def _prepare(
    settings: Settings, toolbox: "Toolbox | None", model: "BaseChatModel | None"
) -> "tuple[Toolbox, BaseChatModel]":
    # Importing all this takes a second or two: not in the event loop, and not for `--help`.
    from agent.llm.provider import load_model

    if toolbox is None:
        from tools.library import Library
        from tools.toolbox import open_toolbox

        toolbox = open_toolbox(Library(settings.home, settings.owner), settings.providers)
    return toolbox, model or load_model(settings, toolbox)
