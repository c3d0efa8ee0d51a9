"""The choice of a model, and a language model over real HTTP on this machine."""

import json
import logging
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.agent import open_agent
from agent.ask import Answer, Token, ToolStarted, ask
from agent.fakes import MemoryToolbox, ScriptedModel
from agent.llm.provider import load_model
from agent.settings import Settings
from tests.chat_server import Drops, Server, Stalls, Uncounted, call, say, serving
from tests.conftest import Shelf
from tools.errors import ProviderUnavailable, RefusedRequest

KEY = "sk-canary-5d1f"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serving() as start:
        yield start


def settings_for(server: Server, home: Path, **more: str) -> Settings:
    environ = {
        "CUEPOINT_HOME": str(home),
        "CUEPOINT_MODEL": "some-model",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": server.url,
    }
    return Settings.from_env(environ | more)


async def answered(
    server: Server, home: Path, *questions: str, toolbox: Any = None, **more: str
) -> list[Answer]:
    settings = settings_for(server, home, **more)
    answers: list[Any] = []
    async with open_agent(settings, toolbox=toolbox or MemoryToolbox(home)) as agent:
        for question in questions:
            answers.append([event async for event in ask(agent, question, thread="t")][-1])
    return answers


async def test_a_language_model_over_http(
    tmp_path: Path, serve: Any, caplog: pytest.LogCaptureFixture, capfd: Any
):
    caplog.set_level(logging.DEBUG)
    said = 'At 0:12 they "salt the water" [e1]. They keep a cup [e3]. It is in Rome [e8].'
    again = said.replace(" It is in Rome [e8].", "")
    server = serve(call('{"que', 'ry": "water"}'), say(said), say(again), say("As I said [1]."))
    settings = settings_for(server, tmp_path)
    events: list[Any] = []
    async with open_agent(settings, toolbox=MemoryToolbox(tmp_path)) as agent:  # type: ignore[arg-type]
        events += [event async for event in ask(agent, "What about the water?", thread="t")]
        again = [event async for event in ask(agent, "Really?", thread="t")][-1]
    answer = events[-1]
    assert isinstance(answer, Answer) and isinstance(again, Answer)
    assert events[0] == ToolStarted("search_transcript", {"query": "water"})
    assert answer.answer == 'At 0:12 they "salt the water" [1]. They keep a cup [2].'
    tokens = [event.text for event in events if isinstance(event, Token)]
    assert "".join(tokens) == f"{answer.answer} " and len(tokens) == 2
    assert answer.tokens == (150, 27) and answer.model == "some-model" and answer.cost_usd is None
    assert [claim.verdict for claim in answer.claims] == ["verified", "verified"]
    assert again.answer == "As I said [1]." and again.found

    for headers, body in server.requests:
        assert headers["Authorization"] == f"Bearer {KEY}"
        assert body["stream"] and body["model"] == "some-model"
        assert [tool["function"]["name"] for tool in body["tools"]][2] == "search_transcript"
    first, second, repair, third = (body["messages"] for _, body in server.requests)
    assert [message["role"] for message in second] == ["system", "user", "assistant", "tool"]
    assert second[2]["tool_calls"][0]["function"]["arguments"] == '{"query": "water"}'
    assert second[3]["content"].startswith("<evidence>\n[e1] speech")
    assert [message["role"] for message in repair] == [
        "system", "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip
    assert '- "It is in Rome."' in repair[-1]["content"]
    assert "They keep" not in repair[-1]["content"]
    assert [message["role"] for message in third] == ["system", "user", "assistant", "user"]
    assert set(third[2]) == {"role", "content"}, "what is ours alone stays with us"
    assert first[1]["content"].endswith("Question: What about the water?")

    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    printed = capfd.readouterr()
    everywhere = [
        json.dumps([body for _, body in server.requests]),
        repr(events) + repr(again) + repr(settings) + repr(agent) + str(agent.model),
        "\n".join(f"{r.getMessage()} {r.exc_info} {vars(r)}" for r in caplog.records),
        stored.decode("latin-1"),
        printed.out + printed.err,
    ]
    assert all(KEY not in text for text in everywhere)


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "check OPENAI_API_KEY"), (404, "CUEPOINT_MODEL"), (418, "try again")]
)
async def test_a_refusal_is_one_line_without_what_the_server_said(
    tmp_path: Path, serve: Any, status: int, hint: str
):
    settings = settings_for(serve(status), tmp_path)
    async with open_agent(settings, toolbox=MemoryToolbox(tmp_path)) as agent:  # type: ignore[arg-type]
        with pytest.raises(ProviderUnavailable, match=hint) as caught:
            _ = [event async for event in ask(agent, "Water?")]
    assert str(status) in str(caught.value) and KEY not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_server_that_is_not_there_is_named(tmp_path: Path, serve: Any, monkeypatch: Any):
    monkeypatch.setattr("agent.llm.provider.RETRIES", 0)
    server = serve([])
    settings = settings_for(server, tmp_path)
    server.shutdown()
    server.server_close()
    async with open_agent(settings, toolbox=MemoryToolbox(tmp_path)) as agent:  # type: ignore[arg-type]
        with pytest.raises(ProviderUnavailable, match="check OPENAI_BASE_URL and the network"):
            _ = [event async for event in ask(agent, "Water?")]


async def test_a_call_that_is_not_json_goes_back_to_the_model(tmp_path: Path, serve: Any):
    server = serve(call("water please"), say("NOT FOUND\nNothing."))
    settings = settings_for(server, tmp_path)
    async with open_agent(settings, toolbox=MemoryToolbox(tmp_path)) as agent:  # type: ignore[arg-type]
        answer = [event async for event in ask(agent, "Water?")][-1]
    results = server.requests[1][1]["messages"][-1]
    assert results["role"] == "tool" and results["tool_call_id"] == "call_1"
    assert "not a JSON object" in results["content"] and not answer.found


def test_without_a_key_the_extractive_model_answers(tmp_path: Path, monkeypatch: Any):
    module = types.ModuleType("agent.extractive.model")

    class ExtractiveModel(ScriptedModel):
        toolbox: Any
        script: list[Any] = []  # noqa: RUF012 - a field

    module.ExtractiveModel = ExtractiveModel  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "agent.extractive.model", module)
    toolbox: Any = MemoryToolbox(tmp_path)
    for environ in ({}, {"CUEPOINT_MODEL": "extractive", "OPENAI_API_KEY": KEY}):
        model = load_model(Settings.from_env(environ), toolbox)
        assert isinstance(model, ExtractiveModel) and model.toolbox is toolbox


@pytest.mark.parametrize(
    ("environ", "hint"),
    [
        ({"CUEPOINT_MODEL": "gpt-5-mini"}, "needs OPENAI_API_KEY"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "CUEPOINT_MODEL"),
    ],
)
def test_what_is_missing_is_named(environ: dict[str, str], hint: str, tmp_path: Path):
    toolbox: Any = MemoryToolbox(tmp_path)
    with pytest.raises(ProviderUnavailable, match=hint):
        load_model(Settings.from_env(environ), toolbox)


async def test_what_stays_unsupported_after_a_repair_is_marked(tmp_path: Path, serve: Any):
    said = say("They salt the water [e1]. It is in Rome.")
    server = serve(call('{"query": "water"}'), said)
    (answer,) = await answered(server, tmp_path, "Water?")
    assert answer.answer == "They salt the water [1]. It is in Rome. (unsupported)"
    assert [claim.verdict for claim in answer.claims] == ["verified", "unsupported"]
    assert len(server.requests) == 3, "it is told of its faults once"


async def test_ten_invented_citations_get_through_in_no_form(tmp_path: Path, serve: Any):
    inventions = " ".join(f"It weighs {n} tons [e{n + 20}]." for n in range(10))
    server = serve(call('{"query": "water"}'), say(f"They salt the water [e1]. {inventions}"))
    (answer,) = await answered(server, tmp_path, "Water?")
    assert [cited.evidence.text[:20] for cited in answer.evidence] == ["First you salt the w"]
    invented = [claim for claim in answer.claims if "tons" in claim.text]
    assert len(invented) == 10 and not any(claim.citations for claim in invented)
    assert answer.answer.count("(unsupported)") == 10 and answer.answer.count("[") == 1


async def test_an_answer_without_a_look_is_not_found(tmp_path: Path, serve: Any):
    server = serve(say("A pinch of salt, as everybody knows."))
    (answer,) = await answered(server, tmp_path, "How much salt?")
    assert not answer.found and answer.evidence == () and len(server.requests) == 2
    assert answer.answer.startswith("A pinch of salt, as everybody knows. (unsupported)")


async def test_calls_side_by_side_are_answered_side_by_side(tmp_path: Path, serve: Any):
    both = [*call('{"query": "water"}'), *call('{"query": "links"}', index=1)[1:]]
    server = serve(both, say("They salt the water [e1]."))
    (answer,) = await answered(server, tmp_path, "Water?")
    results = server.requests[1][1]["messages"][-2:]
    assert [one["tool_call_id"] for one in results] == ["call_1", "call_2"] and answer.found


async def test_a_model_that_loops_ends_with_what_came_up(tmp_path: Path, serve: Any):
    server = serve(call('{"query": "water"}'))
    (answer,) = await answered(server, tmp_path, "Water?")
    assert len(server.requests) == 8 and not answer.found and answer.nearest
    assert "the limit of 8 model calls was reached" in answer.answer
    assert server.requests[-1][1]["tool_choice"] == "none"


async def test_a_server_that_is_busy_is_asked_again(tmp_path: Path, serve: Any):
    server = serve(429, 503, call('{"query": "water"}'), say("They salt the water [e1]."))
    (answer,) = await answered(server, tmp_path, "Water?")
    assert answer.found and len(server.requests) == 4


async def test_a_line_that_breaks_is_taken_up_once(tmp_path: Path, serve: Any):
    broken = Drops(say("They salt the water [e1]. And th"))
    server = serve(call('{"query": "water"}'), broken, say("They salt the water [e1]."))
    (answer,) = await answered(server, tmp_path, "Water?")
    assert answer.answer == "They salt the water [1]." and len(server.requests) == 3
    for_good = serve(call('{"query": "water"}'), broken)
    with pytest.raises(ProviderUnavailable, match="network"):
        await answered(for_good, tmp_path / "other", "Water?")
    assert len(for_good.requests) == 3


STALLS = [
    Stalls(),
    Stalls([]),
    Stalls([], comments=True),
    Stalls(say("They salt the water [e1]. And th")),
    Stalls(say("They salt the water [e1]. And th"), comments=True),
]


@pytest.mark.parametrize("stall", STALLS, ids=repr)
async def test_a_model_that_falls_silent_is_asked_once_more(
    tmp_path: Path, serve: Any, stall: Stalls
):
    server = serve(stall, call('{"query": "water"}'), say("They salt the water [e1]."))
    (answer,) = await answered(server, tmp_path, "Water?", CUEPOINT_MODEL_WAIT="3")
    assert answer.answer == "They salt the water [1]." and len(server.requests) == 3


@pytest.mark.parametrize("stall", STALLS, ids=repr)
async def test_a_model_that_stays_silent_ends_as_a_sentence(
    tmp_path: Path, serve: Any, stall: Stalls
):
    server = serve(stall)
    (answer,) = await answered(server, tmp_path, "Water?", CUEPOINT_MODEL_WAIT="0.4")
    assert not answer.found and len(server.requests) == 2
    assert answer.answer.startswith(
        "I stopped before I had an answer: "
        "the model said nothing for 0.4 seconds (CUEPOINT_MODEL_WAIT)."
    )


async def test_the_time_of_a_question_bounds_the_silence(tmp_path: Path, serve: Any):
    short = {"CUEPOINT_QUESTION_SECONDS": "0.4"}
    (answer,) = await answered(serve(Stalls([], comments=True)), tmp_path, "Water?", **short)
    assert "the limit of 0.4 seconds was reached" in answer.answer


@pytest.mark.parametrize("stall", STALLS, ids=repr)
def test_cuepoint_ask_says_in_a_line_that_the_model_is_silent(
    shelf: Shelf, serve: Any, stall: Stalls, cuepoint: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CUEPOINT_HOME", str(shelf.library.home))
    monkeypatch.setenv("CUEPOINT_MODEL", "some-model")
    monkeypatch.setenv("OPENAI_BASE_URL", serve(stall).url)
    monkeypatch.setenv("CUEPOINT_MODEL_WAIT", "0.4")
    status, out, err = cuepoint("ask", "When is the kettle red?")
    assert (status, err) == (0, "") and "the model said nothing for 0.4 seconds" in out


@pytest.mark.parametrize("command", ["summary", "caption"])
@pytest.mark.parametrize("stall", STALLS, ids=repr)
def test_a_summary_ends_in_a_line_when_the_model_is_silent(
    shelf: Shelf,
    serve: Any,
    stall: Stalls,
    command: str,
    cuepoint: Any,
    monkeypatch: pytest.MonkeyPatch,
):
    server = serve(stall)
    monkeypatch.setenv("CUEPOINT_HOME", str(shelf.library.home))
    monkeypatch.setenv("CUEPOINT_MODEL", "some-model")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("CUEPOINT_MODEL_WAIT", "0.4")
    status, out, err = cuepoint(command, shelf.video)
    said = "cuepoint: the model said nothing for 0.4 seconds (CUEPOINT_MODEL_WAIT)\n"
    assert (status, out, err) == (1, "", said) and len(server.requests) == 1


def test_the_price_of_a_summary_is_that_of_the_address(
    shelf: Shelf, cuepoint: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CUEPOINT_HOME", str(shelf.library.home))
    monkeypatch.setenv("CUEPOINT_MODEL", "llama-3.3-70b-versatile")
    for address, known in (("https://api.groq.com/openai/v1", True), ("http://[::1]/v1", False)):
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        status, out, _ = cuepoint("summary", shelf.video, "--plan", "--json")
        plan = json.loads(out)
        assert status == 0 and plan["calls"] and (plan["cost_usd"] is not None) is known


async def test_a_price_that_is_known_is_told_and_kept_for_the_day(tmp_path: Path, serve: Any):
    server = serve(call('{"query": "water"}'), say("They salt the water [e1]."))
    named = {"CUEPOINT_MODEL": "gpt-4o-mini"}
    (answer,) = await answered(server, tmp_path, "Water?", **named)
    assert answer.tokens == (100, 18)
    assert answer.cost_usd == pytest.approx((100 * 0.15 + 18 * 0.6) / 1e6)
    spent = json.loads(next(tmp_path.rglob("spending.json")).read_text())
    assert spent["tokens"] == 118 and spent["usd"] == pytest.approx(answer.cost_usd, abs=1e-6)
    with pytest.raises(RefusedRequest, match="CUEPOINT_DAY_TOKENS"):
        await answered(server, tmp_path, "And now?", **named, CUEPOINT_DAY_TOKENS="118")
    assert len(server.requests) == 2


async def test_a_question_ends_at_its_tokens(tmp_path: Path, serve: Any):
    def counting(body: dict[str, Any]) -> Any:
        return Uncounted(call('{"query": "water"}'))

    server = serve(counting)
    (answer,) = await answered(server, tmp_path, "Water?", CUEPOINT_QUESTION_TOKENS="9000")
    assert not answer.found and "the limit of 9,000 tokens was reached" in answer.answer
    sent = sum(len(json.dumps(body)) for _, body in server.requests)
    assert 1 < len(server.requests) < 8 and sent / 3 < 9_000
    small = serve(counting)
    (answer,) = await answered(small, tmp_path / "b", "Water?", CUEPOINT_QUESTION_TOKENS="100")
    assert small.requests == [] and "the limit of 100 tokens" in answer.answer


async def test_the_same_question_again_costs_nothing(tmp_path: Path, serve: Any):
    server = serve(call('{"query": "water"}'), say("They salt the water [e1]."))
    settings = settings_for(server, tmp_path)
    toolbox: Any = MemoryToolbox(tmp_path)
    async with open_agent(settings, toolbox=toolbox) as agent:
        first = [event async for event in ask(agent, "Water?")][-1]
        again = [event async for event in ask(agent, "Water?")][-1]
        assert isinstance(first, Answer) and isinstance(again, Answer)
        assert again.answer == first.answer and again.evidence == first.evidence
        assert again.tokens == (0, 0) and len(server.requests) == 2
        toolbox.library.remove("b" * 16)  # the library is another one now
        _ = [event async for event in ask(agent, "Water?")]
    assert len(server.requests) > 2
