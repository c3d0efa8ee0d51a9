"""A service on this machine that makes videos: `POST /videos`, and Runway's tasks. It counts."""

import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FILM = b"a film, as far as this server knows"


class VideoServer:
    """A service whose failures are scripted; `submitted` are the bodies it took for jobs."""

    def __init__(self) -> None:
        self.submitted: list[str] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.asked = Counter[str]()
        self.keys: list[str] = []
        self.cancelled: list[str] = []
        self.film = FILM
        self.keeps_keys = True
        self.lists = True
        self.state = "done"
        """What a look at a job says: running, done, refused or failed."""
        self.fail: dict[str, list[Any]] = {}
        """By `submit`, `poll`, `list` and `content`: a status, `hang up` or `half`, one a call."""
        self._lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                service.get(self)

            def do_POST(self) -> None:
                service.post(self)

            def do_DELETE(self) -> None:
                service.cancelled.append(self.path.rpartition("/")[2])
                service.tell(self, 200, {})

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def post(self, request: Any) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        if request.path == "/v1/moderations":
            flagged = b"forbidden" in body
            self.tell(
                request, 200, {"results": [{"flagged": flagged, "categories": {"x": flagged}}]}
            )
            return
        self.asked["submit"] += 1
        failure = self._failure("submit")
        if isinstance(failure, int):
            error = {"code": "moderation_blocked" if failure == 400 else "failed", "message": "no"}
            self.tell(request, failure, {"error": error})
            return
        key = request.headers.get("idempotency-key", "")
        prompt = re.search(rb'name="prompt"\r\n\r\n(.*?)\r\n', body, re.DOTALL)
        told = prompt[1].decode() if prompt else json.loads(body).get("promptText", "")
        with self._lock:
            id = f"job-{len(self.submitted) + 1}"
            self.submitted.append(told)
            self.keys.append(key)
            self.jobs[id] = {"prompt": told, "created_at": time.time(), "key": key}
        if failure == "hang up":
            request.close_connection = True
            return
        self.tell(request, 200, {"id": id, "status": "queued", "estimatedCost": {"credits": 60}})

    def get(self, request: Any) -> None:
        path = request.path.partition("?")[0]
        if path.endswith("/content") or path.startswith("/film"):
            self._content(request)
        elif path in ("/v1/videos", "/videos"):
            self._list(request)
        else:
            self.asked["poll"] += 1
            failure = self._failure("poll")
            id = path.rpartition("/")[2]
            if isinstance(failure, int):
                self.tell(request, failure, {"error": {"message": "busy"}})
            elif id not in self.jobs:
                self.tell(request, 404, {"error": {"message": "unknown"}})
            else:
                self.tell(request, 200, self._runway(id) if "/tasks/" in path else self._video(id))

    def _content(self, request: Any) -> None:
        self.asked["content"] += 1
        failure = self._failure("content")
        if isinstance(failure, int):
            self.tell(request, failure, {})
            return
        request.send_response(200)
        request.send_header("content-length", str(len(self.film)))
        request.end_headers()
        half = failure == "half"
        request.wfile.write(self.film[: len(self.film) // 2] if half else self.film)
        request.close_connection = half

    def _list(self, request: Any) -> None:
        failure = self._failure("list")
        if not self.lists or isinstance(failure, int):
            self.tell(request, failure or 404, {})
            return
        rows: list[dict[str, Any]] = []
        for id, job in self.jobs.items():
            row = {"id": id, "prompt": job["prompt"], "created_at": job["created_at"]}
            rows.append(row | ({"idempotency_key": job["key"]} if self.keeps_keys else {}))
        self.tell(request, 200, {"data": rows})

    def _video(self, id: str) -> dict[str, Any]:
        states = {"running": "in_progress", "done": "completed"}
        error = {"code": "moderation_blocked" if self.state == "refused" else "x", "message": "no"}
        over = self.state in ("refused", "failed")
        return {
            "id": id, "status": states.get(self.state, "failed"), "progress": 50,
            "error": error if over else None,
        }  # fmt: skip

    def _runway(self, id: str) -> dict[str, Any]:
        task: dict[str, Any] = {"id": id, "createdAt": "2026-11-28T00:00:00Z"}
        if self.state == "running":
            return task | {"status": "RUNNING", "progress": 0.5, "estimatedCost": {"credits": 60}}
        if self.state == "done":
            address = f"{self.address}/film/{id}"
            return task | {"status": "SUCCEEDED", "output": [address], "cost": {"credits": 60}}
        code = "SAFETY.INPUT.TEXT" if self.state == "refused" else "INTERNAL"
        failed = {"failure": "no", "failureCode": code, "cost": {"credits": 0}}
        return task | {"status": "FAILED"} | failed

    def _failure(self, of: str) -> Any:
        script = self.fail.get(of, [])
        return script.pop(0) if script else None

    def tell(self, request: Any, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
