"""Asking needs no disk: full, shut or locked, a question is answered and a sentence says so."""

import contextlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.fakes import ScriptedModel, calling
from agent.llm.limits import Limits
from agent.settings import Settings
from tools.errors import RefusedRequest
from tools.files.disk import write_to_first
from tools.library import Library
from tools.models.providers import Providers
from tools.store.filmstrip import strip_name
from ui.render import Json

ROOT, CHATTING = Path(__file__).parents[2], Path(__file__).with_name("chatting.py")
CUEPOINT = (sys.executable, "-c", "from ui.cli.app import main; main()")
UNSEEN = "from tools.ingest import pipeline\npipeline.check_space = lambda folder: None"
"""Setup without the look at the free space, for which the volume is too small."""
ASKED = "What is said about the kettle?"
HISTORY = "so this answer is not kept in the history."
FULL, LOCKED = "The disk is full", "Another program is using the history"
SHUT = "The library cannot be written"
GO_ON = {
    FULL: "Make room and go on",
    SHUT: "Make it writable and go on",
    LOCKED: "Wait until it is done and go on",
}


def fill(volume: Path) -> None:
    """Leave no byte."""
    with (volume / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 12))


def shut(volume: Path) -> None:
    """Let nobody write; the kernel lets go of a decoder's folder a moment after its end."""
    command = ["mount", "-o", "remount,ro", str(volume)]
    tries = (subprocess.run(command, capture_output=True).returncode for _ in range(200))
    assert 0 in tries


def answers(ended: Any, because: str) -> None:
    """The answer, and one sentence that says what is not kept."""
    assert ended.status == 0 and "The red kettle sings." in ended.out, ended.err
    assert ended.err == f"{because}, {HISTORY} {GO_ON[because]}: nothing else is lost.\n"


def test_a_full_disk_costs_the_history_and_no_answer(ground: Any, volume: Path, row: Any) -> None:
    home = volume / "home"
    assert ground.index(home, setup=UNSEEN).status == 0
    (before,) = ground.run(ground.job(home, "ask", "What about the boat?", "--thread", "old"))
    assert before.status == 0 and before.err == ""
    fill(volume)
    new, old, data = ground.run(
        ground.job(home, "ask", ASKED),
        ground.job(home, "ask", ASKED, "--thread", "old"),
        ground.job(home, "ask", ASKED, "--json"),
    )
    answers(new, FULL)
    answers(old, FULL)
    assert "[2]" in old.out, "what was cited before is known"
    (note,) = json.loads(data.out)["notes"]
    assert note == {"why": "full", "unkept": ["history"], "text": new.err.strip()}
    (volume / "filler").unlink()
    (after,) = ground.run(ground.job(home, "ask", ASKED, "--thread", "old"))
    assert after.status == 0 and after.err == "", after.err
    ground.check(home)
    row("D6", "a question on a full disk", 3, 3, "answered; one sentence names what is not kept")


@pytest.mark.parametrize("because", [FULL, SHUT])
async def test_a_language_model_without_a_disk_keeps_to_its_limit(
    ground: Any, volume: Path, encode: Any, row: Any, because: str
) -> None:
    """What it cost counts though it cannot be written, and all that is not kept is named."""
    home, film = volume / "home", ground.make_video(encode, "long kettle.mp4", 12.0)
    assert ground.index(home, film, setup=UNSEEN).status == 0
    settings = Settings(
        home=home,
        providers=Providers("none", picture_embedder="none"),
        limits=Limits(day_tokens=1),
    )
    (video,) = Library(home).list()
    script = [
        calling("look_at", video=video.id, seconds=2.6),
        calling("look_closer", video=video.id, start=2.2, end=2.9),
        AIMessage("It is red [e1]."),
    ]
    _ = fill(volume) if because == FULL else shut(volume)
    async with open_agent(settings, model=ScriptedModel(script=script)) as agent:
        *_, answer = [event async for event in ask(agent, "What is seen at 0:00?")]
        assert isinstance(answer, Answer) and answer.evidence
        (note,) = answer.notes
        assert note.unkept == ("pictures", "history", "spending", "recall"), note
        assert note.text.startswith(f"{because}, so not every picture could be looked at, this")
        looked = [m.text for m in agent.model.shown[2] if m.type == "tool"]  # type: ignore[attr-defined]
        assert "The tool refused" in looked[0] and "Not all of" in looked[1], looked
        shown = Json(agent.library).answer(answer)
        assert all(Path(one["image"]).is_file() for one in shown["evidence"])
        strip = agent.library.picture(strip_name(video.id, 0.0, 12.0))
        assert strip.is_file() and strip.parent.name == "frames", "one picture in place of a strip"
        with pytest.raises(RefusedRequest, match="CUEPOINT_DAY_TOKENS"):
            _ = [event async for event in ask(agent, "And then?")]
    row("D6", f"a language model, and {because[0].lower()}{because[1:]}", 2, 2, "its limit holds")


def test_no_byte_can_be_written_anywhere_and_a_question_is_answered(
    ground: Any, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ground.undisturbed(home)
    done = subprocess.run(
        [*CUEPOINT, "--library", str(home), "ask", ASKED],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        env={**os.environ, "CUEPOINT_TEXT_READER": "none", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0 and "The red kettle sings." in done.stdout, done.stderr
    assert f"The disk cannot be read or written, {HISTORY}" in done.stderr


@pytest.mark.parametrize("because", GO_ON)
def test_the_chat_answers_whatever_the_disk_does(
    ground: Any, volume: Path, row: Any, because: str
) -> None:
    """The server starts, greets and answers, and a follow-up knows what was asked before."""
    home = volume / "home"
    assert ground.index(home, setup=UNSEEN).status == 0
    with contextlib.ExitStack() as held:
        if because == LOCKED:
            file = home / "libraries/local/conversations.sqlite"
            other = held.enter_context(closing(sqlite3.connect(file, isolation_level=None)))
            other.execute("BEGIN EXCLUSIVE")
        elif because == FULL:
            fill(volume)
        else:
            shut(volume)
        done = subprocess.run(
            [sys.executable, str(CHATTING), str(home), ASKED, "And after that?"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
    assert done.returncode == 0, done.stderr
    greeting, *told, upload = json.loads(done.stdout)
    assert "Hello!" in greeting
    taken = f"{SHUT}, so no file can be taken in" if because == SHUT else "there is no room"
    assert taken in upload, "the volume is small"
    for said, words in zip(told, ("red kettle sings", "blue boat"), strict=True):
        assert words in said and f"{because}, {HISTORY}" in said, said
        assert "not known" not in said, "a conversation that began just now has no past"
    row("D6", f"the chat, and {because[0].lower()}{because[1:]}", 2, 2, "")


def test_a_locked_history_costs_no_answer(ground: Any, tmp_path: Path, row: Any) -> None:
    home = tmp_path / "home"
    ground.undisturbed(home)
    setup = "import agent.checkpoints; agent.checkpoints.LOCK_TIMEOUT = 0.05"
    asked = ground.job(home, "ask", ASKED, "--thread", "t", setup=setup)
    (first,) = ground.run(asked)
    assert first.status == 0 and first.err == ""
    other = sqlite3.connect(home / "libraries/local/conversations.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    (again,) = ground.run(asked)
    answers(again, LOCKED)
    other.execute("ROLLBACK")
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    (unread,) = ground.run(asked)
    assert unread.status == 0 and "The red kettle sings." in unread.out, unread.err
    assert unread.err.startswith(f"{LOCKED}, so what was said before in this conversation is not")
    other.close()
    (last,) = ground.run(asked)
    assert last.status == 0 and last.err == ""
    row("D6", "another program has the conversations locked", 3, 3, "")


def test_what_has_no_room_on_any_disk_is_placed_in_memory(
    volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(volume))
    fill(volume)
    place = write_to_first(
        lambda folder: (folder / "picture").write_bytes(b"x" * 9000), volume / "home"
    )
    try:
        assert not place.is_relative_to(volume)
        assert (place / "picture").stat().st_size == 9000
    finally:
        shutil.rmtree(place)
