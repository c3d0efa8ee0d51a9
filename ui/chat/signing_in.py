"""Sign-in by Chainlit: its page, its providers and its cookie, with what `accounts` decides."""

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any

import chainlit as cl
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from tools.errors import RefusedRequest
from ui.texts import preferred, text
from ui.web.accounts.gate import current
from ui.web.accounts.sign_in import SESSION, Accounts, Identity, TooManyAttempts, owner_name

CHECKS = 2
"""Passwords that are checked at the same time: each takes a core for a part of a second."""


def register(accounts: Accounts, url: str | None) -> None:
    """Tell Chainlit how people sign in, and with which key; earlier ways are forgotten."""
    from chainlit import server
    from chainlit.auth import cookie, jwt
    from chainlit.config import config

    code: Any = config.code
    code.password_auth_callback = code.header_auth_callback = code.oauth_callback = None
    jwt.get_jwt_secret = lambda: accounts.session_key
    cookie._cookie_secure = accounts.secure  # pyright: ignore[reportPrivateUsage]
    config.project.user_session_timeout = SESSION
    if url:
        base = url.rstrip("/")
        server.get_user_facing_url = lambda url: base + url.path
    if accounts.method == "password":
        cl.password_auth_callback(_closed)
    elif accounts.method == "oauth":
        _register_oauth(accounts)
    else:
        cl.header_auth_callback(_known)


async def _closed(username: str, password: str) -> None:
    """Let nobody in: /login is answered here, with a limit on attempts."""


async def _closed_form() -> Response:
    raise HTTPException(404, "not here")


async def _known(headers: Any) -> cl.User | None:
    """User that the gate has let in: the one of this machine, or whom a proxy has named."""
    identity = current()
    return identity and cl.User(identifier=identity.owner, display_name=identity.name)


def _register_oauth(accounts: Accounts) -> None:
    async def let_in(
        provider_id: str,
        token: str,
        raw_user_data: dict[str, str],
        default_user: cl.User,
        id_token: str | None = None,
    ) -> cl.User:
        identity = Identity(
            owner_name(f"{provider_id}:{default_user.identifier}"), default_user.identifier
        )
        return cl.User(
            identifier=identity.owner,
            display_name=identity.name,
            metadata=accounts.metadata(identity),
        )

    try:
        cl.oauth_callback(let_in)
    except ValueError:
        raise RefusedRequest(
            "CUEPOINT_SIGN_IN=oauth needs the settings of a provider, such as "
            "OAUTH_GITHUB_CLIENT_ID and OAUTH_GITHUB_CLIENT_SECRET"
        ) from None


def routes(accounts: Accounts) -> APIRouter:
    """The route of Chainlit's sign-in form."""
    router = APIRouter()
    if accounts.method != "password":
        router.add_api_route("/login", _closed_form, methods=["POST"])
        return router
    checking = ThreadPoolExecutor(CHECKS, thread_name_prefix="password")

    @router.post("/login")
    async def login(
        request: Request, username: Annotated[str, Form()], password: Annotated[str, Form()]
    ) -> Response:
        from chainlit.auth import set_auth_cookie

        words = partial(text, preferred(request.headers.get("accept-language")))
        near = request.client.host if request.client else ""
        loop = asyncio.get_running_loop()
        try:
            identity = await loop.run_in_executor(
                checking, accounts.sign_in, username, password, near
            )
        except TooManyAttempts as error:
            wait = {"retry-after": str(math.ceil(error.wait))}
            raise HTTPException(429, words("sign_in.many"), wait) from None
        if identity is None:
            raise HTTPException(403, words("sign_in.wrong"))  # at 401 the page begins anew
        reply = JSONResponse({"success": True})
        set_auth_cookie(request, reply, accounts.session(identity))
        return reply

    return router
