"""A workspace of Slack on this machine: its Web API, its files, and the events that it signs."""

import hashlib
import hmac
import http.client
import itertools
import json
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

import trustme
from starlette.testclient import TestClient

TOKEN, SECRET, BOT = "xoxb-canary-token", "canary-signing-secret", "UBOT"
NUMBERS = itertools.count(1)


@dataclass
class Call:
    """A call of the Web API, as it came."""

    method: str
    form: dict[str, str]
    token: str


@dataclass
class Workspace:
    """What was said here, and what the next calls are answered with."""

    port: int = 0
    files_port: int = 0
    socket_port: int = 0
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    calls: list[Call] = field(default_factory=list[Call])
    messages: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Messages of the bot by their ids, as they stand now."""
    told: list[str] = field(default_factory=list[str])
    uploads: list[tuple[bytes, str]] = field(default_factory=list[tuple[bytes, str]])
    """Files that were sent, with the token that came along."""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    fetched: list[str] = field(default_factory=list[str])
    refusals: dict[str, list[tuple[int, dict[str, str], dict[str, Any]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Answers to the next calls of a method: status, headers, body."""
    members: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """People of a channel; everybody where none are named."""
    has_sessions: bool = True
    """False of an app without the agent view."""
    before: Callable[[Call], None] = lambda _: None
    """Called with each call, before it is answered."""
    happened: threading.Condition = field(default_factory=threading.Condition)

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds of what was said."""
        with self.happened:
            assert self.happened.wait_for(holds, timeout=60), (self.told, self.calls[-3:])
            return holds()

    def connect(self, stall: float) -> http.client.HTTPSConnection:
        """A connection to `files.slack.com`, which is here."""
        made = http.client.HTTPSConnection("files.slack.com", timeout=stall, context=self.trust)
        here = ("127.0.0.1", self.files_port)
        made._create_connection = lambda *_: socket.create_connection(here)  # type: ignore[attr-defined]
        return made

    def answers(self, channel: str) -> list[dict[str, Any]]:
        """Messages of a channel that are answers: they have blocks."""
        there = list(self.messages.values())
        return [one for one in there if one["channel"] == channel and one["blocks"]]

    def forms(self, method: str) -> list[dict[str, str]]:
        """Values of the calls of a method."""
        return [call.form for call in list(self.calls) if call.method == method]

    def answered(self, channel: str = "C1") -> dict[str, Any]:
        """The first answer in a channel, waited for."""
        return self.until(lambda: self.answers(channel))[0]

    def call(self, method: str, form: dict[str, str], token: str) -> tuple[int, Any, Any]:
        self.before(Call(method, form, token))
        with self.happened:
            self.calls.append(Call(method, form, token))
            self.happened.notify_all()
            if self.refusals[method]:
                return self.refusals[method].pop(0)
            done: dict[str, Any] = {"ok": True}
            if method in ("chat.postMessage", "chat.update"):
                ts = form.get("ts") or f"9000.{next(NUMBERS):06}"
                blocks = json.loads(form.get("blocks", "[]"))
                before = self.messages.get(ts, {})
                self.messages[ts] = {**before, **form, "blocks": blocks, "posted": method, "ts": ts}
                self.told.append(form["text"])
                done |= {"ts": ts, "channel": form["channel"]}
            elif method == "chat.startStream":
                ts = done["ts"] = f"9000.{next(NUMBERS):06}"
                text = form["markdown_text"]
                self.messages[ts] = {**form, "text": text, "blocks": [], "posted": method, "ts": ts}
            elif method == "chat.appendStream":
                self.messages[form["ts"]]["text"] += form["markdown_text"]
            elif method == "conversations.replies":
                done["messages"] = [
                    {"ts": one["ts"], "metadata": json.loads(one.get("metadata", "null"))}
                    for one in self.messages.values()
                    if one.get("thread_ts") == form["ts"]
                ]
            elif method == "chat.postEphemeral":
                people = self.members.get(form["channel"])
                if people is not None and form["user"] not in people:
                    return 200, {}, {"ok": False, "error": "user_not_in_channel"}
            elif method.startswith("agents.sessions.") and not self.has_sessions:
                return 200, {}, {"ok": False, "error": "not_allowed"}
            elif method == "files.getUploadURLExternal":
                done["file_id"] = f"FUP{next(NUMBERS)}"
                done["upload_url"] = f"http://127.0.0.1:{self.port}/upload/{done['file_id']}"
            elif method == "apps.connections.open":
                done["url"] = f"ws://127.0.0.1:{self.socket_port}/"
            elif method == "auth.test":
                done |= {"team": "Films", "user_id": BOT}
            return 200, {}, done


def _handler(workspace: Workspace, files: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            token = self.headers.get("authorization", "")
            if self.path.startswith("/upload/"):
                workspace.uploads.append((body, token))
                return self._send(200, {}, b"OK")
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            method = self.path.removeprefix("/api/")
            status, headers, value = workspace.call(method, form, token)
            headers = {"content-type": "application/json", **headers}
            self._send(status, headers, json.dumps(value).encode())

        def do_GET(self) -> None:
            token = self.headers.get("authorization", "")
            with workspace.happened:
                workspace.fetched.append(f"{self.path} {token}")
                workspace.happened.notify_all()
            content = workspace.files.get(self.path)
            if not files or content is None:
                return self._send(302, {"location": "https://evil.example/"}, b"")
            self._send(200, {"content-type": "video/mp4"}, content)

        def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


class Server(ThreadingHTTPServer):
    request_queue_size = 256


@contextmanager
def workspace() -> Iterator[Workspace]:
    """A workspace, running."""
    here = Workspace()
    api = Server(("127.0.0.1", 0), _handler(here, files=False))
    files = Server(("127.0.0.1", 0), _handler(here, files=True))
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("files.slack.com").configure_cert(context)
    files.socket = context.wrap_socket(files.socket, server_side=True)
    here.trust = ssl.create_default_context()
    authority.configure_trust(here.trust)
    here.port, here.files_port = api.server_address[1], files.server_address[1]
    for server in (api, files):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield here
    for server in (api, files):
        server.shutdown()
        server.server_close()


def signed(body: bytes, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    """Headers of a request as Slack signs it."""
    stamp = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


def send(client: TestClient, body: dict[str, Any], **headers: str) -> Any:
    """An event, as Slack sends it."""
    if body["type"] == "block_actions":
        content = urlencode({"payload": json.dumps(body)}).encode()
        kind = "application/x-www-form-urlencoded"
    else:
        content, kind = json.dumps(body).encode(), "application/json"
    headers = {"content-type": kind, **signed(content), **headers}
    return client.post("/slack/events", content=content, headers=headers)


def event(text: str, channel: str = "C1", kind: str = "app_mention", **more: Any) -> dict[str, Any]:
    """A message as an event; each is another message."""
    number = next(NUMBERS)
    inner = {
        "type": kind,
        "channel": channel,
        "user": "U1",
        "text": text,
        "ts": f"1000.{number:06}",
    }
    return {
        "type": "event_callback", "team_id": "T1", "event_id": f"Ev{number}",
        "authorizations": [{"user_id": BOT, "is_bot": True}], "event": {**inner, **more},
    }  # fmt: skip


def happened(kind: str, **values: Any) -> dict[str, Any]:
    """An event that is no message."""
    number = next(NUMBERS)
    inner = {"type": kind, "event_ts": f"1000.{number:06}", **values}
    return {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{number}", "event": inner}


def press(answer: dict[str, Any], name: str, user: str = "U1") -> dict[str, Any]:
    """A button of an answer that is pressed; each time is another one."""
    buttons = {one["action_id"]: one for one in answer["blocks"][-1]["elements"]}
    action = {**buttons[name], "action_ts": f"5000.{next(NUMBERS):06}"}
    return {
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": user, "team_id": "T1"},
        "channel": {"id": answer["channel"]}, "trigger_id": "1.2", "actions": [action],
        "message": {"ts": answer["ts"], "thread_ts": answer["thread_ts"]},
    }  # fmt: skip
