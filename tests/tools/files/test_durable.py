import multiprocessing
from pathlib import Path

import pytest

from tools.files import durable as files


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rows = [{"text": "grüß\n", "n": 1}, {"text": '"', "n": 2}]
    files.write_lines(tmp_path / "rows.jsonl", rows)
    assert files.read_lines(tmp_path / "rows.jsonl") == rows


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    files.write_json(tmp_path / "value.json", 1)
    with pytest.raises(TypeError):
        files.write_json(tmp_path / "value.json", object())
    with pytest.raises(OSError):
        files.write_bytes(tmp_path / "missing" / "value.json", b"")
    assert [p.name for p in tmp_path.iterdir()] == ["value.json"]
    assert (tmp_path / "value.json").read_text() == "1"


def _hold(path: Path, ready: "multiprocessing.synchronize.Event", done: object) -> None:
    with files.lock(path):
        ready.set()
        done.wait(30)  # type: ignore[attr-defined]


def test_a_lock_is_seen_by_others_and_dies_with_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    owner = context.Process(target=_hold, args=(path, ready, done))
    owner.start()
    assert ready.wait(30)
    assert files.is_locked(path)
    owner.kill()
    owner.join()
    assert not files.is_locked(path)
    with files.lock(path):
        assert files.is_locked(path)


def test_asking_about_a_lock_that_is_not_there_makes_no_error(tmp_path: Path) -> None:
    assert not files.is_locked(tmp_path / "nowhere" / "lock")
