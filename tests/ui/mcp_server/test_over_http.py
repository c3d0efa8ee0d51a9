"""The official client over HTTP: what it gets, who gets it, and who gets nothing."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from mcp import ClientSession, McpError
from mcp.types import (
    BlobResourceContents,
    ImageContent,
    PromptReference,
    ResourceLink,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)
from pydantic import AnyUrl

from tests.torture.test_names import paths
from tests.ui.mcp_server.clients import JSON, over_http, serving, text
from tests.ui.mcp_server.conftest import Films
from ui.mcp_server.resources import APP, SKILL
from ui.web.opening import opened

WORDS = {"found", "reason", "nearest", "videos", "thread", "title", "verified", "true", "false"}
WORDS |= {"absent", "unsure", "cannot", "outside", "not_covered"}
"""Words of the skill that are no tools."""


@asynccontextmanager
async def adas(films: Films) -> AsyncIterator[ClientSession]:
    """A client of the first library, on this machine and without a token."""
    async with (
        opened(films.settings()) as state,
        serving(state, open_here=True) as endpoint,
        over_http(endpoint) as session,
    ):
        yield session


async def test_an_answer_cites_shows_and_links_its_moments(films: Films) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    question = "What is said about the kettle?"
    async with adas(films) as session:
        result = await session.call_tool("ask", {"question": question}, progress_callback=report)
    answer = result.structuredContent
    assert answer and answer["found"] and answer["reason"] is None
    ids = [one["id"] for one in answer["evidence"]]
    assert ids and all(id.startswith(f"speech:{films.ada.id}@") for id in ids)
    assert all(one["image"].startswith("cuepoint://video/") for one in answer["evidence"])
    kinds = {type(one) for one in result.content}
    assert kinds == {TextContent, ImageContent, ResourceLink}
    assert text(result).startswith(answer["answer"])
    for id in ids:
        assert f"id {id} · play http://127.0.0.1:8000/v/{films.ada.id}?t=" in text(result)
    assert answer["thread"] in text(result) and "All of it searched" in text(result)
    assert result.meta and result.meta["cuepoint/frames"].keys() <= set(ids)
    assert [at for at, _, _ in told] == [*range(1, len(told) + 1)] and told
    assert told[0][2] in ("search transcript", "find words", "read moment", "search screen text")


async def test_an_unsure_answer_says_so_first(films: Films) -> None:
    async with adas(films) as session:
        result = await session.call_tool("ask", {"question": "Why was the kettle bought at noon?"})
    assert result.structuredContent and result.structuredContent["reason"] == "unsure"
    assert text(result).startswith("Closest moments, not confirmed:\n")
    assert result.structuredContent["nearest"] and not result.structuredContent["evidence"]


async def test_lists_and_pictures_have_twins_in_text(films: Films) -> None:
    async with adas(films) as session:
        scenes = await session.call_tool("find_scenes", {"video": films.ada.title})
        facts = await session.call_tool("list_videos", {"title": "KETT"})
        none = await session.call_tool("list_videos", {"title": "vault"})
    rows = scenes.structuredContent["result"] if scenes.structuredContent else []
    assert [round(row["start"]) for row in rows] == [0, 3, 6, 8]
    (sheet,) = [one for one in scenes.content if isinstance(one, ImageContent)]
    assert base64.b64decode(sheet.data).startswith(b"\xff\xd8") and len(sheet.data) <= 200_000
    for number, row in enumerate(rows, 1):
        assert f"{number} [{row['id']}]" in text(scenes)
    assert "by number: 1 = 0:00" in text(scenes)
    assert facts.structuredContent and len(facts.structuredContent["result"]) == 1
    assert facts.structuredContent["result"][0]["path"] == f"cuepoint://video/{films.ada.id}"
    assert none.structuredContent == {"result": []} and text(none) == "Nothing found."


async def test_a_text_is_audited(films: Films) -> None:
    said = "The kettle is red [0:01]. The kettle is made of gold."
    async with adas(films) as session:
        result = await session.call_tool("check_answer", {"text": said})
        long = await session.call_tool("check_answer", {"text": "x" * 20_001})
    assert result.structuredContent
    verdicts = [claim["verdict"] for claim in result.structuredContent["claims"]]
    assert verdicts[0] == "verified" and verdicts[1] != "verified"
    assert "gold" in text(result).partition("Not ")[2]
    assert long.isError and "20000 characters" in text(long)


async def test_frames_clips_videos_and_the_app_are_resources(films: Films) -> None:
    id = films.ada.id
    async with adas(films) as session:
        listed = (await session.list_resources()).resources
        assert [str(one.uri) for one in listed] == [APP, SKILL, f"cuepoint://video/{id}"]
        templates = (await session.list_resource_templates()).resourceTemplates
        assert "cuepoint://video/{id}/frame/{milliseconds}" in {
            one.uriTemplate for one in templates
        }
        (video,) = (await session.read_resource(AnyUrl(f"cuepoint://video/{id}"))).contents
        assert isinstance(video, TextResourceContents) and json.loads(video.text)["id"] == id
        (frame,) = (
            await session.read_resource(AnyUrl(f"cuepoint://video/{id}/frame/4321"))
        ).contents
        assert isinstance(frame, BlobResourceContents) and frame.mimeType == "image/jpeg"
        assert base64.b64decode(frame.blob).startswith(b"\xff\xd8")
        clip_uri = AnyUrl(f"cuepoint://video/{id}/clip/2000-5000")
        (clip,) = (await session.read_resource(clip_uri)).contents
        assert isinstance(clip, BlobResourceContents) and clip.mimeType == "video/mp4"
        assert b"ftyp" in base64.b64decode(clip.blob)[:16]
        (app,) = (await session.read_resource(AnyUrl(APP))).contents
        assert app.mimeType == "text/html;profile=mcp-app"
        assert app.meta and app.meta["ui"]["csp"]["resourceDomains"] == ["http://127.0.0.1:8000"]
        (skill,) = (await session.read_resource(AnyUrl(SKILL))).contents
        assert isinstance(skill, TextResourceContents) and skill.text.startswith(
            "---\nname: cuepoint"
        )
        tools = {one.name: one for one in (await session.list_tools()).tools}
        named = set(re.findall(r"`([a-z_]+)`", skill.text)) - WORDS
        assert named <= tools.keys(), "the skill names a tool that is not there"
        assert tools["ask"].meta == {"ui": {"resourceUri": APP}}
        for wrong in ("frame/99999999", "clip/5000-4000", "frame/x", "../x", "frame/1/2"):
            with pytest.raises(McpError) as error:
                await session.read_resource(AnyUrl(f"cuepoint://video/{id}/{wrong}"))
            assert error.value.error.code == -32002


async def test_a_file_that_a_capability_makes_is_a_resource(films: Films) -> None:
    @dataclass(frozen=True)
    class Cut:
        path: str
        start: float

    async with opened(films.settings()) as state:
        folder = state.library.folder(films.ada.id) / "exports"

        def make_cut(inside: bool) -> Cut:
            """Cut."""
            folder.mkdir(exist_ok=True)
            path = folder / "kettle 0:00, half.mp4" if inside else films.file
            path.exists() or path.write_bytes(b"a clip")
            return Cut(str(path), 0.5)

        state.agent.toolbox.tools = lambda: [make_cut]
        async with (
            serving(state, open_here=True) as endpoint,
            over_http(endpoint) as session,
        ):
            made = await session.call_tool("make_cut", {"inside": True})
            other = await session.call_tool("make_cut", {"inside": False})
            uri = (made.structuredContent or {})["path"]
            (clip,) = (await session.read_resource(AnyUrl(uri))).contents
            assert isinstance(clip, BlobResourceContents) and clip.mimeType == "video/mp4"
            assert base64.b64decode(clip.blob) == b"a clip"
            for name in ("%2e%2e%2fmanifest.json", "..%2Fmanifest.json", "absent.mp4"):
                with pytest.raises(McpError):
                    wrong = f"cuepoint://video/{films.ada.id}/exports/{name}"
                    await session.read_resource(AnyUrl(wrong))
    assert str(films.home) not in made.model_dump_json()
    assert other.structuredContent == {"path": films.file.name, "start": 0.5}


async def test_prompts_are_filled_in_and_arguments_completed(films: Films) -> None:
    async with adas(films) as session:
        named = {one.name: one for one in (await session.list_prompts()).prompts}
        assert named.keys() == {"ask_with_evidence", "summarise", "audit"}
        question = {"question": "Is $HOME red? ${x}"}
        filled = await session.get_prompt("ask_with_evidence", question)
        (message,) = filled.messages
        assert isinstance(message.content, TextContent)
        assert (
            "Is $HOME red? ${x}" in message.content.text
            and "All the videos." in message.content.text
        )
        for name, given, said in (
            ("summarise", {}, "summarise needs video"),
            ("nothing", {}, "there are: ask_with_evidence"),
        ):
            with pytest.raises(McpError, match=said):
                await session.get_prompt(name, given)
        template = ResourceTemplateReference(type="ref/resource", uri="cuepoint://video/{id}")
        prompt = PromptReference(type="ref/prompt", name="summarise")
        for ref, name, typed, found in (
            (template, "id", "KETT", [films.ada.id]),
            (template, "id", films.ada.id[:5], [films.ada.id]),
            (prompt, "video", films.ada.id[:5], ["kettle"]),
            (prompt, "video", "vault", []),
            (template, "milliseconds", "1", []),
        ):
            completion = (await session.complete(ref, {"name": name, "value": typed})).completion
            assert completion.values == found and completion.total == len(found)


async def test_errors_say_what_to_do_next(films: Films) -> None:
    async with adas(films) as session:
        for name, given, said in (
            ("search_frames", {"query": "x", "videos": ["zzz"]}, "list_videos tells the ids"),
            ("search_frames", {"query": ""}, "search_frames: query: String should have at least 1"),
            ("job_status", {"id": "x"}, "there is no job 'x'"),
            ("no_such_tool", {}, "there are: ask, add_video"),
            ("add_video", {"source": "https://example.org/a.mp4"}, "CUEPOINT_ADDRESSES=on"),
        ):
            result = await session.call_tool(name, given)
            assert result.isError and said in text(result), text(result)
            assert result.structuredContent is None and str(films.home) not in text(result)


async def test_no_path_of_the_server_is_opened(films: Films) -> None:
    """U4: whatever is named, and in whatever way, nothing tells whether it is there."""
    named = [(str(films.file), str(films.file.with_name("absent.mp4")))]
    named += [pair for pair in paths(films.file.parent) if len(pair[0]) < 1000]
    assert len(named) > 100
    async with adas(films) as session:
        before = await session.call_tool("list_videos")
        for there, absent in named:
            for tool, field in (("add_video", "source"), ("video_facts", "video")):
                told = [await session.call_tool(tool, {field: one}) for one in (there, absent)]
                assert all(one.isError for one in told)
                first, second = (text(one) for one in told)
                assert first.replace(repr(there), "") == second.replace(repr(absent), "")
        after = await session.call_tool("list_videos")
    assert before.structuredContent == after.structuredContent


@pytest.mark.parametrize("meta", [{}, {"_meta": {"progressToken": "t"}}])
async def test_who_hangs_up_over_http_cancels_the_question(
    films: Films, meta: dict[str, Any]
) -> None:
    """There is no session in which a notice of cancelling could name a request."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def held(name: str, function: Callable[[], Any]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    call = {"name": "ask", "arguments": {"question": "Is the kettle red?"}, **meta}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    headers = {**JSON, "host": "127.0.0.1:8000"}
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/mcp", "root_path": "",
        "scheme": "http", "query_string": b"", "server": ("127.0.0.1", 8000),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    sent = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        if message := next(sent, None):
            return message
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        assert not message.get("body") or b"result" not in message["body"]

    async with opened(films.settings()) as state, serving(state, open_here=True) as endpoint:
        state.agent.belt.run = held
        await asyncio.wait_for(endpoint(scope, receive, send), 30)
        await asyncio.wait_for(ended.wait(), 30)
