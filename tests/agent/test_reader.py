"""A language model beside the rules: it reads in one call, and is never worse than nothing."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.fakes import ScriptedModel, calling
from agent.llm.limits import Limits
from agent.llm.tokens import message_tokens
from agent.reader import cited_text, written_calls
from agent.settings import EXTRACTIVE, Settings
from agent.toolbelt import Toolbelt
from tests.conftest import flat, write_video
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.toolbox import Toolbox

SAID = [
    "Welcome to the old salt works.",
    "The brine boils for eleven hours.",
    "A sack of salt costs nine crowns.",
    "My sister Ottilie mends the pans.",
    "We close the gate at half past four.",
]
QUESTIONS = [
    "How long does the brine boil?",
    "What does a sack of salt cost?",
    "Who mends the pans?",
    "When do you close the gate?",
]


@pytest.fixture(scope="module")
def toolbox(tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    folder = tmp_path_factory.mktemp("reader")
    path = write_video(folder / "salt.mp4", lambda _: flat((120, 90, 60)), 5.0 * len(SAID), fps=1)
    cues = [f"00:{5 * n:02}.000 --> 00:{5 * n + 4:02}.000\n{line}\n" for n, line in enumerate(SAID)]
    path.with_suffix(".vtt").write_text("WEBVTT\n\n" + "\n".join(cues))
    library = Library(folder / "home")
    ingest(library, path, providers=BARE)
    return Toolbox(library)


async def answered(
    toolbox: Toolbox, home: Path, question: str, *script: Any, **settings: Any
) -> tuple[Answer, ScriptedModel]:
    shutil.rmtree(toolbox.library.root / "answers", ignore_errors=True)  # none is cached
    model = ScriptedModel(script=list(script))
    chosen = Settings(home=home, **settings)
    async with open_agent(chosen, toolbox=toolbox, model=model) as agent:
        *_, last = [event async for event in ask(agent, question)]
    assert isinstance(last, Answer)
    return last, model


async def by_rule(toolbox: Toolbox, home: Path, question: str) -> Answer:
    async with open_agent(Settings(home=home), toolbox=toolbox) as agent:
        *_, last = [event async for event in ask(agent, question)]
    assert isinstance(last, Answer) and last.model == EXTRACTIVE
    return last


def reads(said: str) -> Callable[[list[Any]], AIMessage]:
    """A model that finds a line in what it is given and answers in the asked form."""

    def reply(messages: list[Any]) -> AIMessage:
        (line,) = [row for row in messages[-1].text.splitlines() if said in row][:1]
        label = line.partition("]")[0].lstrip("[")
        sentences = [{"text": f'They say "{said}"', "labels": [label]}]
        return AIMessage(json.dumps({"found": True, "sentences": sentences}))

    return reply


async def test_a_reader_is_asked_once_and_costs_a_third(toolbox: Toolbox, tmp_path: Path) -> None:
    said = SAID[1]
    answer, model = await answered(toolbox, tmp_path, QUESTIONS[0], reads(said), answers="reader")
    assert answer.answer == f'They say "{said}" [1]'
    assert [claim.verdict for claim in answer.claims] == ["verified"]
    assert answer.model == "scripted" and len(model.shown) == 1 and not model.bound
    looked = calling("search_transcript", query="brine boil")
    told = AIMessage("The brine boils for eleven hours [e1].")
    _, agent = await answered(toolbox, tmp_path, QUESTIONS[0], looked, told, answers="agent")
    tools = Toolbelt(toolbox).tokens
    taken = sum(tools + message_tokens(messages) for messages in agent.shown)
    assert message_tokens(model.shown[0]) <= taken / 3


def stuck(messages: list[Any]) -> AIMessage:
    """Looks for ever."""
    return calling("search_transcript", id=f"c{len(messages)}", query="salt")


BAD: dict[str, Any] = {
    "looks for ever": stuck,
    "answers without looking": AIMessage("It boils for three days."),
    "says nothing": AIMessage(""),
    "cites what is not there": AIMessage("It boils for three days [e77]."),
    "gives up at once": AIMessage("NOT FOUND"),
    "writes nonsense": AIMessage('{"found": true, "sentences": [{"text": 7'),
    "calls what is not there": calling("open_door"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_model_is_never_worse_than_none(
    toolbox: Toolbox, tmp_path: Path, kind: str
) -> None:
    for question in QUESTIONS:
        expected = await by_rule(toolbox, tmp_path, question)
        for way in ("agent",) if kind == "gives up at once" else ("agent", "reader"):
            limits = Limits(model_calls=3)
            answer, _ = await answered(
                toolbox, tmp_path, question, BAD[kind], answers=way, limits=limits
            )
            assert answer.found == expected.found, (question, way, answer.answer)
            assert answer.answer.startswith(expected.answer), (question, way)
            assert answer.model == EXTRACTIVE
            assert "Answered by rule, as " in answer.answer
            ids = [one.evidence.id for one in expected.evidence]
            assert [one.evidence.id for one in answer.evidence] == ids


async def test_a_reader_may_say_that_nothing_answers(toolbox: Toolbox, tmp_path: Path) -> None:
    missed = AIMessage('{"found": false, "sentences": [{"text": "No.", "labels": ["e1"]}]}')
    answer, _ = await answered(toolbox, tmp_path, "How old is Ottilie?", missed, answers="reader")
    assert not answer.found and answer.nearest and answer.model == "scripted"


async def test_a_silent_model_is_not_asked_again(toolbox: Toolbox, tmp_path: Path) -> None:
    class Silent(ScriptedModel):
        async def _astream(self, *given: Any, **options: Any) -> Any:
            import asyncio

            self.shown.append(given)
            await asyncio.Event().wait()
            yield

    model = Silent(script=[])
    limits = Limits(model_wait=0.2)
    chosen = Settings(home=tmp_path, limits=limits)
    async with open_agent(chosen, toolbox=toolbox, model=model) as agent:
        *_, answer = [event async for event in ask(agent, QUESTIONS[0])]
    assert isinstance(answer, Answer) and answer.found and "eleven hours" in answer.answer
    assert "the model said nothing" in answer.answer
    assert len(model.shown) == 2  # a silence is tried once more, as before


async def test_a_model_that_needs_reading_is_read_to(toolbox: Toolbox, tmp_path: Path) -> None:
    """The agent cites nothing; as a reader the same model does."""
    script = [AIMessage("Eleven hours, I think."), AIMessage("Eleven hours."), reads(SAID[1])]
    answer, _ = await answered(toolbox, tmp_path, QUESTIONS[0], *script)
    assert answer.found and SAID[1] in answer.answer and answer.model == "scripted"
    assert "by rule" not in answer.answer


async def test_a_call_that_is_written_is_made(toolbox: Toolbox, tmp_path: Path) -> None:
    written = '```json\n{"name": "search_transcript", "arguments": {"query": "brine"}}\n```'
    told = AIMessage('They say "The brine boils for eleven hours" [e1].')
    answer, _ = await answered(toolbox, tmp_path, QUESTIONS[0], AIMessage(written), told)
    assert [claim.verdict for claim in answer.claims] == ["verified"]


def test_structured_replies_are_read() -> None:
    told = {"found": True, "sentences": [{"text": "Yes", "labels": ["e1", "[e2]"]}]}
    assert cited_text(f"Sure! {json.dumps(told)} Bye.") == "Yes [e1][e2]."
    assert cited_text('{"found": false, "sentences": []}') == "NOT FOUND:"
    assert cited_text("Plain [e1].") == "Plain [e1]."
    assert cited_text('{"found": true}') == '{"found": true}'
    assert cited_text("[" * 5000) == "[" * 5000


def test_written_calls_are_only_those_of_tools_that_are_there() -> None:
    one = '{"name": "find_words", "arguments": {"words": ["x"]}}'
    assert [c["args"] for c in written_calls(f"{one} {one}", ["find_words", "b"])] == [
        {"words": ["x"]}, {"words": ["x"]},
    ]  # fmt: skip
    assert written_calls('{"name": "rm", "arguments": {}} {"name": 3}', ["find_words"]) == []
    assert written_calls("{" * 3000, ["find_words"]) == []
