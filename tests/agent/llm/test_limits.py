import json
import socket
from datetime import date
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from agent.llm.answer_cache import AnswerCache
from agent.llm.catalog import ModelInfo, model_info
from agent.llm.limits import Limits, Meter, Spending
from agent.llm.tokens import image_tokens, message_tokens, text_tokens
from tools.errors import RefusedRequest, VideoError


def price(
    name: str, given: int, written: int, table: Path | None = None, address: str | None = None
) -> float | None:
    return model_info(name, table, address).price(given, written)


@pytest.mark.parametrize(
    ("name", "sees", "priced"),
    [
        ("gpt-4o-mini", True, True),
        ("gpt-4o-mini-2024-07-18", True, True),
        ("openai/gpt-4o-mini", True, True),
        ("gpt-4o-something-new", True, False),  # of a family, at a price that nobody knows
        ("qwen2.5vl:7b", True, False),
        ("Qwen/Qwen3-8B", False, False),
        ("o3-mini", False, True),
        ("house-model", False, False),
    ],
)
def test_what_a_name_tells(name: str, sees: bool, priced: bool):
    assert model_info(name).sees is sees
    assert (price(name, 1000, 100) is not None) is priced


@pytest.mark.parametrize(
    ("name", "context", "usd"),
    [
        ("gpt-5", 400_000, (1.25, 0.125, 10.0)),
        ("gpt-5-mini", 400_000, (0.25, 0.025, 2.0)),
        ("gpt-4.1-nano-2025-04-14", 1_047_576, (0.1, 0.025, 0.4)),
        ("openai/gpt-4o", 128_000, (2.5, 1.25, 10.0)),
        ("o3-2025-04-16", 200_000, (2.0, 0.5, 8.0)),
        ("claude-haiku-4-5", 200_000, (1.0, 0.1, 5.0)),
    ],
)
def test_the_price_and_the_context_of_a_model_come_from_the_list(
    name: str, context: int, usd: tuple[float, float, float], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("asks the network"))
    known, (fresh, cached, out) = model_info(name), usd
    assert known.sees and known.context == context
    for given, written, again in ((100_000, 0, 0), (100_000, 0, 40_000), (0, 2_000, 0)):
        expected = ((given - again) * fresh + again * cached + written * out) / 1e6
        assert known.price(given, written, again) == pytest.approx(expected)


def test_a_model_that_anybody_may_run_has_a_price_only_at_its_sellers_address():
    for name in ("gpt-oss-20b", "deepseek-r1:8b", "pixtral-12b", "llama-3.3-70b-versatile"):
        assert price(name, 1000, 100) is None
        assert price(name, 1000, 100, address="http://127.0.0.1:11434/v1") is None
    groq = "https://api.groq.com/openai/v1"
    assert (price("llama-3.3-70b-versatile", 1000, 100, address=groq) or 0) > 0
    assert price("gpt-4o", 1000, 100, address=groq) == price("gpt-4o", 1000, 100)


def test_a_price_counts_what_the_server_had_cached():
    assert ModelInfo(usd=(2.0, 0.5, 8.0)).price(1_000_000, 500_000, 400_000) == pytest.approx(5.4)


def test_a_table_of_ones_own_goes_first(tmp_path: Path):
    table = tmp_path / "models.json"
    entries = {"gpt-4o": {"usd": [1, 1, 1]}, "house-model": {"sees": True, "context": 8192}}
    table.write_text(json.dumps({"models": entries}))
    assert price("gpt-4o", 1_000_000, 0, table) == 1.0
    assert model_info("house-model", table) == ModelInfo(True, 8192)
    assert model_info("gpt-4o-mini", table) == model_info("gpt-4o-mini")
    for broken in (
        "{",
        '{"models": {"a": {"usd": [1]}}}',
        '{"models": {"a": {"usd": [-1, 0, 0]}}}',
    ):
        other = tmp_path / f"{len(broken)}.json"
        other.write_text(broken)
        with pytest.raises(VideoError, match="no table of models"):
            model_info("a", other)


def test_a_day_has_its_limit_and_another_day_begins_anew(tmp_path: Path):
    path = tmp_path / "spending.json"
    one, other = (Spending(path, Limits(day_tokens=1000, day_usd=0.5)) for _ in range(2))
    one.add(400, 0.2)
    other.add(500, None)
    assert one.today() == (900, 0.2)
    one.check()
    one.add(0, 0.3)
    other.add(1, 0.3)
    with pytest.raises(RefusedRequest, match=r"0\.5 USD a day.*CUEPOINT_DAY_USD"):
        one.check()
    kept = json.loads(path.read_text())
    path.write_text(json.dumps(kept | {"date": "2020-01-01"}))
    one.check()
    for odd in ("[]", "{", json.dumps({"date": date.today().isoformat(), "tokens": "x"})):
        path.write_text(odd)
        assert one.today() == (0, 0.0)


def test_what_cannot_be_written_counts_until_it_can(tmp_path: Path):
    blocked = tmp_path / "library"
    blocked.write_text("no folder")
    path = blocked / "spending.json"
    spending = Spending(path, Limits(day_tokens=1000, day_usd=0.5))
    spending.add(400, 0.2)
    spending.add(700, 0.1)
    assert spending.today() == (1100, pytest.approx(0.3))
    with pytest.raises(RefusedRequest, match="CUEPOINT_DAY_TOKENS"):
        spending.check()
    blocked.unlink()
    blocked.mkdir()
    spending.add(1, None)
    assert spending.today() == Spending(path, Limits()).today() == (1101, 0.3)


def test_an_estimate_is_from_above():
    assert text_tokens("\u706f\u5854") == 2
    english = "What does she say about the lighthouse when the ferry leaves the harbour at dawn?"
    assert len(english.split()) * 4 / 3 < text_tokens(english) < len(english)
    assert image_tokens(1024, 576) >= 765  # what the dearest table says of such a picture
    call = {"name": "look_at", "args": {"seconds": 1.5}, "id": "a"}
    plain, calling = AIMessage(""), AIMessage("", tool_calls=[call])
    assert (
        message_tokens([plain])
        < message_tokens([calling])
        < message_tokens([calling, HumanMessage(english)])
    )


def test_a_meter_stops_before_the_call_that_is_too_much():
    meter = Meter(Limits(question_tokens=10_000, question_usd=0.01), ModelInfo(usd=(1.0, 0.1, 2.0)))
    assert meter.exceeded(5_000) == ""
    meter.add({"input_tokens": 5_000, "output_tokens": 500}, 1)
    assert "10,000 tokens" in meter.exceeded(5_000) and meter.usd == pytest.approx(0.006)
    assert "0.01 USD" in Meter(Limits(question_usd=0.01), meter.model, (5_000, 500)).exceeded(100)
    assert Meter(Limits(), ModelInfo(context=8_000)).room == 6_000


def test_an_answer_is_kept_for_the_same_question_of_the_same_videos(tmp_path: Path):
    cache, asked = AnswerCache(tmp_path / "answers", "m"), [HumanMessage("Water?")]
    key = cache.key(asked, ["a 1"])
    assert cache.get(key) is None
    cache.put(key, "Salt [e1].", ["speech:a@1-2"])
    assert cache.get(key) == ("Salt [e1].", ["speech:a@1-2"])
    others = {
        cache.key(asked, ["a 2"]),
        cache.key([HumanMessage("Oil?")], ["a 1"]),
        AnswerCache(tmp_path / "answers", "n").key(asked, ["a 1"]),
    }
    assert key not in others and len(others) == 3
    (tmp_path / "answers" / f"{key}.json").write_text('{"text": 3, "seen": []}')
    assert cache.get(key) is None
