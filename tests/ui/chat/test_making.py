"""Videos that the chat proposes: a person decides once, follows, watches; nobody else can."""

import io
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

import agent.approval
import tools.generate.providers.animatic as animatic
from agent.agent import open_agent
from agent.pictures.picture_request import asks_to_make, draft_of
from agent.settings import Settings
from tests.ui import door, maker
from tests.ui.browser import ask, greeted, page_at
from tests.ui.chat.test_accessible import LOOKS
from tests.ui.chat.test_accessible import _grave as grave
from tests.ui.serving import Server, serving
from tools.generate.options import GenerationOptions
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

SAID = """1
00:00:01,000 --> 00:00:02,500
The kettle is red.

2
00:00:06,000 --> 00:00:07,500
Then it is blue.
"""
PLAYS = """() => [...document.querySelectorAll('[data-testid=made]')].some(
    (one) => one.readyState >= 2 && !one.paused && one.currentTime > 0
)"""


def _library(folder: Path, shots: Path, owner: str = "local") -> Path:
    path = folder / f"kettle-{owner}.mp4"
    path.write_bytes(shots.read_bytes())
    path.with_suffix(".srt").write_text(SAID)
    ingest(Library(folder / "home", owner), path, title="kettle", providers=BARE)
    return folder / "home"


@pytest.fixture(autouse=True)
def made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animatic, "Animatic", maker.Maker)
    monkeypatch.setattr(agent.approval, "Finishing", maker.Finished)


@pytest.fixture
def client(tmp_path: Path, shots: Path) -> Iterator[TestClient]:
    settings = Settings(
        home=_library(tmp_path, shots), port=8000, model="extractive", providers=BARE,
        background="off",
    )  # fmt: skip
    with door.running(settings, open_agent) as client:
        yield client


def _press(client: TestClient, session: str, job: str, step: str, **headers: str) -> Any:
    action = {"name": "job", "payload": {"job": job, "do": step}, "label": "", "tooltip": ""}
    body = {"sessionId": session, "action": {**action, "icon": None}}
    return client.post("/project/action", json=body, headers=headers)


def _proposed(chat: door.Chat, asked: str, *files: str) -> dict[str, Any]:
    """The card below the answer to a request."""
    before = sum(one["name"] == "MadeVideo" for one in chat.elements)
    chat.say(asked, *files)
    chat.until(lambda: sum(one["name"] == "MadeVideo" for one in chat.elements) > before)
    return [one["props"] for one in chat.elements if one["name"] == "MadeVideo"][-1]


def _until_over(client: TestClient, session: str, job: str) -> dict[str, Any]:
    while not (card := _press(client, session, job, "look").json()["response"])["over"]:
        assert card["under_way"] and card["look_in"], card
    return card


def test_a_teaser_is_proposed_approved_once_made_and_played(client: TestClient) -> None:
    with door.chatting(client) as chat:
        shown = _proposed(chat, "Make me a 10 second teaser")
        job = shown["job"]
        assert job["state"] == "proposed" and job["price"] == "free" and not job["files"]
        assert [name for name, _ in job["buttons"]] == ["yes", "no"]
        assert ["Leaves this machine", "nothing"] in job["rows"]
        first = shown["moments"][0]
        assert first["image"] and client.get(first["image"]).status_code == 200
        assert first["href"].startswith("/v/") and first["href"].endswith("#1")  # plays below
        one = _press(client, chat.id, job["id"], "yes").json()["response"]
        again = _press(client, chat.id, job["id"], "yes").json()["response"]
        assert one["state"] != "proposed" and again["trouble"] == ""
        done = _until_over(client, chat.id, job["id"])
        (file,) = done["files"]
        assert done["state"] == "done" and done["buttons"] == []
        assert file["origin"] == "content credentials: valid, signer unknown · invisible watermark"
        assert file["sheet"][-1] == ["Music", "calm", "music"]
        film = client.get(file["address"], headers={"range": "bytes=0-99"})
        assert film.status_code == 206 and film.headers["content-type"] == "video/mp4"
        saved = client.get(file["address"] + "?download=true")
        assert saved.headers["content-disposition"].startswith("attachment")
        record = client.get(f"/api/jobs/{job['id']}").json()
        states = [step["state"] for step in record["history"]]
        assert states == ["proposed", "approved", "running", "checking", "done"]
        assert record["approved_by"] == "local" and record["thread"].startswith("chat-")


def test_it_is_declined_or_stopped_and_nothing_of_it_stays(client: TestClient) -> None:
    with door.chatting(client) as chat:
        job = _proposed(chat, "Make me a 10 second teaser")["job"]
        told = _press(client, chat.id, job["id"], "no").json()["response"]
        assert told["status"] == "Not made, as you said." and told["over"]
        late = _press(client, chat.id, job["id"], "yes").json()["response"]
        assert late["state"] == "cancelled" and late["buttons"] == []
        job = _proposed(chat, f"Create a video of a dog that runs {maker.HELD}")["job"]
        assert job["notes"] == ["Drawn here from titles and pictures: no model films it."]
        _press(client, chat.id, job["id"], "yes")
        while not (seen := _press(client, chat.id, job["id"], "look").json()["response"])[
            "percent"
        ]:
            assert seen["under_way"]
        assert [name for name, _ in seen["buttons"]] == ["no"] and seen["percent"] >= 40
        stopped = _press(client, chat.id, job["id"], "no").json()["response"]
        assert stopped["status"] == "Stopped: nothing of it is kept." and stopped["files"] == []


def test_what_is_refused_says_why_and_has_no_button(client: TestClient) -> None:
    with door.chatting(client) as chat:
        refused = _proposed(chat, "Create a video of Mickey Mouse")["job"]
        assert refused["state"] == "refused" and refused["buttons"] == []
        assert refused["reasons"] == ["it names somebody else's protected character or mark"]
        late = _press(client, chat.id, refused["id"], "yes").json()["response"]
        assert late["state"] == "refused"
        ugly = _proposed(chat, f"Create a video of an {maker.UGLY} duck")["job"]
        _press(client, chat.id, ugly["id"], "yes")
        failed = _until_over(client, chat.id, ugly["id"])
        assert failed["state"] == "failed" and failed["files"] == []
        assert failed["reasons"] == ["the picture does not move"]


def test_a_lost_answer_is_asked_about_and_a_budget_is_told_on_the_card(
    tmp_path: Path, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.generate.providers import Ambiguous

    class Paid(maker.Maker):
        local = False

        def price(self, request: Any) -> float:
            return 3.0

        def leaves(self, request: Any) -> list[str]:
            return ["the prompt, to film.example"]

        def submit(self, work: Any) -> str:
            raise Ambiguous("no answer came")

    monkeypatch.setattr(animatic, "Animatic", Paid)
    options = GenerationOptions(generate_day_usd=5.0)
    settings = Settings(
        home=_library(tmp_path, shots), port=8000, model="extractive", providers=BARE,
        background="off", generation=options,
    )  # fmt: skip
    with door.running(settings, open_agent) as client, door.chatting(client) as chat:
        job = _proposed(chat, "Create a video of a dog on a beach")["job"]
        assert job["price"] == "$3.00"
        assert ["Leaves this machine", "the prompt, to film.example"] in job["rows"]
        assert job["notes"] == ["No picture check is installed: look at it before you show it."]
        _press(client, chat.id, job["id"], "yes")
        while (lost := _press(client, chat.id, job["id"], "look").json()["response"])["under_way"]:
            assert lost["state"] in ("approved", "running")
        assert lost["state"] == "unknown" and "Look at animatic" in lost["status"]
        labels = dict(lost["buttons"])
        assert labels == {"yes": "I looked: send it again", "no": "Leave it"}
        other = _proposed(chat, "Create a video of a cat on a beach")["job"]
        told = _press(client, chat.id, other["id"], "yes").json()["response"]
        assert told["state"] == "proposed" and "a day may cost 5" in told["trouble"]
        assert _press(client, chat.id, job["id"], "no").json()["response"]["over"]


def test_a_picture_with_a_wish_makes_an_ad_and_another_question_searches(
    client: TestClient,
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (320, 240), "orange").save(picture, "PNG")
    with door.chatting(client) as chat:
        sent = door.send_file(client, chat.id, "mug.png", picture.getvalue()).json()["id"]
        wish = "Make an ad for this mug: It keeps tea warm. Yours by Friday."
        job = _proposed(chat, wish, sent)["job"]
        assert job["title"] == "Ad" and job["brief"] == "15 s · 16:9, 9:16, 1:1"
        assert ["It says", "It keeps tea warm. Yours by Friday."] in job["rows"]
        shown = client.get(job["pictures"][0])
        assert shown.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(shown.content)).size == (320, 240)
        _press(client, chat.id, job["id"], "yes")
        done = _until_over(client, chat.id, job["id"])
        assert [one["aspect"] for one in done["files"]] == ["16:9", "9:16", "1:1"]
        before = len(chat.messages)
        sent = door.send_file(client, chat.id, "mug.png", picture.getvalue()).json()["id"]
        chat.say("Where is this?", sent)
        chat.until(lambda: len(chat.messages) > before)
        cards = sum(one["name"] == "MadeVideo" for one in chat.elements)
        assert cards == 1


@pytest.mark.parametrize(
    ("text", "kind", "seconds", "aspects", "script", "language"),
    [
        ("Make an ad for this mug", "ad", None, (), (), "en"),
        ("make a 20 s ad, 9:16 and 1:1: It is warm. Buy it!", "ad", 20.0, ("9:16", "1:1"),
         ("It is warm.", "Buy it!"), "en"),
        ("Create a video of this", None, None, (), (), "en"),
        ("animate this picture", None, None, (), (), "en"),
        ("Mach eine Werbung für diese Tasse: Hält warm. Von Hand gemacht.", "ad", None, (),
         ("Hält warm.", "Von Hand gemacht."), "de"),
    ],
)  # fmt: skip
def test_a_wish_with_a_picture_is_read(
    text: str, kind: str | None, seconds: float | None, aspects: Any, script: Any, language: str
) -> None:
    assert asks_to_make(text)
    draft = draft_of(text, [])
    read = draft.kind, draft.seconds, draft.aspects, draft.script, draft.language
    assert read == (kind, seconds, aspects, script, language)


@pytest.mark.parametrize(
    "text",
    ["Where is this?", "What is this mug?", "Who made this?", "Is there an ad with this mug?",
     "find the moment like this", "Wo ist das?"],
)  # fmt: skip
def test_a_question_with_a_picture_is_none(text: str) -> None:
    assert not asks_to_make(text)


def test_only_whose_it_is_decides(tmp_path: Path, shots: Path) -> None:
    for owner in ("ada", "bob"):
        home = _library(tmp_path, shots, owner)
    settings = Settings(
        home=home, port=8000, model="extractive", providers=BARE, background="off",
        sign_in="header", trusted_proxies=("testclient",),
    )  # fmt: skip
    with door.running(settings, open_agent) as client, ExitStack() as stack:
        chats: dict[str, door.Chat] = {}
        for owner in ("ada", "bob"):
            headers = {"upgrade": "websocket", "remote-user": owner}
            socket = stack.enter_context(client.websocket_connect(door.SOCKET, headers=headers))
            chats[owner] = door.Chat(socket.receive_text, socket.send_text)
        job = _proposed(chats["ada"], "Make me a 10 second teaser")["job"]
        taken = _press(client, chats["ada"].id, job["id"], "yes", **{"remote-user": "bob"})
        assert taken.status_code == 404
        mine = _press(client, chats["bob"].id, job["id"], "yes", **{"remote-user": "bob"})
        assert not mine.json()["response"]  # his library has no such job
        chats["bob"].until(lambda: "there is no job" in chats["bob"].text)
        still = _press(client, chats["ada"].id, job["id"], "look", **{"remote-user": "ada"})
        assert still.json()["response"]["state"] == "proposed"
        said = _press(client, chats["ada"].id, job["id"], "yes", **{"remote-user": "ada"})
        assert said.json()["response"]["state"] != "proposed"
        record = client.get(f"/api/jobs/{job['id']}", headers={"remote-user": "ada"}).json()
        assert record["approved_by"] == "ada"


@pytest.fixture(scope="module")
def server(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = _library(tmp_path_factory.mktemp("making"), shots)
    with serving(
        home, program=maker.SERVE, CUEPOINT_MODEL="extractive", CUEPOINT_BACKGROUND="off"
    ) as one:
        yield one


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_a_teaser_is_asked_for_approved_and_played_and_is_still_there(
    chromium: Any, server: Server, look: str
) -> None:
    with page_at(chromium, server, **LOOKS[look]) as page, page_at(chromium, server) as other:
        greeted(page)
        ask(page, "Make me a 10 second teaser")
        card = page.get_by_test_id("job")
        card.get_by_text("Nothing is made before you say yes.").wait_for()
        assert grave(page) == []
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert page.evaluate(wide)
        card.get_by_role("link", name="Play 0:0").first.click()  # the frames play
        page.wait_for_function("document.querySelector('[data-testid=player]').currentTime > 0")
        job = page.get_by_role("region", name="Proposal: Teaser").get_attribute("data-job")
        records = server.home / "libraries/local/generations"
        record = json.loads((records / job / "job.json").read_text())
        thread = uuid.UUID(hex=record["thread"].removeprefix("chat-"))
        greeted(other)
        other.goto(f"{server.url}/thread/{thread}")  # the same chat in another tab
        late = other.get_by_test_id("job").get_by_role("button", name="Make it")
        late.wait_for()
        card.get_by_role("button", name="Make it").dblclick()
        page.get_by_test_id("made").wait_for()
        late.click()
        other.get_by_test_id("made").wait_for()  # decided already: it shows what came of it
        page.get_by_test_id("made").evaluate("one => { one.muted = true; return one.play() }")
        page.wait_for_function(PLAYS)
        assert grave(page) == []
        card.get_by_text("Where all of it comes from").click()
        card.get_by_role("cell", name="moment · shot 1").wait_for()
        with page.expect_download() as saved:
            card.get_by_role("link", name="Download").click()
        assert saved.value.suggested_filename.endswith("-16x9.mp4")
        assert page.evaluate(wide)
        page.goto(f"{server.url}/thread/{thread}")
        page.get_by_test_id("made").wait_for()
        page.get_by_test_id("made").evaluate("one => { one.muted = true; return one.play() }")
        page.wait_for_function(PLAYS)
    record = json.loads((records / job / "job.json").read_text())
    assert [step["state"] for step in record["history"]].count("approved") == 1
