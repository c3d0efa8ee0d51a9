"""Errors as answers over HTTP, without what was sent: that need not be text."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from tools.errors import (
    NotIndexed,
    ProviderUnavailable,
    UnknownCollection,
    UnknownVideo,
    UnreadableMedia,
)
from tools.generate.jobs import UnknownJob

_STATUS = {
    UnknownJob: 404,
    UnknownVideo: 404,
    UnknownCollection: 404,
    NotIndexed: 409,
    UnreadableMedia: 415,
    ProviderUnavailable: 503,
}


def status_of(error: Exception) -> int:
    """Status of a VideoError."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)


async def tell(request: Request, error: Exception) -> Response:
    """Answer with what a VideoError says."""
    return JSONResponse({"detail": str(error)}, status_of(error))


async def refuse(request: Request, error: Exception) -> Response:
    """Refuse a request that is not as described; programs are told which part of it."""
    if request.url.path.startswith("/api/") and isinstance(error, RequestValidationError):
        wrong = [{"loc": list(one["loc"]), "msg": one["msg"]} for one in error.errors()]
        return JSONResponse({"detail": wrong}, 422)
    return JSONResponse({"detail": "this request cannot be understood"}, 400)
