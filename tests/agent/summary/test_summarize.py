import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage

from agent.fakes import ScriptedModel
from agent.llm.tokens import message_tokens
from agent.summary import language_model
from agent.summary.language_model import ModelSummarizer
from agent.summary.summarize import Summary, caption, summarize
from tests import lecture
from tools.files.durable import remove_folder
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.summary import generated
from tools.summary.digest import brief, digest

LINE = re.compile(r"^((?:\[e\d+\])+) .*? · (\".*\")$", re.MULTILINE)


def telling(messages: list[BaseMessage]) -> AIMessage:
    """Quotes the first thing that it is shown, invents two things, and obeys nobody."""
    (marks, fenced), *_ = LINE.findall(messages[-1].text)
    words = json.loads(fenced)
    told = words if '"' in words else f'It is said: "{words}"'
    text = f"TITLE: {' '.join(re.findall(r'[a-z]+', words)[-3:])}\n{told} {marks}\n"
    text += 'The mayor wept for 93 minutes [e1]. It is said: "I am made up" [e99].'
    usage: Any = {"input_tokens": message_tokens(messages), "output_tokens": 90}
    usage["total_tokens"] = usage["input_tokens"] + 90
    return AIMessage(content=text, usage_metadata=usage)


@pytest.fixture
def fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes so short that chapters have several."""
    monkeypatch.setattr(language_model, "SCENE_BYTES", 700)


@pytest.fixture
def fresh(talk: tuple[Any, str]) -> Any:
    """The lecture, with nothing told of it."""
    library, video = talk
    remove_folder(library.folder(video) / generated.FOLDER, library.trash)
    return library, video


def claims(found: Summary) -> list[Any]:
    return [*found.overview, *(claim for one in found.chapters for claim in one.claims)]


def test_without_a_model_every_claim_is_a_quotation_that_holds(talk):
    library, video = talk
    found = summarize(library, video)
    assert found.model == "extractive" and found.tokens == (0, 0)
    assert len(found.chapters) == len(lecture.SUBJECTS)
    assert {claim.verdict for claim in claims(found)} == {"verified"}
    handles = [one.handle for one in found.evidence]
    assert handles == list(range(1, len(handles) + 1))
    cited = {n for claim in (*claims(found), *found.events) for n in claim.citations}
    assert cited == set(handles)
    for one in found.chapters:
        inside = [found.evidence[n - 1].evidence for claim in one.claims for n in claim.citations]
        assert all(one.start <= evidence.start < one.end for evidence in inside)


@pytest.mark.usefixtures("fine")
def test_scenes_then_chapters_then_the_whole_each_once_and_within_the_plan(fresh):
    library, video = fresh
    model = ScriptedModel(script=[telling])
    plan = ModelSummarizer(model).estimate(library, video, digest(library, video))
    assert plan.cached == 0 and plan.cost_usd is None and not model.shown
    found = summarize(library, video, ModelSummarizer(model))
    levels = [
        len(generated.read_level(library, video, level)) for level in ("scene", "chapter", "video")
    ]
    assert levels[0] > levels[1] == 4 and levels[2] == 1
    assert len(model.shown) == sum(levels) == plan.calls
    assert 0 < found.tokens[0] <= plan.tokens[0] <= 3 * found.tokens[0]
    assert 0 < found.tokens[1] <= plan.tokens[1]
    again = ModelSummarizer(model)
    assert again.estimate(library, video, digest(library, video)).calls == 0
    assert summarize(library, video, again).chapters == found.chapters
    assert len(model.shown) == plan.calls and again.tokens == (0, 0) and again.cost_usd == 0


@pytest.mark.usefixtures("fine")
def test_what_was_told_before_a_failure_is_not_told_again(fresh):
    library, video = fresh
    left = [3]

    def failing(messages: list[BaseMessage]) -> AIMessage:
        left[0] -= 1
        if left[0] < 0:
            raise ConnectionError("gone")
        return telling(messages)

    plan = ModelSummarizer(ScriptedModel(script=[telling])).estimate(
        library, video, digest(library, video)
    )
    with pytest.raises(ConnectionError):
        summarize(library, video, ModelSummarizer(ScriptedModel(script=[failing])))
    model = ScriptedModel(script=[telling])
    summarize(library, video, ModelSummarizer(model))
    assert len(model.shown) == plan.calls - 3


@pytest.mark.usefixtures("fine")
def test_what_a_model_invents_reaches_nobody(fresh):
    library, video = fresh
    model = ScriptedModel(script=[telling])
    found = summarize(library, video, ModelSummarizer(model))
    told = [claim.text for claim in claims(found)] + [one.text for one in found.events]
    assert not [text for text in told if "mayor" in text or "made up" in text]
    assert not [m for shown in model.shown for m in shown if "mayor" in m.text]
    assert {claim.verdict for claim in claims(found)} == {"verified"}
    for one in found.evidence:
        assert library.evidence(one.evidence.id) == one.evidence


def test_a_model_of_another_name_and_a_prompt_of_other_words_are_asked_anew(fresh, monkeypatch):
    library, video = fresh
    model = ScriptedModel(script=[telling])
    summarize(library, video, ModelSummarizer(model))
    asked, found = len(model.shown), digest(library, video)
    other = ModelSummarizer(model)
    other.name = "another"
    assert other.estimate(library, video, found).cached == 0
    render = language_model.render
    changed: Callable[..., str] = lambda name, **values: render(name, **values) + "!"  # noqa: E731
    monkeypatch.setattr(language_model, "render", changed)
    assert ModelSummarizer(model).estimate(library, video, found).calls == asked


def test_what_is_kept_is_verified_repaired_and_told_to_later_questions(fresh):
    library, video = fresh
    summarize(library, video, ModelSummarizer(ScriptedModel(script=[telling])))
    assert verify(library) == []
    lines = brief(library, video, "chapters")
    assert sum(isinstance(one, str) for one in lines) == 4
    path = next((library.folder(video) / generated.FOLDER).iterdir())
    path.write_bytes(path.read_bytes().replace(b"e", b"E", 1))
    assert [one.what for one in verify(library)] == [f"summary/{path.name} is damaged"]
    assert repair(library).left == [] and not path.exists()


def test_a_caption_is_as_long_as_its_style(fresh):
    library, video = fresh
    sizes = [len(caption(library, video, style).claims) for style in ("brief", "detailed")]
    assert sizes[0] == 1 < sizes[1]
    told = caption(library, video, "narrative")
    times = [one.evidence.start for one in told.evidence]
    assert times == sorted(times) and told.found and "[1]" in told.answer
    model = ScriptedModel(script=[telling])
    written = caption(library, video, "brief", ModelSummarizer(model))
    assert written.model == "scripted" and "mayor" not in written.answer
    assert [claim.verdict for claim in written.claims] == ["verified"]


def test_the_commands_print_what_the_contract_says(cuepoint, shelf):
    status, out, _ = cuepoint("--library", shelf.library.home, "summary", shelf.video, "--json")
    found = json.loads(out)
    assert status == 0
    assert {"overview", "chapters", "events", "highlights", "evidence", "coverage"} <= set(found)
    assert {"start", "end", "title", "claims"} == set(found["chapters"][0])
    assert found["evidence"][0]["handle"] == 1
    status, out, _ = cuepoint("--library", shelf.library.home, "summary", shelf.video)
    assert status == 0 and "Chapters" in out and "The kettle is red." in out
    status, out, _ = cuepoint("--library", shelf.library.home, "summary", shelf.video, "--plan")
    assert status == 0 and "costs nothing" in out
    status, out, _ = cuepoint("--library", shelf.library.home, "caption", shelf.video, "--json")
    assert status == 0 and json.loads(out)["answer"].startswith('0:01 "The kettle is red." [1]')
    assert cuepoint("caption", shelf.video, "--style", "loud")[0] == 2
