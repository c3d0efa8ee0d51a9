"""The agent of one library: toolbox, model, graph and conversations, open together."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from agent.settings import EXTRACTIVE, Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from agent.llm.catalog import ModelInfo
    from agent.llm.limits import Spending
    from agent.toolbelt import Toolbelt
    from tools.library import Library
    from tools.toolbox import Toolbox


@dataclass
class Agent:
    """Everything that questions about one library need, open at the same time."""

    settings: Settings
    toolbox: "Toolbox"
    belt: "Toolbelt"
    model: "BaseChatModel"
    graph: Any
    checkpoints: Any
    model_info: "ModelInfo"
    """Abilities and price of the model; `sees` is withdrawn if a server refuses an image."""
    spending: "Spending | None"
    """Cost of today; None for the extractive model, which costs nothing."""
    rules: "BaseChatModel | None" = None
    """The extractive model beside a language model."""
    called_tools: bool = False
    """True once the language model has called a tool."""

    @property
    def library(self) -> "Library":
        """The library that questions are about."""
        return self.toolbox.library

    @property
    def reads(self) -> bool:
        """True if the model reads what the rules retrieve, and calls no tools."""
        chosen = self.settings.answers
        return self.rules is not None and (
            chosen == "reader" or (chosen == "auto" and not self.model_info.calls_tools)
        )

    def forget_answers(self) -> None:
        """Delete the cached answers of language models: a deleted question may be among them."""
        shutil.rmtree(self.library.root / "answers", ignore_errors=True)

    @property
    def model_name(self) -> str:
        """The name of the model in answers."""
        return model_name(self.model)


@asynccontextmanager
async def open_agent(
    settings: Settings,
    *,
    toolbox: "Toolbox | None" = None,
    model: "BaseChatModel | None" = None,
) -> AsyncIterator[Agent]:
    """Open an agent over the settings' library, or over a toolbox that is already open."""
    toolbox, model = await asyncio.to_thread(_prepare, settings, toolbox, model)
    from agent.checkpoints import open_checkpoints

    path = toolbox.library.root / "conversations.sqlite"
    async with open_checkpoints(path, settings.owner) as checkpoints:
        yield _composed(settings, toolbox, model, checkpoints)


def with_model(agent: Agent, settings: Settings) -> Agent:
    """The agent over the same library and conversations whose model other settings select.

    Open as long as the first one is. Blocks.
    """
    from agent.llm.provider import load_model

    model = load_model(settings, agent.toolbox)
    return _composed(settings, agent.toolbox, model, agent.checkpoints)


def _composed(
    settings: Settings, toolbox: "Toolbox", model: "BaseChatModel", checkpoints: Any
) -> Agent:
    from agent.graph import build_agent
    from agent.llm.answer_cache import AnswerCache
    from agent.llm.catalog import ModelInfo, model_info
    from agent.llm.limits import Spending
    from agent.llm.provider import extractive_model
    from agent.toolbelt import Toolbelt
    from tools.toolbox import Toolbox

    root, name = toolbox.library.root, model_name(model)
    info, spending, cache, rules = ModelInfo(), None, None, None
    if name != EXTRACTIVE:
        rules = extractive_model(toolbox) if isinstance(toolbox, Toolbox) else None
        info = model_info(name, settings.model_table, settings.openai_base_url)
        info = replace(info, sees={"yes": True, "no": False}.get(settings.model_sees, info.sees))
        spending = Spending(root / "spending.json", settings.limits)
        cache = AnswerCache(root / "answers", name)
    graph, belt = build_agent(model, checkpoints.saver, cache, rules), Toolbelt(toolbox)
    return Agent(settings, toolbox, belt, model, graph, checkpoints, info, spending, rules)


def model_name(model: "BaseChatModel") -> str:
    """A model's own name, or its type if it has none."""
    return getattr(model, "model_name", None) or model._llm_type


def _prepare(
    settings: Settings, toolbox: "Toolbox | None", model: "BaseChatModel | None"
) -> "tuple[Toolbox, BaseChatModel]":
    # Importing all this takes a second or two: not in the event loop, and not for `--help`.
    from agent.llm.provider import load_model

    if toolbox is None:
        from tools.library import Library
        from tools.toolbox import open_toolbox

        library = Library(settings.home, settings.owner, settings.signing)
        toolbox = open_toolbox(library, settings.providers)
    return toolbox, model or load_model(settings, toolbox)
