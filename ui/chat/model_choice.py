"""Choice of the language model that answers in one chat, in the chat's settings.

Offered are the models of servers on this machine. One answers once it is chosen, and in that chat
alone; the next chat begins as Cuepoint is set up.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import chainlit as cl
from chainlit.input_widget import Select

from agent.settings import EXTRACTIVE
from tools.errors import RefusedRequest
from ui.chat.cards import escape_markdown
from ui.chat.wording import say
from ui.web.state import AppState

FIELD = "model"
_AS_SET_UP, _OFFERED, _CHOSEN, _AGENT = "as set up", "offered models", "chosen model", "agent"


async def offer_models(state: AppState) -> None:
    """Offer the models of servers on this machine; without any there are no settings."""
    from agent.llm.local_servers import find_servers

    servers = await asyncio.to_thread(find_servers, state.settings.model_ports)
    offered = {
        f"{model.name} ({server.name}, {server.address})": (server, model.name)
        for server in servers
        for model in server.models
    }
    cl.user_session.set(_OFFERED, offered)
    if not offered:
        return
    rule = state.agent.model_name == EXTRACTIVE
    who = say("model.by_rule") if rule else state.agent.model_name
    own = say("model.as_set_up", name=who)
    items = {own: _AS_SET_UP, **{one: one for one in offered}}
    choice = Select(FIELD, say("model.who"), items=items, initial_value=_AS_SET_UP)
    await cl.ChatSettings([choice]).send()


async def choose_model(state: AppState, values: Mapping[str, Any]) -> None:
    """Let the chosen model answer; only what was offered can be chosen, whatever a page sends."""
    from agent.agent import with_model

    chosen, offered = values.get(FIELD), cl.user_session.get(_OFFERED) or {}
    if chosen == (cl.user_session.get(_CHOSEN) or _AS_SET_UP):
        return
    if chosen == _AS_SET_UP:
        rule = state.agent.model_name == EXTRACTIVE
        name = escape_markdown(state.agent.model_name)
        agent, now = None, say("model.rule_again") if rule else say("model.again", name=name)
    elif chosen in offered:
        server, name = offered[chosen]
        settings = replace(
            state.settings,
            model=name,
            openai_base_url=server.address,
            openai_api_key=None,  # it belongs to another server
            model_sees="auto",
        )
        agent = state, settings, await asyncio.to_thread(with_model, state.agent, settings)
        given = {"name": escape_markdown(name), "server": escape_markdown(server.name)}
        now = say("model.now", **given)
    else:
        raise RefusedRequest(say("model.not_offered"))
    cl.user_session.set(_AGENT, agent)
    cl.user_session.set(_CHOSEN, chosen)
    await cl.Message(now).send()


async def chosen_agent(state: AppState) -> Any:
    """The agent that answers in this chat."""
    from agent.agent import with_model

    chosen: Any = cl.user_session.get(_AGENT)
    opened, settings, agent = chosen or (state, state.settings, state.agent)
    if opened is not state:  # the library was closed and opened again meanwhile
        agent = await asyncio.to_thread(with_model, state.agent, settings)
        cl.user_session.set(_AGENT, (state, settings, agent))
    return agent
