"""The command line: one JSON value, three exit statuses, one line for what went wrong."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

SAID = """1
00:00:00,500 --> 00:00:02,500
The red kettle boils.

2
00:00:03,200 --> 00:00:05,800
Blue paint dries slowly on the kettle.
"""
VIDEO = "id title path duration width height fps recorded_at state notes stages"
STAGE = "state progress provider seconds note partial"
FRAME = "id video seconds image reason"
SCENE = "id video start end image"
UTTERANCE = "id video start end text speaker source language confidence"
EVIDENCE = "id handle video title start end kind text facts image score source language recorded_at"
COVERAGE = "video duration frames longest_gap speech screen objects notes ready"
ANSWER = (
    "question answer found claims evidence nearest coverage model tokens cost_usd seconds thread "
    "coverage_total reason jobs notes"
)
Encode = Callable[..., Path]


@dataclass(frozen=True)
class Done:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        assert self.status == 0, self.err
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(cuepoint: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `cuepoint ...` in this process."""
    monkeypatch.setenv("CUEPOINT_TEXT_READER", "none")
    return lambda *arguments: Done(*cuepoint(*arguments))


def place(shots: Path, folder: Path) -> Path:
    """The four shots with two sentences beside them."""
    path = folder / "kettle.mp4"
    shutil.copy(shots, path)
    path.with_suffix(".srt").write_text(SAID)
    return path


@pytest.fixture
def kettle(shots: Path, tmp_path: Path) -> Path:
    return place(shots, tmp_path)


@pytest.fixture(scope="module")
def indexed(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that holds the kettle; for reading only."""
    folder = tmp_path_factory.mktemp("cli")
    ingest(Library(folder / "home"), place(shots, folder), providers=BARE)
    return folder / "home"


@pytest.fixture
def kept(run: Run, indexed: Path) -> Run:
    """Run a command on that library."""
    return lambda *arguments: run("--library", indexed, *arguments)


def have(keys: str, rows: list[dict[str, Any]]) -> bool:
    """Whether every row has exactly these keys."""
    return all(set(row) == set(keys.split()) for row in rows)


def line(done: Done) -> str:
    """The one line on standard error of a command that failed."""
    assert done.status == 1 and done.out == ""
    assert "Traceback" not in done.err
    (one,) = done.err.splitlines()
    assert one.startswith("cuepoint: ")
    return one


def test_index_prints_a_list_of_videos(run: Run, kettle: Path) -> None:
    (row,) = run("index", kettle, "--json").json
    assert have(VIDEO, [row]) and have(STAGE, list(row["stages"].values()))
    assert (row["title"], row["state"], row["path"]) == ("kettle", "ready", str(kettle))
    assert (row["width"], row["height"], row["fps"]) == (320, 180, 10.0)


def test_json_is_alone_on_standard_output_and_progress_is_on_the_other(
    run: Run, kettle: Path
) -> None:
    plain = run("index", kettle)
    assert plain.status == 0 and "kettle" in plain.out
    assert "probe: done" in plain.err and "probe" not in plain.out


def test_a_second_index_starts_no_child(
    run: Run, kettle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("index", kettle, "--json").json
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("started a process"))
    assert run("index", kettle, "--json").json == first
    assert run("scenes", kettle, "--json").status == 0


def test_one_bad_file_of_several(run: Run, kettle: Path, tmp_path: Path, encode: Encode) -> None:
    other = encode(tmp_path / "other.mp4", lambda _: np.zeros((64, 64, 3), np.uint8), 1.0)
    missing = tmp_path / "missing.mp4"
    done = run("index", kettle, missing, other, "--json")
    assert done.status == 1
    assert [row["title"] for row in json.loads(done.out)] == ["kettle", "other"]
    (complaint,) = done.err.splitlines()
    assert "missing.mp4" in complaint


def test_options_of_index(run: Run, kettle: Path) -> None:
    (row,) = run("index", kettle, "--only", "probe,keyframes", "--json").json
    assert row["state"] == "queued" and row["stages"]["pass"]["state"] == "waiting"
    at = "2026-05-14T07:40:00+02:00"
    (row,) = run("index", kettle, "--recorded-at", at, "--sampling", "uniform", "--json").json
    assert row["recorded_at"] == at and row["stages"]["pass"]["provider"] == "uniform"
    reasons = {f.reason for f in Library(Path(os.environ["CUEPOINT_HOME"])).frames(row["id"])}
    assert all(reason.startswith("evenly spaced") for reason in reasons)


@pytest.mark.parametrize("strategy", ["uniform", "keyframe", "dense", "sparse", "adaptive"])
def test_frames(kept: Run, strategy: str) -> None:
    rows = kept("frames", "kettle", "--strategy", strategy, "--count", 5, "--json").json
    assert 1 <= len(rows) <= 5
    assert have(FRAME, rows)
    assert all(Path(row["image"]).is_file() and row["reason"] for row in rows)


def test_frames_say_what_is_left_out(kept: Run) -> None:
    done = kept("frames", "kettle")
    assert "left out: the picture stands still (" in done.err and "left out" not in done.out
    rows = kept("frames", "kettle", "--skipped", "--json").json
    assert have("start end frames reason", rows)
    listed = kept("frames", "kettle", "--skipped").out.splitlines()
    assert len(listed) == len(rows) and all("stands still" in one for one in listed)


@pytest.mark.parametrize(
    ("start", "end"), [("2", "5.5"), ("0:02", "0:05.5"), ("0:00:02.0", "0:00:05.500")]
)
def test_times_in_every_form(kept: Run, start: str, end: str) -> None:
    span = ("--from", start, "--to", end)
    rows = kept("frames", "kettle", "--strategy", "dense", *span, "--json").json
    assert rows and all(2.0 <= row["seconds"] < 5.5 for row in rows)


def test_minutes_count_sixty_seconds(kept: Run) -> None:
    rows = kept("search", "kettle", "--from", "1:02.5", "--json").json
    assert rows == []
    rows = kept("search", "kettle", "--to", "1:02.5", "--json").json
    assert [row["start"] for row in rows] == [0.5, 3.2]


def test_scenes(kept: Run) -> None:
    rows = kept("scenes", "kettle", "--json").json
    assert [row["start"] for row in rows] == [0.0, 3.0, 6.0, 8.0]
    assert have(SCENE, rows)


def test_transcript_in_every_format(kept: Run) -> None:
    rows = kept("transcript", "kettle", "--json").json
    assert [(row["start"], row["end"]) for row in rows] == [(0.5, 2.5), (3.2, 5.8)]
    assert have(UTTERANCE, rows)
    asked = ("transcript", "kettle", "--format")
    assert kept(*asked, "json").json == kept(*asked, "vtt", "--json").json == rows
    srt, vtt, txt = (kept(*asked, name).out for name in ("srt", "vtt", "txt"))
    assert srt.startswith("1\n00:00:00,500 --> 00:00:02,500\nThe red kettle boils.")
    assert vtt.startswith("WEBVTT") and "00:03.200 --> " in vtt
    assert "The red kettle boils." in txt and "-->" not in txt


def test_search(kept: Run) -> None:
    rows = kept("search", "blue paint", "kettle", "--json").json
    assert have(EVIDENCE, rows)
    best = next(row for row in rows if row["kind"] == "speech")
    assert (best["start"], best["end"]) == (3.2, 5.8) and Path(best["image"]).is_file()
    only = kept("search", "red", "--kind", "frame", "--json").json
    assert {row["kind"] for row in only} == {"frame"}
    absent = kept("search", "submarine periscope", "--json")
    assert absent.json == [] and (absent.out, absent.err) == ("[]\n", "")
    told = kept("search", "submarine\x1b periscope")
    assert (told.status, told.out) == (0, "") and told.err.startswith("nothing found: submarine")
    assert "\x1b" not in told.err
    one = kept("search", "kettle", "--limit", 1, "--json").json
    assert len(one) == 1
    plain = kept("search", "blue paint")
    assert "Blue paint dries slowly on the kettle." in plain.out


def test_ask(run: Run, indexed: Path, tmp_path: Path) -> None:
    home = tmp_path / "own"
    shutil.copytree(indexed, home)
    row = run("--library", home, "ask", "What dries slowly?", "--thread", "t", "--json").json
    assert have(ANSWER, [row]) and have(EVIDENCE, row["evidence"])
    assert row["found"] and row["thread"] == "t" and "[1]" in row["answer"]
    assert [(e["handle"], e["start"]) for e in row["evidence"]] == [(1, 3.2)]
    assert have("text citations verdict why", row["claims"]) and have(COVERAGE, row["coverage"])
    later = run("--library", home, "ask", "and before that?", "--thread", "t", "--json").json
    assert [(e["handle"], e["start"]) for e in later["evidence"]] == [(2, 0.5)]
    asked = ("--library", home, "ask", "What is said about whales?", "kettle")
    absent = run(*asked, "--json").json
    assert (absent["found"], absent["reason"], absent["evidence"]) == (False, "absent", [])
    assert absent["thread"] != "t" and absent["coverage"]
    plain = run("--library", home, "ask", "What dries slowly?").out
    assert '[1] 0:03.2\u20130:05.8 said: "Blue paint dries slowly on the kettle."' in plain


def test_library_commands(run: Run, kettle: Path) -> None:
    assert run("library", "list", "--json").json == []
    (row,) = run("index", kettle, "--json").json
    assert run("library", "list", "--json").json == [row]
    told = run("library", "show", row["id"][:6], "--json").json
    collections, origin, clock = (told.pop(n) for n in ("collections", "provenance", "clock"))
    assert clock["source"] == "file" and origin["state"] == "none" and origin["watermark"] is None
    assert told == row and {name.split("-")[0] for name in collections} >= {"frames", "passages"}
    assert run("library", "verify", "--json").json == {"ok": True, "problems": []}
    listed, shown = run("library", "list").out, run("library", "show", "kettle").out
    assert row["id"] in listed and "kettle" in listed and "keyframes" in shown
    home = Library(Path(os.environ["CUEPOINT_HOME"]))
    (home.folder(row["id"]) / "scenes.jsonl").unlink()
    done = run("library", "verify", "--json")
    found = json.loads(done.out)
    assert done.status == 1 and found["ok"] is False
    assert have("video what fix", found["problems"])
    assert "scenes.jsonl is missing" in {p["what"] for p in found["problems"]}
    assert run("library", "remove", "kettle", "--json").json == {"removed": row["id"]}
    assert run("library", "list", "--json").json == [] and kettle.exists()


@pytest.mark.parametrize("command", ["index", "scenes", "frames", "transcript"])
@pytest.mark.parametrize(
    "bad", ["missing.mp4", "folder", "empty.mp4", "text.mp4", "line\nbreak.mp4", "\x1b[31m.mp4"]
)
def test_bad_input_is_one_line(run: Run, tmp_path: Path, command: str, bad: str) -> None:
    path = tmp_path / "in" / bad
    path.parent.mkdir()
    if bad == "folder":
        path.mkdir()
    elif bad != "missing.mp4":
        path.write_bytes(b"" if bad == "empty.mp4" else b"words, not pictures\n" * 50)
    plain = run(command, path)  # here the line of the error stands below those of the progress
    told = [row for row in plain.err.splitlines() if row.startswith("cuepoint: ")]
    assert (plain.status, plain.out, len(told)) == (1, "", 1)
    assert plain.err.endswith(told[0] + "\n") and "\x1b" not in told[0]
    done = run(command, path, "--json")
    assert done.err == told[0] + "\n"
    if command == "index":
        assert (done.status, json.loads(done.out)) == (1, [])
    else:
        assert line(done)


def test_a_video_by_path_id_prefix_and_title(kept: Run, indexed: Path) -> None:
    (video,) = Library(indexed).list()
    rows = [
        kept("scenes", ref, "--json").json
        for ref in (video.path, video.id, video.id[:4], "kettle", "KETTLE")
    ]
    assert all(row == rows[0] and len(row) == 4 for row in rows)


def test_a_path_that_is_not_indexed_yet_is_indexed_first(run: Run, kettle: Path) -> None:
    assert len(run("transcript", kettle, "--json").json) == 2
    assert [row["title"] for row in run("library", "list", "--json").json] == ["kettle"]


def test_what_is_not_known_says_how_to_see_what_is(
    run: Run, kept: Run, indexed: Path, tmp_path: Path
) -> None:
    (video,) = Library(indexed).list()
    told = line(kept("scenes", "nothing"))
    assert "no video 'nothing'" in told and "cuepoint library list" in told
    assert video.id not in told and "kettle.mp4" not in told
    assert line(kept("scenes", video.id[:3]))  # four characters at least
    assert "cuepoint index" in line(run("--library", tmp_path / "new", "scenes", "nothing"))
    assert "cuepoint index" in line(run("--library", tmp_path / "new", "ask", "What?"))


def test_an_ambiguous_title_lists_the_candidates(
    run: Run, kettle: Path, tmp_path: Path, encode: Encode
) -> None:
    (tmp_path / "b").mkdir()
    encode(tmp_path / "b" / "kettle.mp4", lambda _: np.zeros((64, 64, 3), np.uint8), 1.0)
    rows = run("index", kettle, tmp_path / "b" / "kettle.mp4", "--json").json
    told = line(run("scenes", "kettle"))
    assert "ambiguous" in told and all(row["id"] in told for row in rows)


@pytest.mark.parametrize(
    "name",
    ["with space.mp4", 'a "quoted" one.mp4', "it's.mp4", "new\nline.mp4", "-rf.mp4",
     "\u65e5\u672c\u8a9e \u00fcml\u00e4ut \U0001f40b.mp4", "$(touch x).mp4", "%s {0} [1].mp4",
     "no extension", "..mp4", "x" * 200 + ".mp4"],
)  # fmt: skip
def test_odd_names_of_files(
    run: Run, shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    shutil.copy(shots, folder / name)
    monkeypatch.chdir(folder)
    (row,) = run("index", f"./{name}", "--only", "keyframes", "--json").json
    assert row["path"] == str(folder / name) and "\n" not in row["title"] and row["title"]
    listed = run("library", "list", "--json").json
    assert [one["id"] for one in listed] == [row["id"]]
    assert sorted(path.name for path in folder.iterdir()) == [name]


@pytest.mark.parametrize(
    "arguments",
    ["nonsense", "index", "scenes", "scenes kettle --what", "library nonsense",
     "frames kettle --strategy clever", "frames kettle --count 0", "frames kettle --from soon",
     "frames kettle --from 1:2:3:4", "frames kettle --from -5", "transcript kettle --format pdf",
     "search kettle --limit many", "index kettle.mp4 --recorded-at yesterday"],
)  # fmt: skip
def test_wrong_usage_ends_with_two(kept: Run, arguments: str) -> None:
    done = kept(*arguments.split())
    assert done.status == 2 and done.out == ""
    assert done.err and "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [("search", "kettle", "--kind", "smell"), ("ask", " "), ("ask", "x" * 5000),
     ("index", "KETTLE", "--only", "everything"),
     ("index", "KETTLE", "--only", "probe," * 9 + "everything"),
     ("index", "KETTLE", "--sampling", "clever")],
)  # fmt: skip
def test_what_is_refused_is_one_line(kept: Run, indexed: Path, arguments: tuple[str, ...]) -> None:
    (video,) = Library(indexed).list()
    named = [video.path if part == "KETTLE" else part for part in arguments]
    assert line(kept(*named))


def test_a_setting_that_is_wrong_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUEPOINT_PORTT", "1")
    assert "CUEPOINT_PORTT" in line(run("library", "list"))


COMMAND = [sys.executable, "-c", "from ui.cli.app import main; main()"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--help"], 0), (["library", "list"], 0), (["index", "missing.mp4"], 1), (["what"], 2)],
)
def test_statuses_of_a_real_process(arguments: list[str], status: int) -> None:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert bool(done.stderr) == (status != 0)


def test_a_reader_that_goes_away_is_no_traceback(indexed: Path) -> None:
    command = [*COMMAND, "--library", str(indexed), "frames", "kettle", "--strategy", "dense"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout and process.stderr
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert b"Traceback" not in told and b"Error" not in told


def test_help_loads_no_decoder_and_no_model() -> None:
    code = "import sys, ui.cli.app; print([m for m in ('av', 'numpy', 'langgraph', 'onnxruntime',"
    code += " 'fastapi', 'chainlit') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
