"""Chat sessions as routes see them: each belongs to who began it; another's is not found."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException
from fastapi.responses import JSONResponse, Response

from agent.history import Rating, conversation, rate, unrate
from ui.chat.threads import thread_name
from ui.web.accounts.gate import current
from ui.web.host_guard import is_uuid
from ui.web.workspaces import Mine

TURNS = "turns"
"""What a session keeps the turns of its messages under, by the id of the message."""
_LARGEST = 64 << 10
"""Characters of what a button sends."""


def session_of(id: str) -> Any:
    """The chat session of an id; 404 where who asks has none like it."""
    from chainlit.session import WebsocketSession

    session: Any = WebsocketSession.get_by_id(id) if is_uuid(id) else None
    identity = current()
    if not (session and session.user and identity and session.user.identifier == identity.owner):
        raise HTTPException(404, "no such session")
    return session


def session_files(id: str) -> dict[str, Any]:
    """Files attached in a chat session, by id."""
    return session_of(id).files


def session_routes() -> APIRouter:
    """Routes that act in a session, in place of Chainlit's."""
    router = APIRouter()

    @router.post("/set-session-cookie")
    async def cookie(session_id: Annotated[str, Body(embed=True)]) -> Response:
        """Answer Chainlit's page, which would find its worker again: there is one worker."""
        if not is_uuid(session_id):
            raise HTTPException(400, "session ids are UUIDs")
        return JSONResponse({"message": "not needed"})

    @router.post("/project/action")
    async def act(
        action: Annotated[dict[str, Any], Body()],
        session_id: Annotated[str, Body(alias="sessionId")],
    ) -> Response:
        """Run a button. It begins no conversation: only a question does."""
        from chainlit.action import Action
        from chainlit.config import config
        from chainlit.context import init_ws_context

        session = session_of(session_id)
        try:
            made = Action(**action)
            if len(json.dumps(made.payload)) > _LARGEST:
                raise ValueError
        except (TypeError, ValueError) as error:
            raise HTTPException(400, "this request cannot be understood") from error
        callback = config.code.action_callbacks.get(made.name)
        if callback is None:
            raise HTTPException(404, "there is no such button")
        init_ws_context(session)
        return JSONResponse({"success": True, "response": await callback(made)})

    @router.put("/feedback")
    async def rate_answer(
        mine: Mine,
        feedback: Annotated[dict[str, Any], Body()],
        session_id: Annotated[str, Body(alias="sessionId")],
    ) -> Response:
        """Keep what a person thinks of an answer of this chat."""
        from chainlit.user_session import user_sessions

        session = session_of(session_id)
        kept = user_sessions.get(session.id, {})
        turn = kept.get(TURNS, {}).get(str(feedback.get("forId")))
        if turn is None:
            raise HTTPException(404, "there is no such answer")
        comment, value = feedback.get("comment") or "", feedback.get("value")
        if value not in (0, 1) or not isinstance(comment, str):
            raise HTTPException(400, "this request cannot be understood")
        thread = str(kept["thread"])  # which may have begun under another name than the page's
        await rate(mine.agent, thread, Rating(turn, value == 1, comment))
        key = mine.agent.checkpoints.key(thread)
        return JSONResponse({"success": True, "feedbackId": f"{key}.{turn}"})

    @router.delete("/feedback")
    async def unrate_answer(
        mine: Mine, id: Annotated[str, Body(alias="feedbackId", embed=True)]
    ) -> Response:
        """Take a rating back."""
        thread, _, turn = id.partition(".")
        if not (is_uuid(thread) and turn.isdecimal() and len(turn) < 9):
            raise HTTPException(404, "there is no such rating")
        found = await conversation(mine.agent, thread_name(thread), thread)
        if found is not None:
            await unrate(mine.agent, found.thread, int(turn))
        return JSONResponse({"success": True})

    return router
