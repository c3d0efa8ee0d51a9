"""Socket Mode against a WebSocket server on this machine, and what is set up before it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from agent.settings import Secret, Settings
from tests.ui.slack_bot.workspace import SECRET, TOKEN, event, happened, press, workspace
from tools.errors import RefusedRequest, VideoError
from tools.models.providers import BARE
from ui.cli.doctor import run_checks
from ui.slack_bot.door import Slack
from ui.slack_bot.manifest import SCOPES, manifest
from ui.slack_bot.sockets import run, serve_sockets
from ui.web.workspaces import Workspaces


def settings_of(home: Path, port: int) -> Settings:
    return Settings(
        home=home, providers=BARE, model="extractive", background="off",
        slack_bot_token=Secret(TOKEN), slack_app_token=Secret("xapp-canary"),
        slack_api=f"http://127.0.0.1:{port}/api/",
    )  # fmt: skip


def test_events_over_the_socket_are_acknowledged_and_each_is_answered_once(tmp_path: Path) -> None:
    acknowledged, heard = list[Any](), asyncio.Event()
    asked = event("<@UBOT> What is said?")
    place = {"channel": "C1", "user": "U1", "thread_ts": asked["event"]["ts"]}
    gone = {"channel": "C1", "ts": "1.1", "thread_ts": place["thread_ts"]}
    button = {"action_id": "more", "value": "7"}
    pressed = press({**gone, "blocks": [{"elements": [button]}]}, "more")
    sent = [
        ("events_api", asked),
        ("events_api", asked),  # once more, as Slack does that hears nothing
        ("interactive", pressed),
        ("events_api", happened("agent_session_stopped", **place)),
    ]

    async def talk(socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "hello"}))
        for number, (kind, payload) in enumerate(sent, 1):
            envelope = {"type": kind, "envelope_id": f"E{number}", "payload": payload}
            await socket.send(json.dumps({**envelope, "accepts_response_payload": False}))
        async for message in socket:
            acknowledged.append(json.loads(message))
            if len(acknowledged) == len(sent):
                heard.set()

    async def whole() -> None:
        with workspace() as here:
            settings = settings_of(tmp_path, here.port)
            async with serve(talk, "127.0.0.1", 0) as server:
                here.socket_port = next(iter(server.sockets)).getsockname()[1]
                workspaces, stop = Workspaces(settings), asyncio.Event()
                running = asyncio.create_task(
                    run(settings, Slack(settings, workspaces, b"s"), stop)
                )
                await asyncio.to_thread(here.until, lambda: here.forms("chat.postEphemeral"))
                await asyncio.to_thread(here.until, lambda: here.messages)
                await heard.wait()
                stop.set()
                await running
                await workspaces.close()
            opened = next(one for one in here.calls if one.method == "apps.connections.open")
            assert opened.token == "Bearer xapp-canary"
            (said,) = here.messages.values()
            assert said["text"].startswith(("There is no video", "I stopped"))

    asyncio.run(whole())
    assert {one["envelope_id"] for one in acknowledged} == {"E1", "E2", "E3", "E4"}


def test_a_refused_app_token_ends_in_one_sentence(tmp_path: Path) -> None:
    async def whole() -> None:
        with workspace() as here:
            refusal = (200, {}, {"ok": False, "error": "invalid_auth"})
            here.refusals["apps.connections.open"] = [refusal]
            settings = settings_of(tmp_path, here.port)
            workspaces = Workspaces(settings)
            with pytest.raises(RefusedRequest, match="refuses the app token: invalid_auth"):
                await run(settings, Slack(settings, workspaces, b"s"), asyncio.Event())
            await workspaces.close()

    asyncio.run(whole())


def test_settings_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="CUEPOINT_SLACK_BOT_TOKEN"):
        Settings(home=tmp_path, slack_signing_secret=Secret(SECRET))
    with pytest.raises(VideoError, match="CUEPOINT_SLACK_API"):
        Settings(home=tmp_path, slack_api="http://slack.example/api/")
    with pytest.raises(RefusedRequest, match="--manifest"):
        serve_sockets(Settings(home=tmp_path))
    shown = repr(Settings(home=tmp_path, slack_bot_token=Secret(TOKEN)))
    assert TOKEN not in shown and "***" in shown


def test_the_manifest_asks_for_what_is_used(cuepoint: Any) -> None:
    status, out, _ = cuepoint("slack", "--manifest")
    printed = json.loads(out)
    assert status == 0 and printed == manifest(None)
    assert printed["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert printed["settings"]["socket_mode_enabled"]
    served = manifest("https://films.example/")["settings"]
    address = "https://films.example/slack/events"
    assert served["event_subscriptions"]["request_url"] == address
    assert served["interactivity"]["request_url"] == address


def test_doctor_tells_which_scopes_the_app_lacks(tmp_path: Path) -> None:
    def told(settings: Settings) -> list[tuple[str, str]]:
        found = [one for one in run_checks(settings) if one.name == "slack"]
        return [(one.state, one.detail) for one in found]

    with workspace() as here:
        settings = settings_of(tmp_path, here.port)
        some = {"x-oauth-scopes": "chat:write,files:read"}
        every = {"x-oauth-scopes": ",".join(SCOPES)}
        good = {"ok": True, "team": "Films"}
        bad = {"ok": False, "error": "token_revoked"}
        here.refusals["auth.test"] = [(200, some, good), (200, every, good), (200, {}, bad)]
        lacks, fine, revoked = (told(settings)[0] for _ in range(3))
        assert lacks[0] == "problem" and "files:write" in lacks[1] and "files:read" not in lacks[1]
        assert fine == ("ok", "Films, by `cuepoint slack`")
        assert revoked == ("problem", "Slack refuses the token: token_revoked")
        here.refusals["auth.test"] = [(200, every, good)]
        here.refusals["apps.connections.open"] = [(200, {}, {"ok": False, "error": "invalid_auth"})]
        assert told(settings) == [("problem", "Slack refuses the app token: invalid_auth")]
        assert told(replace(settings, slack_bot_token=None, slack_app_token=None)) == []
