"""Settings of one chat: who answers, how, at what price, and how the videos sent here are sampled.

Offered are the models of servers on this machine. A choice holds in its chat alone; the next one
begins as Cuepoint is set up. What is chosen has not been tried by that: a button tries it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import chainlit as cl
from chainlit.input_widget import NumberInput, Select

from agent.settings import EXTRACTIVE, Settings
from tools.errors import RefusedRequest, VideoError
from tools.vision.sampling import STRATEGIES
from ui.chat.cards import escape_markdown
from ui.chat.wording import say
from ui.web.state import AppState

if TYPE_CHECKING:
    from agent.llm.local_servers import LocalServer

AS_SET_UP = "as set up"
PROFILES = {"quick": {"answers": "reader"}, "thorough": {"answers": "agent"}, "offline": {}}
"""Settings of a profile: one call over what the rules find, calls of tools, or rules alone."""
TRIED_IN = 60.0
"""Seconds that a model may be silent when it is tried."""
_OFFERED, _CHOICE, _AGENT = "offered models", "choice", "agent"


@dataclass(frozen=True)
class Choice:
    """Choice of one chat; `budget` is US dollars a question, 0 for what is set up."""

    model: str = AS_SET_UP
    profile: str = AS_SET_UP
    sampling: str = "adaptive"
    budget: float = 0.0


async def offer_settings(state: AppState) -> None:
    """Offer what can be set in this chat."""
    from agent.llm.local_servers import find_servers

    servers = await asyncio.to_thread(find_servers, state.settings.model_ports)
    offered = {
        f"{model.name} ({server.name}, {server.address})": (server, model.name)
        for server in servers
        for model in server.models
    }
    cl.user_session.set(_OFFERED, offered)
    rule = state.agent.model_name == EXTRACTIVE
    own = say("model.as_set_up", name=say("model.by_rule") if rule else state.agent.model_name)
    named = {say("settings.as_set_up"): AS_SET_UP}
    profiles = named | {say(f"settings.{name}"): name for name in PROFILES}
    strategies = {say(f"settings.{name}"): name for name in STRATEGIES}
    price = state.settings.limits.question_usd
    parts: list[Any] = []
    if offered:
        items = {own: AS_SET_UP, **{one: one for one in offered}}
        parts.append(Select("model", say("model.who"), items=items, initial_value=AS_SET_UP))
    if offered or not rule:
        how = say("settings.profile")
        parts.append(Select("profile", how, items=profiles, initial_value=AS_SET_UP))
        parts.append(NumberInput("budget", say("settings.budget"), initial=price))
    label = say("settings.sampling")
    parts.append(Select("sampling", label, items=strategies, initial_value="adaptive"))
    await cl.ChatSettings(parts).send()


def sampling() -> str:
    """Sampling strategy of the videos that are sent in this chat."""
    return _chosen().sampling


async def choose_settings(state: AppState, values: Mapping[str, Any]) -> None:
    """Take over what was chosen; only what was offered can be, whatever a page sends."""
    from agent.agent import with_model

    before = _chosen()
    now = _checked(state, values, before)
    if now == before:
        return
    settings, told = _settings(state, now)
    agent = None
    if settings != state.settings:
        agent = state, settings, await asyncio.to_thread(with_model, state.agent, settings)
    cl.user_session.set(_AGENT, agent)
    cl.user_session.set(_CHOICE, now)
    if now.model == before.model:
        told = say("settings.saved")
    by_rule = settings.model == EXTRACTIVE or (agent is None and _by_rule(state))
    trying = cl.Action(name="try_model", payload={}, label=say("settings.try"))
    await cl.Message(told, actions=[] if by_rule else [trying]).send()


async def try_model(state: AppState) -> None:
    """Ask the chosen model for one word, and tell how long it took or what went wrong."""
    from agent.llm.provider import trial_seconds

    agent = await chosen_agent(state)
    name = escape_markdown(agent.model_name)
    try:
        seconds = await trial_seconds(agent.model, TRIED_IN)
        told = say("settings.works", name=name, seconds=f"{seconds:.1f}")
    except VideoError as error:
        told = say("settings.failed", name=name, why=escape_markdown(str(error)))
    await cl.Message(told).send()


async def chosen_agent(state: AppState) -> Any:
    """The agent that answers in this chat."""
    from agent.agent import with_model

    chosen: Any = cl.user_session.get(_AGENT)
    opened, settings, agent = chosen or (state, state.settings, state.agent)
    if opened is not state:  # the library was closed and opened again meanwhile
        agent = await asyncio.to_thread(with_model, state.agent, settings)
        cl.user_session.set(_AGENT, (state, settings, agent))
    return agent


def _chosen() -> Choice:
    return cl.user_session.get(_CHOICE) or Choice()


def _by_rule(state: AppState) -> bool:
    return state.agent.model_name == EXTRACTIVE


def _checked(state: AppState, values: Mapping[str, Any], before: Choice) -> Choice:
    """Choice that a page sends; what it does not send stays as it is."""
    offered = cl.user_session.get(_OFFERED) or {}
    model = values.get("model", before.model)
    if model != AS_SET_UP and model not in offered:
        raise RefusedRequest(say("model.not_offered"))
    profile = values.get("profile", before.profile)
    strategy = values.get("sampling", before.sampling)
    if profile not in (AS_SET_UP, *PROFILES) or strategy not in STRATEGIES:
        raise RefusedRequest(say("settings.unknown"))
    budget = values.get("budget", before.budget)
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 <= budget < 1e6:
        raise RefusedRequest(say("settings.no_amount"))
    price = 0.0 if budget == state.settings.limits.question_usd else float(budget)
    return Choice(model, profile, strategy, price)


def _settings(state: AppState, choice: Choice) -> tuple[Settings, str]:
    """Settings of a choice, and the sentence that says who answers now."""
    settings, told = state.settings, say("model.rule_again")
    if choice.model != AS_SET_UP:
        offered: dict[str, tuple[LocalServer, str]] = cl.user_session.get(_OFFERED) or {}
        server, name = offered[choice.model]
        settings = replace(
            settings,
            model=name,
            openai_base_url=server.address,
            openai_api_key=None,  # it belongs to another server
            model_sees="auto",
        )
        given = {"name": escape_markdown(name), "server": escape_markdown(server.name)}
        told = say("model.now", **given)
    elif not _by_rule(state):
        told = say("model.again", name=escape_markdown(state.agent.model_name))
    if choice.profile == "offline":
        settings = replace(settings, model=EXTRACTIVE)
    elif choice.profile != AS_SET_UP:
        if choice.model == AS_SET_UP and _by_rule(state):
            raise RefusedRequest(say("settings.needs_model"))
        settings = replace(settings, **PROFILES[choice.profile])
    if choice.budget:
        limits = replace(settings.limits, question_usd=choice.budget)
        settings = replace(settings, limits=limits)
    return settings, told
