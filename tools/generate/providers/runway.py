"""Runway, by its SDK: its own models, and others that it fronts (Veo, Kling, Seedance)."""

import base64
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tools.errors import Interrupted, RefusedRequest, VideoError
from tools.generate.providers import Ambiguous, Piece, Progress, Work
from tools.generate.providers.http import WAIT, download, failed_submission, told_error, unclear
from tools.generate.request import GenerationRequest, Kind

PROMPT, DATA_BYTES = 1000, 3 << 20
"""Characters of a prompt, and bytes of a file that travels inside the request, at most."""
_INPUT: dict[Kind, str] = {
    "text_to_video": "text",
    "image_to_video": "image",
    "video_to_video": "video",
}
_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".mp4": "video/mp4"}


class Runway:
    """Runway's API. The SDK sends nothing twice: it would retry a job that is paid."""

    name = "runway"
    local = False

    def __init__(self, key: str, model: str, base_url: str):
        if model not in _table()["models"]:
            known = ", ".join(_table()["models"])
            raise VideoError(f"CUEPOINT_RUNWAY_MODEL {model!r} is none of {known}")
        self.model, self._key, self._base = model, key, base_url
        self._offers: dict[str, Any] = _table()["models"][model]
        self.kinds: frozenset[Kind] = frozenset(
            kind for kind, given in _INPUT.items() if given in self._offers
        )

    def price(self, request: GenerationRequest) -> float | None:
        usd = _table()["usd_per_credit"] * self._offers["credits"]
        return round(usd * self._seconds(request), 4)

    def leaves(self, request: GenerationRequest) -> list[str]:
        host = httpx.URL(self._base).host
        lines = [f"the prompt goes to Runway ({host}), for its model {self.model}"]
        given = {"image_to_video": "the picture", "video_to_video": "the clip"}.get(request.kind)
        return lines + [f"{given} {name!r} goes there, too" for name in request.inputs[:1] if given]

    def submit(self, work: Work) -> str:
        sdk, request = _sdk(), work.request
        given = _INPUT[request.kind]
        options: dict[str, Any] = {
            "model": self.model,
            "prompt_text": request.prompt[:PROMPT],
            "seed": request.seed,
        }
        if given == "video":
            options["video_uri"] = _data(work.inputs / request.inputs[0])
        else:
            options["ratio"] = self._ratio(request)
            options["duration"] = self._seconds(request)
        if given == "image":
            options["prompt_image"] = _data(work.inputs / request.inputs[0])
        with self._client() as client:
            create = getattr(client, request.kind).create
            try:
                return str(create(**options).id)
            except sdk.APIStatusError as error:
                raise failed_submission(error.status_code, *told_error(error.body)) from error
            except sdk.APIConnectionError as error:
                if isinstance(error.__cause__, httpx.ConnectError):
                    raise Interrupted("Runway cannot be reached; nothing was sent") from error
                raise Ambiguous(unclear(type(error).__name__)) from error
            except (sdk.RunwayMLError, AttributeError) as error:
                raise Ambiguous(unclear("its answer names no job")) from error

    def find(self, work: Work, since: float) -> str | None:
        raise Ambiguous(unclear("Runway keeps no list that a program can read"))

    def poll(self, id: str) -> Progress:
        sdk = _sdk()
        try:
            with self._client() as client:
                task = client.tasks.retrieve(id)
        except sdk.NotFoundError:
            return Progress("failed", reason="Runway knows nothing of the job any more")
        except sdk.APIError as error:
            raise Interrupted("Runway does not answer now") from error
        cost = getattr(getattr(task, "cost", None), "credits", None)
        usd = None if cost is None else round(cost * _table()["usd_per_credit"], 4)
        if task.status == "SUCCEEDED":
            return Progress("done", 1.0, cost_usd=usd)
        if task.status in ("PENDING", "THROTTLED", "RUNNING"):
            return Progress("running", float(getattr(task, "progress", 0.0) or 0.0))
        code = str(getattr(task, "failure_code", "") or "")
        refused = code.startswith(("SAFETY", "INPUT_PREPROCESSING.SAFETY"))
        why = str(getattr(task, "failure", "") or task.status.lower())
        return Progress("refused" if refused else "failed", reason=why[:300], cost_usd=usd)

    def fetch(
        self, id: str, work: Work, folder: Path, on_progress: Callable[[float], object]
    ) -> list[Piece]:
        sdk = _sdk()
        try:
            with self._client() as client:
                task = client.tasks.retrieve(id)  # its links expire, so they are new each time
            address = str(task.output[0])
        except (sdk.APIError, AttributeError, IndexError) as error:
            raise Interrupted("Runway does not give the file now") from error
        download(address, folder / "1.mp4", on_progress)
        return [Piece(folder / "1.mp4", work.request.aspects[0], self._seconds(work.request))]

    def cancel(self, id: str) -> None:
        sdk = _sdk()
        try:
            with self._client() as client:
                client.tasks.delete(id)
        except sdk.APIError as error:
            raise Interrupted("Runway does not answer now") from error

    def _seconds(self, request: GenerationRequest) -> int:
        """The offered length that is nearest, and not shorter where there is one."""
        offered: list[int] = self._offers["seconds"]
        return next((one for one in offered if one >= request.seconds - 0.01), offered[-1])

    def _ratio(self, request: GenerationRequest) -> str:
        offered: dict[str, str] = self._offers[_INPUT[request.kind]]
        aspect = request.aspects[0]
        if aspect not in offered:
            raise RefusedRequest(f"{self.model} makes {', '.join(offered)}, not {aspect}")
        return offered[aspect]

    def _client(self) -> Any:
        return _sdk().RunwayML(api_key=self._key, base_url=self._base, max_retries=0, timeout=WAIT)


def _data(path: Path) -> str:
    """A file as an address that holds it."""
    data = path.read_bytes()
    if len(data) > DATA_BYTES:
        raise RefusedRequest(
            f"{path.name!r} is too large to send ({len(data) >> 20} MB): {DATA_BYTES >> 20} MB "
            "is the most"
        )
    return f"data:{_TYPES[path.suffix]};base64,{base64.b64encode(data).decode()}"


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _sdk() -> Any:
    import runwayml  # an extra

    return runwayml
