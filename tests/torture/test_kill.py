"""An index that is killed: nothing half-visible, nothing lost, nothing left behind."""

import random
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.files.durable import digest
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from ui.web.uploads import Uploads

Times = Callable[[int], int]

RENAMES = """
import os, signal
seen = [0]
def watched(call):
    def wrapped(*given, **named):
        seen[0] += 1
        open({count!r}, "ab").write(b".")
        if seen[0] == {number} and not {after}:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*given, **named)
        if seen[0] == {number} and {after}:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped
for name in ("replace", "rename", "link"):
    setattr(os, name, watched(getattr(os, name)))
"""


def test_an_index_killed_at_any_moment_goes_on_as_if_nothing_was(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    expected = {
        reader: ground.undisturbed(tmp_path / reader, reader=reader) for reader in ("none", "auto")
    }
    n, killed = times(300), 0
    for number in range(n):
        reader = "auto" if number % 10 == 9 else "none"
        library, seconds = expected[reader]
        home = tmp_path / str(number)
        after = chance.uniform(0, seconds) if number else 0.0
        ended = ground.index(home, after=after, reader=reader)
        assert ended.status in (0, -9), ended.err
        killed += ended.status == -9
        ground.check(home)
        ground.goes_on(home, library, reader=reader)
        shutil.rmtree(home)
    assert killed
    row("D1", "`kill -9` at a random moment of an index", n, n, f"{killed} before its end")


def test_an_index_killed_beside_any_rename_goes_on_as_if_nothing_was(
    ground: Any, tmp_path: Path, row: Any
) -> None:
    expected, _ = ground.undisturbed(tmp_path / "undisturbed")
    count = tmp_path / "count"
    setup = RENAMES.format(count=str(count), number=0, after=False)
    assert ground.index(tmp_path / "counted", setup=setup).status == 0
    renames = count.stat().st_size
    assert renames >= 15
    for number in range(1, renames + 1):
        for after in (False, True):
            home = tmp_path / f"{number}-{after}"
            setup = RENAMES.format(count=str(count), number=number, after=after)
            assert ground.index(home, setup=setup).status == -9
            ground.check(home)
            ground.goes_on(home, expected)
            shutil.rmtree(home)
    n = 2 * renames
    row("D1", "`kill -9` right before and right after every rename", n, n, f"{renames} renames")


def test_a_stage_that_is_made_anew_and_killed_is_never_half_of_each(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    """Other settings redo stages; a kill in between, then the old settings again."""
    expected, _ = ground.undisturbed(tmp_path / "old")
    shutil.copytree(tmp_path / "old", tmp_path / "counted")
    count = tmp_path / "count"
    other = ("--sampling", "uniform")
    jobs: Callable[..., Any] = lambda home, number, after: ground.job(  # noqa: E731
        home,
        "index",
        ground.video,
        *other,
        setup=RENAMES.format(count=str(count), number=number, after=after),
    )
    (ended,) = ground.run(jobs(tmp_path / "counted", 0, False))
    assert ended.status == 0, ended.err
    moments = [(n, after) for n in range(1, count.stat().st_size + 1) for after in (False, True)]
    n = min(times(200), len(moments))
    for number, after in sorted(chance.sample(moments, n)):
        home = tmp_path / f"{number}-{after}"
        shutil.copytree(tmp_path / "old", home)
        (ended,) = ground.run(jobs(home, number, after))
        assert ended.status == -9
        ground.check(home)
        assert ground.index(home).status == 0
        ground.check(home)
        found = ground.snapshot(home)
        names = [name for name in expected if not name.endswith((".jpg", "manifest.json"))]
        assert {name: found[name] for name in names} == {name: expected[name] for name in names}
        assert {name for name in found if not name.endswith(".jpg")} == {
            name for name in expected if not name.endswith(".jpg")
        }
        shutil.rmtree(home)
    row("D1", "`kill -9` beside a rename while stages are redone", n, n, f"of {len(moments)}")


def test_a_library_killed_again_and_again_loses_nothing(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    _, seconds = ground.undisturbed(tmp_path / "undisturbed")
    home, known, number = tmp_path / "home", dict[str, set[str]](), 0
    n = times(100)
    for _ in range(n):
        video = ground.other(number)
        ended = ground.index(home, video, after=chance.uniform(0, seconds))
        stages = ground.check(home)
        for name, before in known.items():
            assert before <= stages[name], f"{before - stages[name]} is lost"
        known = stages
        number += ended.status == 0
    for one in range(number + 1):
        assert ground.index(home, ground.other(one)).status == 0
    assert set(ground.check(home)) >= set(known)
    fresh = tmp_path / "fresh"
    assert ground.index(fresh, *[ground.other(one) for one in range(number + 1)]).status == 0
    assert ground.snapshot(home) == ground.snapshot(fresh)
    row("D2", "one library killed again and again, no repair", n, n, f"{number} videos completed")


TAKE = """
import os
from pathlib import Path
from tools.ingest.pipeline import ingest
from tools.models.providers import BARE
from tools.library import Library
ingest(Library(Path({home!r})), Path({upload!r}), title="sent", take=True, providers=BARE)
os._exit(0)
"""


def test_an_upload_killed_on_its_way_in_is_neither_lost_nor_there_twice(
    ground: Any, tmp_path: Path, times: Times, row: Any
) -> None:
    count = tmp_path / "count"

    def send(home: Path, setup: str) -> tuple[Uploads, int]:
        uploads = Uploads(home / "libraries/local/uploads", 1 << 30)
        path = home / "libraries/local/uploads" / str(uuid.uuid4())
        shutil.copy2(ground.video, path)
        path.with_suffix(".json").write_text('{"title": "sent"}')
        take = TAKE.format(home=str(home), upload=str(path))
        (ended,) = ground.run(ground.job(home, setup=setup + take))
        return uploads, ended.status

    uploads, status = send(tmp_path / "whole", RENAMES.format(count=str(count), number=0, after=0))
    assert status == 0
    uploads.waiting()
    expected = places_apart(ground.snapshot(tmp_path / "whole"))
    moments = [(n, after) for n in range(1, count.stat().st_size + 1) for after in (False, True)]
    moments = moments[: times(120)]  # it is in with the first few
    for number, after in moments:
        home = tmp_path / f"{number}-{after}"
        setup = RENAMES.format(count=str(count), number=number, after=after)
        uploads, status = send(home, setup)
        assert status == -9
        library = Library(home)
        left = uploads.waiting()
        originals = [library.original(one.id) for one in library.list()]
        kept = [one.path for one in left] + originals
        assert kept and all(digest(path) == digest(ground.video) for path in kept)
        for path in (*(one.path for one in left), *originals):  # as the server does when it starts
            ingest(library, path, title="sent", take=True, providers=BARE)
        for one in left:
            uploads.forget(one)
        assert places_apart(ground.snapshot(home)) == expected
        shutil.rmtree(home)
    n = len(moments)
    row("D1", "`kill -9` beside the renames while an upload is taken in", n, n, "")


def places_apart(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Without the inode, which each copy has its own of."""
    for name, manifest in snapshot.items():
        if name.endswith("manifest.json"):
            manifest["source"].pop("inode")
    return {name: one for name, one in snapshot.items() if not name.endswith("about.json")}
