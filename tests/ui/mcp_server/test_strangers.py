"""Strangers over HTTP: without a token, with another's, from other sites, with broken messages."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import McpError
from mcp.types import ResourceTemplateReference
from pydantic import AnyUrl

from tests.ui.door import running
from tests.ui.mcp_server.clients import JSON, caller, over_http, serving
from tests.ui.mcp_server.conftest import ADA, BEN, Films
from ui.mcp_server.messages import MOST_BYTES
from ui.web.opening import opened
from ui.web.state import AppState

TOKENS = {"of-ada": ADA, "of-ben": BEN}


@asynccontextmanager
async def both(films: Films) -> AsyncIterator[tuple[AppState, AppState]]:
    async with opened(films.settings(ADA)) as ada, opened(films.settings(BEN)) as ben:
        yield ada, ben


@pytest.mark.parametrize(("token", "status"), [("", 401), ("wrong", 401), ("of-ada", 200)])
async def test_others_need_a_token(films: Films, token: str, status: int) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with (
        opened(films.settings()) as state,
        serving(state, owner_of=TOKENS.get) as endpoint,
        caller(endpoint, token, **JSON) as http,
    ):
        reply = await http.post("", json=ping)
    assert reply.status_code == status
    assert ("www-authenticate" in reply.headers) == (status == 401)


async def test_without_a_token_only_the_loopback_name_opens_the_library(films: Films) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with (
        opened(films.settings()) as state,
        serving(state, open_here=True) as endpoint,
        caller(endpoint, **JSON) as http,
    ):
        assert (await http.post("", json=ping)).status_code == 200
        proxied = await http.post("", json=ping, headers={"host": "films.example:8000"})
        junk = await http.post("", json=ping, headers={"authorization": "Bearer junk"})
        assert (await http.get("")).status_code == 405
    assert (proxied.status_code, junk.status_code) == (401, 401)


async def test_two_tokens_read_nothing_across(films: Films) -> None:
    """Every tool with the other's ids, title and evidence, and every resource of the other."""
    said = {ADA: "kettle", BEN: "vault"}
    async with both(films) as states, serving(*states, owner_of=TOKENS.get) as endpoint:
        for token, mine, other in (
            ("of-ada", films.ada, films.ben),
            ("of-ben", films.ben, films.ada),
        ):
            theirs = BEN if TOKENS[token] == ADA else ADA
            word = said[theirs]
            evidence = states[theirs == BEN].agent.toolbox.search(word, kinds=["speech"])[0]
            given = {
                "video": other.id, "videos": [other.id], "query": word,
                "question": f"What of the {word}?",
                "text": f"The {word} [{evidence.id}].", "evidence": evidence.id, "words": [word],
                "what": "silence", "start": 0, "end": 2, "seconds": 1, "labels": [word],
                "id": "0" * 32, "source": "x", "title": word,
            }  # fmt: skip
            async with over_http(endpoint, token) as session:
                tools = (await session.list_tools()).tools
                assert len(tools) >= 18
                for tool in tools:
                    names = tool.inputSchema["properties"]
                    for left_out in ((), ("videos",)):
                        arguments = {n: given[n] for n in names if n in given and n not in left_out}
                        if tool.name == "job_status":
                            arguments["seconds"] = 0
                        result = await session.call_tool(tool.name, arguments)
                        seen = result.model_dump_json().replace(str(arguments), "")
                        kept = result.isError or evidence.text not in seen
                        assert kept, f"{tool.name} {arguments}: {seen[:500]}"
                        if not result.isError and result.structuredContent:
                            rows = result.structuredContent.get("result", [])
                            assert all(
                                row.get("video", mine.id) == mine.id
                                for row in rows
                                if isinstance(row, dict)
                            )
                for part in ("", "/frame/1000", "/strip/0-2000", "/clip/0-2000"):
                    with pytest.raises(McpError):
                        await session.read_resource(AnyUrl(f"cuepoint://video/{other.id}{part}"))
                listed = (await session.list_resources()).resources
                assert [str(one.uri) for one in listed[2:]] == [f"cuepoint://video/{mine.id}"]
                ref = ResourceTemplateReference(type="ref/resource", uri="cuepoint://video/{id}")
                typed = await session.complete(ref, {"name": "id", "value": other.id[:4]})
                assert typed.completion.values == []


def malformed(count: int) -> list[bytes]:
    """Messages that are broken in many ways, by a seed."""
    chance = random.Random(17)
    call = {"name": "find_words", "arguments": {"words": ["kettle"]}}
    whole = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    odd: list[Any] = [None, True, -1, 1.5, [], {}, "", "x" * 500, {"a": {"b": [1]}}, 1 << 70]
    made: list[bytes] = []
    while len(made) < count:
        kind = len(made) % 5
        message: dict[str, Any] = json.loads(whole)
        if kind == 0:
            made.append(whole[: chance.randrange(1, len(whole))])
        elif kind == 1:
            data = bytearray(whole)
            for _ in range(3):
                data[chance.randrange(len(data))] = chance.randrange(256)
            made.append(bytes(data).replace(b"\n", b" ").replace(b"\r", b" "))
        elif kind == 2:
            message[chance.choice(list(message))] = chance.choice(odd)
            made.append(json.dumps(message).encode())
        elif kind == 3:
            message["params"][chance.choice(["name", "arguments", "_meta"])] = chance.choice(odd)
            made.append(json.dumps(message).encode())
        else:
            message["method"] = chance.choice(["tools/none", "resources/read", "prompts/get", "x"])
            message["params"] = chance.choice([{"uri": chance.choice(odd)}, {"name": "y"}, {}])
            made.append(json.dumps(message).encode())
    return made


async def test_a_thousand_broken_messages_are_each_answered(films: Films) -> None:
    async with (
        opened(films.settings()) as state,
        serving(state, open_here=True) as endpoint,
        caller(endpoint, **JSON) as http,
    ):
        for message in malformed(1000):
            reply = await http.post("", content=message)
            assert reply.status_code in (200, 202, 400), reply.text
            assert reply.status_code == 202 or "jsonrpc" in reply.text, message
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert (await http.post("", json=ping)).status_code == 200


async def test_a_body_is_bounded_whatever_it_declares(films: Films) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 20)

    async with (
        opened(films.settings()) as state,
        serving(state, open_here=True) as endpoint,
        caller(endpoint, **JSON) as http,
    ):
        for content in (b" " * (MOST_BYTES + 1), endless()):
            assert (await http.post("", content=content)).status_code == 413


def test_foreign_names_and_sites_are_refused_on_the_mounted_path(films: Films) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    own = [None, "http://127.0.0.1:8000", "http://localhost:8000"]
    foreign = [
        "http://evil.example",
        "null",
        "http://127.0.0.1:8001",
        "https://127.0.0.1.evil.example:8000",
    ]
    hosts = {
        "127.0.0.1:8000": 0,
        "localhost:8000": 0,
        "evil.example:8000": 421,
        "0.0.0.0:8000": 421,
        "127.0.0.1": 421,
    }
    with running(films.settings()) as client:
        for host, status in hosts.items():
            for origin in (*own, *foreign):
                headers = {**JSON, "host": host} | ({"origin": origin} if origin else {})
                reply = client.post("/mcp", json=ping, headers=headers)
                expected = status or (403 if origin in foreign else 200)
                assert reply.status_code == expected, (host, origin, reply.text)
                assert "default-src" in reply.headers["content-security-policy"]
        assert client.post("/mcp/", json=ping, headers=JSON).status_code == 200
        assert client.get("/mcp").status_code == 405
