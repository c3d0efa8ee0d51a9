"""What is there, what is missing, and the command that gets it."""

import json
import os
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from tests import chat_server
from tests.chat_server import say
from tools.fetch import sites
from tools.generate.animatic import voice
from tools.models import device
from tools.sandbox import Child

Cuepoint = Callable[..., tuple[int, str, str]]


def test_doctor(cuepoint: Cuepoint) -> None:
    status, out, _ = cuepoint("doctor", "--json")
    report = json.loads(out)
    assert set(report) == {"ok", "checks"} and status == (0 if report["ok"] else 1)
    assert all(set(check) == {"name", "state", "detail", "fix"} for check in report["checks"])
    assert {check["state"] for check in report["checks"]} <= {"ok", "missing", "problem"}
    names = {check["name"]: check["state"] for check in report["checks"]}
    assert names["python"] == names["decoder"] == "ok"


def test_doctor_says_what_holds_of_the_sandbox(
    cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> dict[str, str]:
        rows = json.loads(cuepoint("doctor", "--json")[1])["checks"]
        return next(row for row in rows if row["name"] == "sandbox")

    with Child() as child:
        (state,) = child.call("tools.sandbox.confinement:state")
    found = check()
    assert found["detail"].startswith(", ".join(["limits", *state["held"]]))
    assert all(one in found["detail"] for one in state["missing"])
    assert found["state"] == ("missing" if state["missing"] else "ok") and not found["fix"]

    def call(self: Child, function: str) -> Iterator[dict[str, object]]:
        yield {"av": "1", "libavcodec": "2", "held": ["no network"], "missing": ["Landlock"]}

    monkeypatch.setattr(Child, "call", call)
    found = check()
    assert (found["state"], found["fix"]) == ("missing", "")
    assert found["detail"] == "limits, no network; for more it needs Landlock"


def test_doctor_says_whether_video_sites_are_fetched_from_and_what_holds_of_it(
    cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> dict[str, str]:
        rows = json.loads(cuepoint("doctor", "--json")[1])["checks"]
        return next(row for row in rows if row["name"] == "video sites")

    held, missing = sites.limits()
    monkeypatch.setenv("CUEPOINT_ADDRESSES", "on")
    found = check()
    assert found["state"] == "ok" and f"yt-dlp {sites.installed()}" in found["detail"]
    assert all(one in found["detail"] for one in (*held, *missing))
    monkeypatch.setenv("CUEPOINT_ADDRESSES", "off")
    assert "CUEPOINT_ADDRESSES is off" in check()["detail"]
    monkeypatch.setattr(sites, "version", lambda name: "2026.6.9")
    found = check()
    assert found["state"] == "problem" and "too old" in found["detail"]
    assert found["fix"] == sites.UPDATE

    def none(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(sites, "version", none)
    found = check()
    assert (found["state"], found["fix"]) == ("missing", sites.INSTALL)


def test_doctor_says_what_hears_and_what_would_hear_better(
    cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(name: str) -> dict[str, str]:
        rows = json.loads(cuepoint("doctor", "--json")[1])["checks"]
        return next(row for row in rows if row["name"] == name)

    draft = check("speech")
    assert draft["state"] == "missing" and "draft" in draft["detail"]
    assert draft["fix"] == "cuepoint models pull whisper:small"
    assert "speakers" in check("speakers")["fix"]
    monkeypatch.setenv("CUEPOINT_THREADS", "2")
    tiny = Path(os.environ["CUEPOINT_HOME"]) / "models" / "whisper-tiny"
    tiny.mkdir(parents=True)
    for name in ("model.bin", "tokenizer.json", "config.json", "vocabulary.txt"):
        (tiny / name).touch()
    assert check("speech")["detail"] == "whisper:tiny; whisper:small hears better"
    monkeypatch.setenv("CUEPOINT_TRANSCRIBER", "whisper:base")
    base = check("speech")
    assert (base["state"], base["fix"]) == ("problem", "cuepoint models pull whisper:base")


def test_doctor_names_the_device_that_models_run_on(
    cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> dict[str, str]:
        rows = json.loads(cuepoint("doctor", "--json")[1])["checks"]
        return next(row for row in rows if row["name"] == "device")

    monkeypatch.setenv("CUEPOINT_DEVICE", "cpu")
    assert check() == {
        "name": "device", "state": "ok", "detail": "pictures and texts on cpu, speech on cpu",
        "fix": "",
    }  # fmt: skip
    monkeypatch.setenv("CUEPOINT_DEVICE", "coreml")
    monkeypatch.setattr(device, "_onnx_providers", lambda: frozenset({"CPUExecutionProvider"}))
    absent = check()
    assert (absent["state"], absent["fix"]) == ("problem", "set CUEPOINT_DEVICE to auto")
    assert absent["detail"].startswith("CUEPOINT_DEVICE is coreml, and the package onnxruntime")
    assert cuepoint("doctor")[0] == 1


def test_model_servers_on_this_machine_are_told_and_how_to_use_them(
    cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(name: str) -> dict[str, str]:
        rows = json.loads(cuepoint("doctor", "--json")[1])["checks"]
        return next(row for row in rows if row["name"] == name)

    def listed() -> list[dict[str, object]]:
        rows = json.loads(cuepoint("models", "list", "--json")[1])
        return [row for row in rows if row["kind"] == "language"]

    off = check("local servers")
    assert (off["state"], off["fix"]) == ("ok", "") and "CUEPOINT_MODEL_PORTS is off" in off[
        "detail"
    ]
    monkeypatch.setenv("CUEPOINT_MODEL_PORTS", "9")
    none = check("local servers")
    assert (none["state"], none["fix"]) == ("ok", "") and listed() == []
    assert none["detail"] == "no model server at 127.0.0.1, ports 9"
    with chat_server.serving() as start:
        server = start(say("Hello."))
        monkeypatch.setenv("CUEPOINT_MODEL_PORTS", f"9,{server.server_port}")
        there = check("local servers")
        assert there["state"] == "ok"
        assert there["detail"] == f"llama.cpp at {server.url}: some-model"
        assert there["fix"] == f"export OPENAI_BASE_URL={server.url} CUEPOINT_MODEL=some-model"
        chosen = {"OPENAI_BASE_URL": server.url, "CUEPOINT_MODEL": "some-model"}
        assert check("language model")["state"] == "missing", "it is offered, not used"
        (row,) = listed()
        used_by = f"answers, by llama.cpp, with {there['fix'].removeprefix('export ')}"
        assert row == {
            "name": "some-model", "kind": "language", "state": "ready", "size": 0,
            "used_by": used_by, "settings": chosen,
        }  # fmt: skip
        assert used_by in cuepoint("models", "list")[1]
        for name, value in chosen.items():
            monkeypatch.setenv(name, value)
        assert check("local servers")["fix"] == ""
        assert check("language model")["detail"] == f"some-model at {server.url}"
        assert server.requests == []


def test_doctor_says_which_reranker_reads_passages(
    cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch, tiny: Any
) -> None:
    def check() -> dict[str, str]:
        rows = json.loads(cuepoint("doctor", "--json")[1])["checks"]
        return next(row for row in rows if row["name"] == "reranker")

    pull = "cuepoint models pull ms-marco"
    assert (check()["state"], check()["fix"]) == ("missing", pull)
    monkeypatch.setenv("CUEPOINT_RERANKER", "ms-marco")
    assert (check()["state"], check()["fix"]) == ("problem", pull)
    tiny.install_reranker(Path(os.environ["CUEPOINT_HOME"]))
    assert check()["state"] == "ok" and check()["detail"].startswith("ms-marco in ")
    monkeypatch.setenv("CUEPOINT_RERANKER", "none")
    assert check()["state"] == "missing" and "CUEPOINT_RERANKER is none" in check()["detail"]


def test_doctor_says_who_makes_videos_for_how_much_and_what_is_missing(
    cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checks() -> dict[str, dict[str, str]]:
        rows = json.loads(cuepoint("doctor", "--json")[1])["checks"]
        return {row["name"]: row for row in rows if row["name"].startswith("video ")}

    found = checks()
    maker = found["video maker"]
    assert maker["state"] == "ok" and maker["detail"].startswith("animatic, on this machine")
    assert (
        "RUNWAYML_API_SECRET" in maker["detail"] and "CUEPOINT_VIDEOS_BASE_URL" in maker["detail"]
    )
    assert found["video signing"]["state"] == "missing"
    assert "CUEPOINT_SIGNING_KEY" in found["video signing"]["fix"]
    monkeypatch.setattr(voice, "voice_for", lambda language: None)
    silent = checks()["video voice"]
    assert (silent["state"], silent["fix"]) == ("missing", "install espeak-ng")
    monkeypatch.setattr(voice, "voice_for", lambda language: voice.Espeak("espeak-ng", language))
    assert checks()["video voice"]["state"] == "ok"

    monkeypatch.setenv("CUEPOINT_VIDEOS_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("CUEPOINT_VIDEOS_MODEL", "film-1")
    monkeypatch.setenv("CUEPOINT_GENERATE_DAY_USD", "7")
    monkeypatch.setenv("CUEPOINT_SIGNING_KEY", "/nowhere/key.pem")
    found = checks()
    detail = found["video maker"]["detail"]
    assert detail.startswith("openai-videos film-1; 5 USD a job and 7 a day at most")
    assert found["video signing"]["state"] == "problem"

    monkeypatch.setenv("CUEPOINT_GENERATOR", "runway")
    maker = checks()["video maker"]
    assert maker["state"] == "problem" and "RUNWAYML_API_SECRET" in maker["detail"]


def test_doctor_says_what_names_objects_and_which_tracker_is_not_there(
    cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def check() -> dict[str, str]:
        rows = json.loads(cuepoint("doctor", "--json")[1])["checks"]
        return next(row for row in rows if row["name"] == "objects")

    found = check()
    assert found["state"] == "missing" and "models pull dfine-nano" in found["fix"]
    monkeypatch.setenv("CUEPOINT_TRACKER", "sort")
    found = check()
    assert found["state"] == "problem" and "nearest, norfair" in found["detail"]
    assert "CUEPOINT_TRACKER" in found["fix"]
    monkeypatch.setenv("CUEPOINT_TRACKER", "nearest")
    (tmp_path / "cut.onnx").write_bytes(b"\x08\x07")
    monkeypatch.setenv("CUEPOINT_DETECTOR", str(tmp_path / "cut.onnx"))
    found = check()
    assert found["state"] == "problem" and "is damaged" in found["detail"]
