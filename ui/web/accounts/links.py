"""Signed, expiring addresses of media, for doors that send no cookie: Slack, MCP, a mail.

A signature is an HMAC-SHA256 over owner, expiry and path. That of a page `/v/ID` holds for all
media of the video, which the page shows; that of a media address holds for this address alone.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

_MEDIA = re.compile(r"/media/([0-9a-f]{16})/.+")
_PAGE = re.compile(r"/v/[0-9a-f]{16}")
NAMES = ("owner", "expires", "signature")
"""Parameters of a signed address."""


def sign(secret: bytes, address: str, expires: float, owner: str) -> str:
    """Sign an address under `/media` or `/v` until a time in seconds since 1970; ValueError else.

    Its own parameters (`t`, `from`, `to`) stay, and are not signed.
    """
    parts = urlsplit(address)
    if not (_MEDIA.fullmatch(parts.path) or _PAGE.fullmatch(parts.path)):
        raise ValueError(f"{address!r} is no address of a video")
    until = str(int(expires))
    values = (owner, until, _signature(secret, parts.path, until, owner))
    query = "&".join(filter(None, (parts.query, urlencode(dict(zip(NAMES, values, strict=True))))))
    return f"{parts.path}?{query}"


def owner_by_link(
    secret: bytes, path: str, query: Mapping[str, str], now: float | None = None
) -> str | None:
    """Owner whose signature an address carries; None without one, and for one that fails."""
    owner, until, given = (query.get(name, "") for name in NAMES)
    if not (given and re.fullmatch(r"\d{1,12}", until)):
        return None
    if int(until) <= (time.time() if now is None else now):
        return None
    media = _MEDIA.fullmatch(path)
    signed = [path, *([f"/v/{media[1]}"] if media else [])]
    known = [_signature(secret, one, until, owner) for one in signed]
    matches = [hmac.compare_digest(one.encode(), given.encode()) for one in known]
    return owner if any(matches) and (media or _PAGE.fullmatch(path)) else None


def _signature(secret: bytes, path: str, until: str, owner: str) -> str:
    text = "\n".join(("cuepoint link", owner, until, path))
    return hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
