"""Servers that speak `POST /videos`: OpenAI's video shape, at an address of one's own.

The hosted service ended on 2026-09-24; servers of one's own still speak it.
"""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from tools.errors import Interrupted
from tools.generate.providers import Ambiguous, Piece, Progress, Work
from tools.generate.providers.http import (
    MODERATED,
    WAIT,
    download,
    failed_submission,
    told_error,
    unclear,
)
from tools.generate.request import SIZES, GenerationRequest, Kind

_STATES: dict[str, Any] = {"queued": "running", "in_progress": "running", "completed": "done"}
_KEY = "idempotency-key"
"""Header that carries a job's own id; a server that keeps it answers a repeated job once."""
SKEW = 5.0
"""Seconds by which the clocks here and there may differ."""


class OpenAIVideos:
    """A server that speaks `POST /videos`."""

    name = "openai-videos"
    local = False
    kinds: frozenset[Kind] = frozenset({"text_to_video", "image_to_video"})

    def __init__(
        self, base_url: str, model: str, usd_per_second: float | None, key: str = ""
    ) -> None:
        self.model, self._base, self._key = model, base_url.rstrip("/"), key
        self._usd = usd_per_second

    def price(self, request: GenerationRequest) -> float | None:
        return None if self._usd is None else round(self._usd * _seconds(request), 4)

    def leaves(self, request: GenerationRequest) -> list[str]:
        host = httpx.URL(self._base).host
        lines = [f"the prompt goes to {host}"]
        return lines + [f"the picture {name!r} goes to {host}" for name in request.inputs[:1]]

    def submit(self, work: Work) -> str:
        request = work.request
        width, height = SIZES[request.aspects[0]]
        fields = {
            "model": self.model,
            "prompt": request.prompt,
            "seconds": str(_seconds(request)),
            "size": f"{width}x{height}",
        }
        files: dict[str, Any] = {name: (None, value) for name, value in fields.items()}
        if request.inputs:
            picture = work.inputs / request.inputs[0]
            files["input_reference"] = (picture.name, picture.read_bytes())
        try:
            answer = self._client.post("/videos", files=files, headers={_KEY: work.key})
        except httpx.ConnectError as error:
            raise Interrupted("the video server cannot be reached; nothing was sent") from error
        except httpx.HTTPError as error:
            raise Ambiguous(unclear(type(error).__name__)) from error
        if answer.status_code not in (200, 201, 202):
            raise failed_submission(answer.status_code, *_told(answer))
        try:
            return str(answer.json()["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise Ambiguous(unclear("its answer names no job")) from error

    def find(self, work: Work, since: float) -> str | None:
        try:
            answer = self._client.get("/videos", params={"limit": 100, "order": "desc"})
            answer.raise_for_status()
            listed: list[dict[str, Any]] = answer.json()["data"]
            for one in listed:
                if one.get("idempotency_key") == work.key:
                    return str(one["id"])
            same = [
                one
                for one in listed
                if one.get("prompt") == work.request.prompt
                and float(one.get("created_at", 0)) >= since - SKEW
            ]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Ambiguous(unclear("its list of jobs cannot be read")) from error
        if same:
            raise Ambiguous(unclear(f"the server lists {len(same)} like it"))
        return None

    def poll(self, id: str) -> Progress:
        try:
            answer = self._client.get(f"/videos/{id}")
        except httpx.HTTPError as error:
            raise Interrupted("the video server does not answer now") from error
        if answer.status_code == 404:
            return Progress("failed", reason="the server knows nothing of the job any more")
        if answer.status_code != 200:
            raise Interrupted(f"the video server does not answer now ({answer.status_code})")
        try:
            told = answer.json()
            state, (code, reason) = str(told["status"]), told_error(told.get("error"))
            fraction = float(told.get("progress") or 0) / 100
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise Interrupted("the video server's answer cannot be read") from wrong
        if state in _STATES:
            return Progress(_STATES[state], min(max(fraction, 0.0), 1.0))
        refused = any(word in code for word in MODERATED)
        return Progress("refused" if refused else "failed", reason=reason or code or state)

    def fetch(
        self, id: str, work: Work, folder: Path, on_progress: Callable[[float], object]
    ) -> list[Piece]:
        target = folder / "1.mp4"
        download(f"{self._base}/videos/{id}/content", target, on_progress, self._key)
        return [Piece(target, work.request.aspects[0], _seconds(work.request))]

    def cancel(self, id: str) -> None:
        try:
            self._client.delete(f"/videos/{id}")
        except httpx.HTTPError as error:
            raise Interrupted("the video server does not answer now") from error

    @cached_property
    def _client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self._key}"} if self._key else {}
        return httpx.Client(base_url=self._base, headers=headers, timeout=WAIT)


def _seconds(request: GenerationRequest) -> int:
    return max(round(request.seconds), 1)


def _told(answer: httpx.Response) -> tuple[str, str]:
    try:
        return told_error(answer.json())
    except ValueError:
        return "", ""
