"""Settings of one chat: who answers, how, at what price, and how videos sent here are indexed.

Offered are the models of servers on this machine. A choice holds in its chat alone; the next one
begins as Cuepoint is set up. What is chosen has not been tried by that: a button tries it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import chainlit as cl
from chainlit.input_widget import NumberInput, Select

from agent.settings import EXTRACTIVE, Settings
from tools.errors import RefusedRequest, VideoError
from tools.ingest.trial import try_recogniser
from tools.media import timestamp
from tools.models.registry import suggested
from tools.text.languages import SPOKEN, name_in
from tools.vision.sampling import STRATEGIES
from ui.chat.arrival import can_hear
from ui.chat.cards import escape_markdown
from ui.chat.wording import language, say
from ui.web.state import AppState

if TYPE_CHECKING:
    from agent.llm.local_servers import LocalServer

AS_SET_UP, AUTO = "as set up", "auto"
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
    language: str = ""
    """Language spoken in what is sent: `auto`, a short code, or empty for what is set up."""


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
    spoken = {name_in(code, language()).capitalize(): code for code in SPOKEN}
    spoken = {say("settings.heard"): AUTO, **dict(sorted(spoken.items()))}
    first = state.settings.providers.speech_language
    label = say("settings.language")
    parts.append(Select("language", label, items=spoken, initial_value=first))
    await cl.ChatSettings(parts).send()


def indexing_options() -> dict[str, str]:
    """Options of `AppState.index_upload` for the videos that are sent in this chat."""
    chosen = _chosen()
    return {"sampling": chosen.sampling, "language": chosen.language}


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
    trying = {"try_model": "settings.try"} if not by_rule else {}
    if now.language != before.language:
        trying["try_hearing"] = "settings.try_hearing"
    actions = [cl.Action(name=one, payload={}, label=say(key)) for one, key in trying.items()]
    await cl.Message(told, actions=actions).send()


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


async def try_hearing(state: AppState) -> None:
    """Hear the first words of a video of the scope in the chosen language, and tell them."""
    videos = cl.user_session.get("videos") or ()
    told = await asyncio.to_thread(_heard, state, videos, _chosen().language)
    await cl.Message(told).send()


def _heard(state: AppState, videos: Sequence[str], spoken: str) -> str:
    """Words that the recogniser heard in the first of the videos in which somebody speaks."""
    providers = state.settings.providers
    providers = replace(providers, speech_language=spoken or providers.speech_language)
    named = name_in(providers.speech_language, language())
    if providers.speech_language not in (AUTO, "en") and not can_hear(state.settings):
        return say("settings.only_english", spoken=named, name=suggested("speech").name)
    try:
        trial = try_recogniser(state.library, videos, providers)
    except VideoError as error:
        return say("settings.not_heard", why=escape_markdown(str(error)))
    if trial is None:
        return say("settings.nobody")
    return say(
        "settings.did_hear" if trial.text else "settings.no_words",
        name=escape_markdown(trial.name),
        seconds=f"{trial.seconds:.1f}",
        title=escape_markdown(state.library.get(trial.video).title),
        time=timestamp(int(trial.start)),
        spoken=name_in(trial.language, language()),
        text=escape_markdown(trial.text),
    )


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
    spoken = values.get("language", before.language)
    if spoken not in ("", AUTO, *SPOKEN):
        raise RefusedRequest(say("settings.unknown"))
    spoken = "" if spoken == state.settings.providers.speech_language else str(spoken)
    return Choice(model, profile, strategy, price, spoken)


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
