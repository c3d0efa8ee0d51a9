"""HTTP towards providers: what an answer means for a job that is paid once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx

from tools.errors import Interrupted, ProviderUnavailable, VideoError
from tools.files.disk import check_space
from tools.generate.providers import Ambiguous, Refused

MOST_BYTES = 2 << 30
"""Bytes of one file that is fetched, at most."""
WAIT = httpx.Timeout(60.0, connect=10.0)
MODERATED = ("moderation", "content_policy", "safety", "sensitive")
"""Words in an error's code by which a provider says that it refuses the content."""


def failed_submission(status: int, code: str, told: str) -> VideoError:
    """Error of a submission that was answered with an error status.

    From 500 on it may have been taken all the same: only a person may send it again.
    """
    if any(word in f"{code} {told}".casefold() for word in MODERATED):
        return Refused(f"the provider refuses this content: {told or code}")
    if status in (401, 403):
        return ProviderUnavailable("the provider does not take the key")
    if status == 402:
        return ProviderUnavailable("the account at the provider has no credit left")
    if status == 429:
        return Interrupted("the provider takes no more jobs now; nothing was sent: try later")
    if status >= 500:
        return Ambiguous(unclear(f"its server failed ({status})"))
    return VideoError(f"the provider did not take it ({status}): {told or code}")


def told_error(body: Any) -> tuple[str, str]:
    """Code and words of the error in an answer's body, whichever shape it has."""
    top = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    inner: Any = top.get("error", top)
    error = cast("dict[str, Any]", inner) if isinstance(inner, dict) else {"message": inner}
    code = error.get("code") or error.get("type") or top.get("code") or ""
    return str(code), str(error.get("message") or "")[:300]


def unclear(why: str) -> str:
    """Sentence on a job that may have been sent."""
    return (
        f"it is not known whether the job arrived: {why}. Look at the provider's own list before "
        "you pay again"
    )


def download(
    address: str, target: Path, on_progress: Callable[[float], object], key: str = ""
) -> None:
    """Fetch a finished file, whole or not at all; Interrupted may be tried again.

    `key` is sent to the address alone, never to one that it leads to.
    """
    check_space(target.parent)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    got = 0
    try:
        with (
            httpx.Client(timeout=WAIT, follow_redirects=not key) as client,
            client.stream("GET", address, headers=headers) as answer,
            target.open("xb") as file,
        ):
            if answer.status_code != 200:
                raise Interrupted(f"the file cannot be fetched now ({answer.status_code})")
            told = int(answer.headers.get("content-length", 0))
            for part in answer.iter_bytes():
                got += len(part)
                if got > MOST_BYTES:
                    raise VideoError("the provider's file is larger than anything asked for")
                file.write(part)
                on_progress(min(got / told, 1.0) if told else 0.0)
        if got < told or not got:
            raise Interrupted(f"half a file came ({got} of {told} bytes)")
    except (httpx.HTTPError, ValueError) as error:
        target.unlink(missing_ok=True)
        raise Interrupted(f"the file could not be fetched: {type(error).__name__}") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
