"""Files that were shared, fetched from Slack alone: the token goes to no other address."""

import http.client
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from agent.settings import Secret
from tools.errors import RefusedRequest
from tools.fetch.download import Limits, too_large
from tools.fetch.sites import Fetched
from tools.files.disk import disk_error
from tools.text.clean import title_of
from ui.slack_bot.journal import File
from ui.slack_bot.words import say

HOST = "files.slack.com"
_PIECE = 1 << 20
Connect = Callable[[float], http.client.HTTPSConnection]
"""A connection to `files.slack.com`, given the seconds that it waits for a byte."""


def connect(stall: float) -> http.client.HTTPSConnection:
    """Connect over TLS, without a proxy or a redirect."""
    return http.client.HTTPSConnection(HOST, timeout=stall, context=ssl.create_default_context())


def target(file: File) -> str | None:
    """Path and query of a file of Slack; None for every other address."""
    url = file.url
    if file.mode == "external" or not url.isascii() or not url.isprintable() or " " in url:
        return None
    if not url.startswith(f"https://{HOST}/") or "\\" in url or "#" in url:
        return None
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


class Files:
    """Fetches files in the name of the bot."""

    def __init__(self, token: Secret, connect: Connect = connect) -> None:
        self._token, self._connect = token, connect

    def fetch(
        self,
        file: File,
        folder: Path,
        limit: int,
        stall: float,
        tell: Callable[[int, int | None], None],
        going: Callable[[], bool],
    ) -> Fetched:
        """Stream a file into a folder; RefusedRequest for a foreign, lost or too large one."""
        wanted = target(file)
        if wanted is None:
            raise RefusedRequest(say("foreign"))
        path, here, limits = folder / "file", 0, Limits(going)
        connection = self._connect(stall)
        try:
            bearer = {"authorization": f"Bearer {self._token.reveal()}"}
            connection.request("GET", wanted, headers=bearer)
            reply = connection.getresponse()
            # Without the right to read it Slack sends its page to sign in.
            if reply.status != 200 or reply.getheader("content-type", "").startswith("text/html"):
                raise RefusedRequest(say("not_fetched"))
            whole = reply.length
            with path.open("xb") as out:
                while piece := reply.read(_PIECE):
                    limits.check()
                    here += len(piece)
                    if max(here, whole or 0) > limit:
                        raise too_large(limit)
                    out.write(piece)
                    tell(here, whole)
            if whole is not None and here < whole:
                raise RefusedRequest(say("not_fetched"))
        except (OSError, http.client.HTTPException) as error:
            full = disk_error(error) if isinstance(error, OSError) else None
            raise full or RefusedRequest(say("not_fetched")) from error
        finally:
            connection.close()
        return Fetched(path, title_of(file.name))
