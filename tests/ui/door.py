"""The web door in this process, and a chat that speaks to it over its socket, as a page does."""

import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

import agent.agent
from agent.settings import Settings
from ui.web.server import build_app

BASE = "http://127.0.0.1:8000"
SOCKET = "ws://127.0.0.1:8000/ws/socket.io/?EIO=4&transport=websocket"


@asynccontextmanager
async def no_agent(settings: Settings, **_: object) -> AsyncIterator[object]:
    """In place of one, where nothing is asked."""
    yield SimpleNamespace(model_name="extractive")


@contextmanager
def running(settings: Settings, opened: Callable[..., Any] = no_agent) -> Iterator[TestClient]:
    """The application, started, and a client of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agent.agent, "open_agent", opened)
        with TestClient(build_app(settings), base_url=BASE) as client:
            yield client


@contextmanager
def session(client: TestClient, id: str) -> Iterator[bool]:
    """A chat session over the socket; whether it was accepted."""
    with client.websocket_connect(SOCKET, headers={"upgrade": "websocket"}) as socket:
        yield _greeted(socket.receive_text, socket.send_text, id)


def _greeted(receive: Callable[[], str], send: Callable[[str], Any], id: str) -> bool:
    assert receive().startswith("0")  # the transport is open
    auth = {"sessionId": id, "clientType": "webapp", "threadId": "", "userEnv": "{}"}
    send("40" + json.dumps(auth))
    return receive().startswith("40")


def send_file(client: TestClient, session: str, name: str, content: bytes) -> Any:
    """Attach a file, as the paper-clip does."""
    files = {"file": (name, content, "video/mp4")}
    return client.post(f"/project/file?session_id={session}", files=files)


class Chat:
    """A page with a chat: it sends messages, and sees what the server shows."""

    def __init__(self, receive: Callable[[], str], send: Callable[[str], Any]) -> None:
        self.id = str(uuid.uuid4())
        self.shown: dict[str, dict[str, Any]] = {}
        """Messages and steps by their id, as they stand now."""
        self.streamed: dict[str, str] = {}
        """What stands where a message is still being written."""
        self.told: list[str] = []
        """Texts as they came, also those that others took the place of."""
        self.elements: list[dict[str, Any]] = []
        """Elements as they were sent, in order."""
        self.settings: list[dict[str, Any]] = []
        """What can be set in this chat."""
        self._receive, self._send = receive, send
        assert _greeted(receive, send, self.id)
        self._emit("connection_successful")
        self.until(lambda: "Hello!" in self.text)

    @property
    def text(self) -> str:
        """All that is shown, in order."""
        return "\n".join(str(one.get("output")) for one in self.shown.values())

    @property
    def messages(self) -> list[str]:
        """What the server says, in order."""
        said = (one for one in self.shown.values() if one["type"] == "assistant_message")
        return [one["output"] for one in said if one["output"]]

    def say(self, text: str, *files: str) -> None:
        """Send a message with what was attached."""
        message = {"id": str(uuid.uuid4()), "type": "user_message", "output": text, "name": "User"}
        message |= {"createdAt": "2026-11-28T12:00:00Z"}
        self._emit("client_message", message=message, fileReferences=[{"id": one} for one in files])

    def set(self, **values: Any) -> None:
        """Confirm the settings of this chat."""
        self._emit("chat_settings_change", **values)

    def until(self, holds: Callable[[], bool]) -> None:
        """Read what the server says until something holds."""
        while not holds():
            said = self._receive()
            if said == "2":
                self._send("3")
            elif said.startswith("42"):
                name, *values = json.loads(said[2:])
                if name in ("new_message", "update_message"):
                    self.shown[values[0]["id"]] = values[0]
                    self.streamed.pop(values[0]["id"], None)
                    self.told.append(str(values[0]["output"]))
                elif name in ("stream_start", "stream_token"):
                    text = str(values[0].get("token", values[0].get("output")))
                    self.streamed[values[0]["id"]] = text
                    self.told.append(text)
                elif name == "delete_message":
                    self.shown.pop(values[0]["id"], None)
                    self.streamed.pop(values[0]["id"], None)
                elif name == "element":
                    self.elements.append(values[0])
                elif name == "chat_settings":
                    self.settings = values[0]

    def _emit(self, name: str, **value: Any) -> None:
        self._send("42" + json.dumps([name, value] if value else [name]))


@contextmanager
def chatting(client: TestClient) -> Iterator[Chat]:
    """A page that was greeted."""
    with client.websocket_connect(SOCKET, headers={"upgrade": "websocket"}) as socket:
        yield Chat(socket.receive_text, socket.send_text)
