"""The commands that make files: `clip`, `reel` and `export`, with their one line of trouble."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import pytest

from tests import numbered
from tests.conftest import Shelf
from tests.made_clocks import with_clock
from tools.clock import clock_from

Run = Callable[..., tuple[int, str, str]]
EVIDENCE = "id handle video title start end kind text facts image score source language recorded_at"


@pytest.fixture
def run(cuepoint: Run, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the library of the kettle, in a folder of its own."""
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return lambda *arguments: cuepoint("--library", shelf.library.home, *arguments)


def value(done: tuple[int, str, str]) -> Any:
    status, out, err = done
    assert status == 0, err
    return json.loads(out)


def trouble(done: tuple[int, str, str]) -> str:
    status, out, err = done
    assert (status, out) == (1, "") and "Traceback" not in err
    return err.splitlines()[-1]


def test_a_clip_is_cut_into_this_folder(run: Run) -> None:
    done = value(run("clip", "kettle!", "0:03", "4.5", "--json"))
    assert done == {
        "path": str(Path.cwd() / "kettle! 0.03-0.04.5.mp4"),
        "start": 3.0,
        "end": 4.5,
    }
    assert numbered.length(Path(done["path"])) == pytest.approx(1.5, abs=1e-3)
    assert len(numbered.read(Path(done["path"]))) == 15


def test_a_clip_is_cut_by_the_clock(run: Run, shelf: Shelf) -> None:
    begun = datetime.fromisoformat("2026-11-19T14:00:00+01:00")
    with_clock(shelf.library, shelf.video, clock_from(begun, "argument"))
    for number, (start, end) in enumerate(
        [
            ("2026-11-19T14:00:03", "2026-11-19T14:00:04.5"),
            ("2026-11-19T13:00:03Z", "14:00:04.5"),
            ("14:00:03", "0:04.5"),
        ]
    ):
        done = value(run("clip", "kettle!", start, end, "-o", f"{number}.mp4", "--json"))
        assert (done["start"], done["end"]) == pytest.approx((3.0, 4.5))
        assert len(numbered.read(Path(done["path"]))) == 15
    whole = value(run("clip", "kettle!", "14:00:00", "14:00:10", "--json"))
    assert (whole["start"], whole["end"]) == pytest.approx((0.0, 10.0))
    told = "14:00:12 was not recorded: there is 2026-11-19 14:00:00 to 2026-11-19 14:00:10"
    assert told in trouble(run("clip", "kettle!", "14:00:08", "14:00:12"))
    kept = value(run("frames", "kettle!", "--from", "2026-11-19T14:00:05", "--json"))
    assert kept and all(one["seconds"] >= 5 for one in kept)


def test_a_clip_may_be_named(run: Run, tmp_path: Path) -> None:
    target = tmp_path / 'a "quoted"\nname.mp4'
    status, out, _ = run("clip", "kettle!", 0, 1, "-o", target)
    assert status == 0 and out.startswith("0:00\N{EN DASH}0:01  ") and target.exists()
    assert os.listdir(Path.cwd()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("clip", "kettle!", "6", "3"), "the end (0:03) is not after the start (0:06)"),
        (("clip", "kettle!", "3", "60"), "'kettle!' ends at 0:10: name a span inside it"),
        (("clip", "kettle!", "1", "2", "-o", "none/x.mp4"), "there is no folder 'none'"),
        (("clip", "kettle!", "1", "2", "-o", "."), "'.' is a folder: name a file in it"),
        (("clip", "nothing", "1", "2"), "no video 'nothing' in the library"),
        (("export", "kettle!", "--as", "chapters"), "'kettle!' has no chapters: nothing parts it"),
        (("export", "kettle!", "--as", "edl", "--thread", "x"), "there is no conversation 'x'"),
        (("export", "kettle!", "--as", "otio", "--moments", "x"), "'x' cannot be read"),
        (("reel", "kettle!", "--moments", "x"), "'x' cannot be read"),
    ],
    ids=str,
)
def test_trouble_is_one_line(run: Run, arguments: tuple[str, ...], told: str) -> None:
    assert told in trouble(run(*arguments))
    assert os.listdir(Path.cwd()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("clip", "kettle!", "x", "3"), "'x' is not a time"),
        (("export", "kettle!", "--as", "doc"), "no form 'doc'; one of: srt"),
        (("export", "kettle!", "--as", "edl"), "edl takes moments: --thread NAME"),
        (("reel",), "name the videos, or the moments"),
    ],
    ids=str,
)
def test_wrong_usage_is_told(run: Run, arguments: tuple[str, ...], told: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "") and told in " ".join(err.split())


def test_a_file_that_is_there_is_left_alone(run: Run) -> None:
    mine = Path("mine.srt")
    mine.write_text("mine")
    for arguments in (
        ("export", "kettle!", "--as", "srt", "-o", mine),
        ("clip", "kettle!", "1", "2", "-o", mine),
        ("reel", "kettle!", "-o", mine),
    ):
        assert "'mine.srt' is there already: name another file" in trouble(run(*arguments))
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("form", ["srt", "vtt", "txt"])
def test_a_transcript_is_what_the_transcript_command_prints(run: Run, form: str) -> None:
    done = value(run("export", "kettle!", "--as", form, "--json"))
    assert done == {"path": str(Path.cwd() / f"kettle!.{form}"), "as": form}
    status, printed, _ = run("transcript", "kettle!", "--format", form)
    assert status == 0 and Path(done["path"]).read_text() == printed and "red" in printed


def test_a_video_where_nobody_speaks_has_no_transcript(
    run: Run, shots: Path, tmp_path: Path
) -> None:
    silent = tmp_path / "silent.mp4"
    with av.open(str(shots)) as source, av.open(str(silent), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert trouble(run("export", silent, "--as", "srt")).startswith(
        "cuepoint: 'silent': no subtitles"
    )
    status, _, err = run("clip", silent, "1", "2")
    assert status == 0, err


def test_the_moments_of_a_conversation_become_an_edit_list_and_a_board(run: Run) -> None:
    asked = value(
        run("ask", "What is said about the kettle?", "kettle!", "--thread", "tea", "--json")
    )
    (cited,) = asked["evidence"]
    done = value(run("export", "kettle!", "--as", "edl", "--thread", "tea", "--json"))
    assert done == {"path": str(Path.cwd() / "tea.edl"), "as": "edl"}
    text = Path(done["path"]).read_text()
    assert text.startswith("TITLE: tea\n") and '* [1] "The kettle is red."' in text
    assert "* FROM CLIP NAME:  kettle!" in text
    board = value(run("export", "kettle!", "--as", "board", "--thread", "tea", "--json"))
    page = Path(board["path"]).read_text()
    assert "<b>[1]</b>" in page and cited["text"] in page and "data:image/jpeg" in page
    picture = value(run("export", "kettle!", "--as", "board-png", "--thread", "tea", "--json"))
    assert picture == {"path": str(Path.cwd() / "tea.png"), "as": "board-png"}
    assert Path(picture["path"]).read_bytes().startswith(b"\x89PNG")


def test_moments_of_other_videos_are_left_out_and_told(
    run: Run, shots: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.avi"
    shutil.copy(shots, other)
    with other.open("ab") as file:
        file.write(b"\0" * 8)
    rows = [{"video": "kettle!", "start": 0, "end": 2}, {"video": "other", "start": 0, "end": 2}]
    Path("moments.json").write_text(json.dumps(rows))
    assert run("index", other, "--only", "probe,keyframes")[0] == 0
    status, out, err = run("export", "kettle!", "--as", "fcpxml", "--moments", "moments.json")
    assert status == 0 and "left out: 1 of other videos" in err
    assert Path(out.strip()).read_text().count("<asset-clip") == 1
    Path("moments.json").write_text(json.dumps(rows[1:]))
    told = trouble(run("export", "kettle!", "--as", "otio", "--moments", "moments.json"))
    assert "'moments.json' cites no moment of 'kettle!'" in told


def test_a_reel_tells_what_it_holds(run: Run) -> None:
    rows = [{"video": "kettle!", "start": 6, "end": 8}, {"video": "kettle!", "start": 0, "end": 2}]
    Path("moments.json").write_text(json.dumps(rows))
    done = value(run("reel", "--moments", "moments.json", "--seconds", 3, "--json"))
    assert done["path"] == str(Path.cwd() / "kettle! reel.mp4")
    assert [(one["start"], one["end"]) for one in done["moments"]] == [(6.0, 8.0)]
    assert set(done["moments"][0]) == set(EVIDENCE.split())
    assert numbered.length(Path(done["path"])) == pytest.approx(2.0, abs=1e-3)


def test_a_reel_of_a_video_takes_what_stands_out(run: Run) -> None:
    done = value(run("reel", "kettle!", "--seconds", 4, "--json"))
    lasted = sum(one["end"] - one["start"] for one in done["moments"])
    assert 0 < lasted <= 4.0
    assert numbered.length(Path(done["path"])) == pytest.approx(lasted, abs=0.1)
