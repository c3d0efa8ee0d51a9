"""Conversations as Chainlit's sidebar knows them: its data layer over the agent's own history.

A conversation is kept once, as the agent keeps it: questions, answers and ids of evidence. No step
or element of Chainlit is stored; a conversation that is opened again is made anew from these.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from chainlit.data.base import BaseDataLayer
from chainlit.element import ElementDict
from chainlit.step import StepDict
from chainlit.types import (
    Feedback,
    PageInfo,
    PaginatedResponse,
    Pagination,
    ThreadDict,
    ThreadFilter,
)
from chainlit.user import PersistedUser, User

from agent.history import Conversation, conversation, conversations, forget, rename
from tools.errors import RefusedRequest, UnknownVideo
from ui.web.accounts.gate import current
from ui.web.host_guard import is_uuid
from ui.web.workspaces import Workspaces

PREFIX = "chat-"
"""Begins the names of the conversations of this door."""
PAGE = 50
"""Conversations of one page, at most."""
_BEGAN = "2026-01-01T00:00:00Z"


def thread_name(id: str) -> str:
    """Name of the conversation that Chainlit knows by an id."""
    return PREFIX + uuid.UUID(id).hex


def _thread_id(name: str, key: str) -> str:
    """Id by which Chainlit knows a conversation: the UUID in its name, else its key."""
    try:
        return str(uuid.UUID(hex=name.removeprefix(PREFIX)))
    except ValueError:
        return key


class Threads(BaseDataLayer):
    """The conversations of whoever sends the request; those of others are not there."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def list_threads(
        self, pagination: Pagination, filters: ThreadFilter
    ) -> PaginatedResponse[ThreadDict]:
        """One page of conversations, the latest first."""
        most = max(1, min(pagination.first, PAGE))
        async with self._workspaces.of(_owner()) as state:
            agent = state.agent
            after = ""
            if pagination.cursor and (last := await _find(agent, pagination.cursor)):
                after = last.thread
            found = await conversations(agent, PREFIX, most + 1, after, filters.search or "")
            rows = [_row(one, agent.checkpoints.key(one.thread)) for one in found[:most]]
        last_id = rows[-1]["id"] if rows else None
        return PaginatedResponse(PageInfo(len(found) > most, None, last_id), rows)

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """A conversation without its steps: who goes on with it makes them."""
        async with self._workspaces.of(_owner()) as state:
            found = await _find(state.agent, thread_id)
            return found and _row(found, state.agent.checkpoints.key(found.thread))

    async def get_thread_author(self, thread_id: str) -> str:
        """The owner of a conversation; empty for one that is not there."""
        async with self._workspaces.of(_owner()) as state:
            return _owner() if await _find(state.agent, thread_id) else ""

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Give a conversation another title; nothing else of Chainlit's is kept."""
        if name is None or current() is None:
            return
        async with self._workspaces.of(_owner()) as state:
            if found := await _find(state.agent, thread_id):
                await rename(state.agent, found.thread, name)

    async def delete_thread(self, thread_id: str) -> None:
        """Delete a conversation with every byte of it."""
        async with self._workspaces.of(_owner()) as state:
            if found := await _find(state.agent, thread_id):
                await forget(state.agent, found.thread)

    async def get_user(self, identifier: str) -> PersistedUser:
        """The user of a session, which the gate has found valid."""
        return PersistedUser(id=identifier, createdAt=_BEGAN, identifier=identifier)

    async def create_user(self, user: User) -> PersistedUser:
        """The user of a session: users are kept elsewhere."""
        return await self.get_user(user.identifier)

    async def create_element(self, element: Any) -> None:
        """Keep no element."""

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        """No element: none is kept."""

    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        """Delete nothing: no element is kept."""

    async def create_step(self, step_dict: StepDict) -> None:
        """Keep no step."""

    async def update_step(self, step_dict: StepDict) -> None:
        """Keep no step."""

    async def delete_step(self, step_id: str) -> None:
        """Delete nothing: no step is kept."""

    async def upsert_feedback(self, feedback: Feedback) -> str:
        """Refuse: ratings have a route of their own."""
        raise RefusedRequest("ratings are given beside the answer that they are of")

    async def delete_feedback(self, feedback_id: str) -> bool:
        """Refuse: ratings have a route of their own."""
        raise RefusedRequest("ratings are given beside the answer that they are of")

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        """No favourite: they are switched off."""
        return []

    async def build_debug_url(self) -> str:
        """No address: there is nothing to debug."""
        return ""

    async def close(self) -> None:
        """Close nothing: the libraries are closed with the server."""


def _owner() -> str:
    identity = current()
    if identity is None:
        raise UnknownVideo("sign in first")
    return identity.owner


async def _find(agent: Any, id: str) -> Conversation | None:
    if not is_uuid(id):
        return None
    found = await conversation(agent, thread_name(id), id)
    return found if found and found.thread.startswith(PREFIX) else None


def _row(one: Conversation, key: str) -> ThreadDict:
    owner = _owner()
    return ThreadDict(
        id=_thread_id(one.thread, key),
        createdAt=datetime.fromtimestamp(one.updated, UTC).isoformat().replace("+00:00", "Z"),
        name=one.title,
        userId=owner,
        userIdentifier=owner,
        tags=[],
        metadata={},
        steps=[],
        elements=[],
    )
