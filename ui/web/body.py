"""Body of a request that is read whole, of bounded size."""

from starlette.requests import Request


async def bounded_body(request: Request, most: int) -> bytes | None:
    """Body of a request; None for one of more bytes, whose rest is not read. ClientDisconnect."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return bytes(body)
