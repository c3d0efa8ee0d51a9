"""The pictures that a model is shown, over real HTTP and from a real library."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from PIL import Image

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.llm.images import SIZES, ContactSheets, sheet_tokens
from agent.settings import Settings
from agent.toolbelt import Toolbelt
from tests.chat_server import Server, call, say, serving
from tools.errors import UnreadableMedia
from tools.media import Evidence
from tools.toolbox import Toolbox
from tools.vision.contact_sheet import Sheet, Tile, contact_sheet


@pytest.fixture
def serve() -> Iterator[Any]:
    with serving() as start:
        yield start


async def answered(shelf: Any, server: Server, *questions: str, **more: str) -> list[Answer]:
    environ = {
        "CUEPOINT_HOME": str(shelf.library.home),
        "CUEPOINT_MODEL": "gpt-4o-mini",
        "OPENAI_API_KEY": "sk-x",
        "OPENAI_BASE_URL": server.url,
    }
    answers: list[Any] = []
    settings = Settings.from_env(environ | more)
    async with open_agent(settings, toolbox=Toolbox(shelf.library)) as agent:
        for question in questions:
            answers.append([event async for event in ask(agent, question, thread="t")][-1])
    return answers


def pictures(body: dict[str, Any]) -> list[Image.Image]:
    """The pictures in a request, in their order; all of them our own bytes."""
    found: list[Image.Image] = []
    for message in body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else ():
            if part["type"] == "image_url":
                kind, _, data = part["image_url"]["url"].partition(",")
                assert kind == "data:image/jpeg;base64"
                found.append(Image.open(io.BytesIO(base64.b64decode(data))))
    return found


def scenes(shelf: Any) -> Any:
    return call(f'{{"video": "{shelf.video}"}}', name="find_scenes")


async def test_what_tools_find_is_shown_as_one_sheet_and_not_kept(shelf: Any, serve: Any):
    missed = say("NOT FOUND"), say('{"found": false, "sentences": []}')
    server = serve(scenes(shelf), say("It begins in red [e1]."), *missed)
    first, _ = await answered(shelf, server, "What is seen?", "And then?")
    asked, told, later, _ = (body for _, body in server.requests)
    assert pictures(asked) == [] and pictures(later) == []
    (sheet,) = pictures(told)
    assert sheet.width <= 1024 and first.evidence[0].evidence.kind == "scene"
    assert [m["role"] for m in told["messages"]] == ["system", "user", "assistant", "tool", "user"]
    data = b"".join(f.read_bytes() for f in shelf.library.root.glob("conversations.sqlite*"))
    assert b"base64" not in data


async def test_a_model_that_does_not_see_is_shown_none(shelf: Any, serve: Any):
    server = serve(scenes(shelf), say("It begins in red [e1]."))
    await answered(shelf, server, "What is seen?", CUEPOINT_MODEL_SEES="no")
    assert not any(pictures(body) for _, body in server.requests)


async def test_a_server_that_refuses_pictures_is_asked_in_words(
    shelf: Any, serve: Any, caplog: pytest.LogCaptureFixture
):
    def blind(body: dict[str, Any]) -> Any:
        if pictures(body):
            return 400
        results = [m for m in body["messages"] if m["role"] == "tool"]
        return say("It begins in red [e1].") if results else scenes(shelf)

    server = serve(blind)
    answers = await answered(shelf, server, "What is seen?", "What colours are there?")
    assert all(answer.found for answer in answers)
    assert [len(pictures(body)) for _, body in server.requests] == [0, 1, 0, 0, 0]
    assert "takes no pictures" in caplog.text
    caplog.clear()


async def test_little_room_makes_pictures_smaller_then_fewer_then_none(shelf: Any, serve: Any):
    widths: list[int] = []
    tools = Toolbelt(Toolbox(shelf.library)).tokens
    for tokens in range(tools + 6_400, tools + 3_600, -200):
        server = serve(scenes(shelf), say("It begins in red [e1]."))
        home = {"CUEPOINT_QUESTION_TOKENS": str(tokens)}
        await answered(shelf, server, f"What is seen with {tokens}?", **home)
        found = pictures(server.requests[1][1])
        widths.append(found[0].width if found else 0)
    assert widths[0] > widths[-1] == 0 and widths == sorted(widths, reverse=True)


def found(n: int, kind: Any = "frame") -> Evidence:
    return Evidence(f"frame:v@{n}", "v", float(n), float(n), kind, "", f"{n}.jpg", source="picture")


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    for n in range(30):
        Image.new("RGB", (640, 360), (8 * n, 0, 0)).save(tmp_path / f"{n}.jpg")
    return tmp_path


def rounds(*groups: range) -> tuple[list[Any], list[str], dict[str, Any]]:
    messages: list[Any] = []
    records = {one.id: one for group in groups for one in map(found, group)}
    for group in groups:
        ids = [f"frame:v@{n}" for n in group]
        messages += [AIMessage(""), ToolMessage("", tool_call_id="x", artifact=ids)]
    return messages, list(records), dict(records)


def test_many_pictures_are_spread_over_one_sheet_and_shown_once(frames: Path):
    shown = ContactSheets(frames.joinpath, refused=lambda: None)
    messages, taken = shown.insert(*rounds(range(30), range(5)), 50_000)
    kinds = [message.type for message in messages]
    assert kinds == ["ai", "tool", "human", "ai", "tool", "human"]
    tall = [_opened(message).height for message in messages if message.type == "human"]
    assert tall[0] > tall[1], "what a later result shows again is shown there"
    assert taken == sum(sheet_tokens(_sheet(m)) for m in messages if m.type == "human")


def test_where_there_is_room_for_one_it_is_the_newest(frames: Path):
    shown = ContactSheets(frames.joinpath, refused=lambda: None)
    messages, taken = shown.insert(*rounds(range(12), range(12, 24)), 1300)
    assert [message.type for message in messages] == ["ai", "tool", "ai", "tool", "human"]
    assert 0 < taken <= 1300 and shown.shown
    bare, taken = shown.insert(*rounds(range(12)), 10)
    assert taken == 0 and len(bare) == 2 and not shown.shown


def test_a_sheet_is_no_wider_than_asked_and_names_its_tiles(frames: Path):
    tiles = [Tile(frames / f"{n}.jpg", f"e{n + 1}  0:0{n}.0") for n in range(5)]
    sheet = contact_sheet(tiles, 1024)
    picture = Image.open(io.BytesIO(sheet.jpeg))
    assert picture.size == (sheet.width, sheet.height) and sheet.width <= 1024
    darkest, lightest = picture.convert("L").crop((0, 0, 100, 20)).getextrema()
    assert darkest < 50 and lightest > 200, "the label is written there"
    assert contact_sheet(tiles, 512).width <= 512 and SIZES[0][0] == 1024
    broken = frames / "broken.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(UnreadableMedia, match=r"broken\.jpg"):
        contact_sheet([Tile(broken, "e1")])


def _opened(message: Any) -> Image.Image:
    data = message.content[1]["image_url"]["url"].partition(",")[2]
    return Image.open(io.BytesIO(base64.b64decode(data)))


def _sheet(message: Any) -> Sheet:
    return Sheet(b"", *_opened(message).size)
