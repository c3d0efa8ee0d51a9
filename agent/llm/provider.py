"""Choice of the chat model: a language model if a key or an address is set, else extractive."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from agent.settings import EXTRACTIVE, Settings
from tools.errors import ProviderUnavailable, VideoError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from tools.toolbox import Toolbox

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-5-mini"
RETRIES = 2
_HINTS = {
    400: "it did not accept the request: check that CUEPOINT_MODEL can call tools",
    401: "check OPENAI_API_KEY",
    403: "the key in OPENAI_API_KEY may not use this model",
    404: "check CUEPOINT_MODEL and OPENAI_BASE_URL",
    429: "its limit or the account's credit is used up: try again later",
}
"""Remedy for each HTTP status."""


def load_model(settings: Settings, toolbox: "Toolbox") -> "BaseChatModel":
    """The model that the settings select; ProviderUnavailable names what is missing."""
    reachable = settings.openai_api_key is not None or settings.openai_base_url is not None
    if reachable and settings.model != EXTRACTIVE:
        return _openai(settings)
    if settings.model not in ("", EXTRACTIVE):
        raise ProviderUnavailable(
            f"the model {settings.model!r} needs OPENAI_API_KEY, or OPENAI_BASE_URL for a server "
            f"of your own; CUEPOINT_MODEL={EXTRACTIVE} answers without"
        )
    return extractive_model(toolbox)


def extractive_model(toolbox: "Toolbox") -> "BaseChatModel":
    """The model that answers by rule, and retrieves for a language model that reads."""
    from agent.extractive.model import ExtractiveModel

    return ExtractiveModel(toolbox=toolbox)


def _openai(settings: Settings) -> "BaseChatModel":
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    if settings.openai_base_url is not None and not settings.model:
        raise ProviderUnavailable(
            "OPENAI_BASE_URL is set: name the model that the server there offers in CUEPOINT_MODEL"
        )
    key = settings.openai_api_key
    return ChatOpenAI(
        model=settings.model or OPENAI_MODEL,
        # A server of one's own often wants no key, but the client will not start without one.
        api_key=SecretStr(key.reveal() if key else "none"),
        base_url=settings.openai_base_url or OPENAI_URL,
        timeout=settings.limits.model_wait,
        stream_chunk_timeout=None,  # a question watches for silence itself, from the first byte on
        max_retries=RETRIES,
        stream_usage=True,
        use_responses_api=False,  # the chat protocol is what self-hosted servers speak
    )


class ModelTimeout(ProviderUnavailable):
    """A language model sent nothing within the time that it may be silent."""


async def whole_reply(
    model: Any,
    messages: Sequence[Any],
    wait: float | None,
    feed: Callable[[str], Awaitable[None]] | None = None,
) -> Any:
    """A model's reply, its text fed on as it arrives; ModelTimeout after `wait` silent seconds."""
    from langchain_core.messages import AIMessage, AIMessageChunk, message_chunk_to_message

    chunks, reply = model.astream(messages), None
    while True:
        timer = asyncio.timeout(wait)
        try:
            async with timer:
                chunk = await anext(chunks)
        except StopAsyncIteration:
            break
        except TimeoutError:
            if not timer.expired():
                raise
            silence = f"the model said nothing for {wait:g} seconds (CUEPOINT_MODEL_WAIT)"
            raise ModelTimeout(silence) from None
        reply = chunk if reply is None else reply + chunk
        if feed:
            await feed(chunk.text)
    whole = message_chunk_to_message(reply) if isinstance(reply, AIMessageChunk) else reply
    return whole or AIMessage("")


async def trial_seconds(model: Any, wait: float) -> float:
    """Seconds in which a model answers one word; VideoError where it does not."""
    from langchain_core.messages import HumanMessage

    begun = time.monotonic()
    try:
        await whole_reply(model, [HumanMessage("Answer with the one word: yes")], wait)
    except model_errors() as error:
        raise as_video_error(error) from error
    return time.monotonic() - begun


def model_errors() -> tuple[type[Exception], ...]:
    """Exceptions of a remote model; none while no client was loaded."""
    openai = sys.modules.get("openai")
    return (openai.OpenAIError,) if openai else ()


def may_refuse_images(error: Exception) -> bool:
    """True if an error may mean that the model takes no images: servers report it variously."""
    return getattr(error, "status_code", None) in (400, 404, 415, 422, 500, 501)


def may_refuse_tools(error: Exception) -> bool:
    """True if an error may mean that a server takes no tools, or no schema of a reply."""
    return getattr(error, "status_code", None) in (400, 404, 422, 500, 501)


def connection_lost(error: Exception) -> bool:
    """True if the connection broke during a reply; before it, the client retries by itself."""
    return getattr(error, "status_code", None) is None


def as_video_error(error: Exception) -> VideoError:
    """One line for a person, without the error's own text: servers echo their input, keys too."""
    status = getattr(error, "status_code", None)
    if status is None:
        outcome = f"gave no answer ({type(error).__name__}): check OPENAI_BASE_URL and the network"
    else:
        outcome = f"answered {status}: {_HINTS.get(status, 'try again later')}"
    return ProviderUnavailable(f"the model server {outcome}")
