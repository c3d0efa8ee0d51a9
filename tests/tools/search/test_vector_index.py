import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tools.embed import Vectors
from tools.search.vector_index import ChromaIndex, ExactIndex, open_index

VIDEO = "7f3a9c21d0e4b512"


def some_vectors(n: int, dimensions: int = 32, seed: int = 0) -> Vectors:
    array = np.random.default_rng(seed).normal(size=(n, dimensions)).astype(np.float32)
    array /= np.linalg.norm(array, axis=1, keepdims=True)
    return Vectors([f"speech:{VIDEO}@{i}" for i in range(n)], array, "test")


@pytest.fixture
def chroma(tmp_path: Path):
    index = open_index(tmp_path / "chroma")
    assert isinstance(index, ChromaIndex)
    yield index
    index.close()


def files_of(folder: Path, name: str) -> list[Path]:
    return sorted(folder.glob(f"*/{name}"))


def test_exact_is_best_first_and_keeps_the_order_of_ties():
    array = np.array([[1, 0], [0, 1], [0.6, 0.8], [1, 0], [0, 0]], np.float32)
    vectors = Vectors(list("abcde"), array, "test")
    found = ExactIndex().nearest(VIDEO, 1, vectors, np.array([2, 0], np.float32), 10)
    assert found == [("a", 1.0), ("d", 1.0), ("c", 0.6), ("b", 0.0)]  # e has no direction
    assert ExactIndex().nearest(VIDEO, 1, vectors, np.zeros(2, np.float32), 10) == []
    assert ExactIndex().nearest(VIDEO, 1, vectors, np.array([2, 0], np.float32), 0) == []


def test_a_query_of_another_provider_is_a_mistake(chroma: ChromaIndex):
    vectors = some_vectors(5)
    chroma.fill(VIDEO, 1, vectors)
    for index in (ExactIndex(), chroma):
        with pytest.raises(ValueError, match="shape"):
            index.nearest(VIDEO, 1, vectors, np.zeros(7, np.float32), 3)


@pytest.mark.parametrize(("n", "dimensions"), [(1, 4), (3, 8), (120, 16), (600, 64), (1500, 256)])
def test_both_give_the_same_answer(chroma: ChromaIndex, n: int, dimensions: int):
    rng = np.random.default_rng(n)
    vectors = some_vectors(n, dimensions, seed=n)
    if n > 100:
        vectors.array[50:60] = vectors.array[40]  # the same sentence said again
        vectors.array[7] = 0  # a text without any known word
    assert chroma.fill(VIDEO, 1, vectors)
    for turn in range(30):
        query = rng.normal(size=dimensions).astype(np.float32)
        if turn % 2:
            query = vectors.array[rng.integers(n)] + 0.05 * query
        for limit in (1, 10, n):
            exact = ExactIndex().nearest(VIDEO, 1, vectors, query, limit)
            assert chroma.nearest(VIDEO, 1, vectors, query, limit) == exact


def test_empty_vectors_find_nothing(chroma: ChromaIndex):
    none = Vectors([], np.zeros((0, 8), np.float32), "test")
    silent = Vectors(["a", "b"], np.zeros((2, 8), np.float32), "test")
    for vectors in (none, silent):
        chroma.fill(VIDEO, 1, vectors)
        assert chroma.nearest(VIDEO, 1, vectors, np.ones(8, np.float32), 3) == []


def test_a_question_never_waits_for_filling(chroma: ChromaIndex):
    vectors = some_vectors(300)
    query = vectors.array[5]
    exact = ExactIndex().nearest(VIDEO, 1, vectors, query, 5)
    assert chroma.nearest(VIDEO, 1, vectors, query, 5) == exact  # from the files
    assert chroma.fill(VIDEO, 1, vectors)  # behind the one in the background
    assert chroma.nearest(VIDEO, 1, vectors, query, 5) == exact


def test_a_new_generation_replaces_the_old_one(chroma: ChromaIndex, tmp_path: Path):
    old, new = some_vectors(50), some_vectors(80, seed=1)
    chroma.fill(VIDEO, 1, old)
    chroma.fill(VIDEO, 2, new)
    assert chroma.nearest(VIDEO, 2, new, new.array[70], 1)[0][0] == new.ids[70]
    with sqlite3.connect(tmp_path / "chroma" / "chroma.sqlite3") as database:
        names = {
            row[0].rsplit("-", 1)[0] for row in database.execute("SELECT name FROM collections")
        }
    assert names == {f"{VIDEO}-text-2"}


def test_equal_generation_with_other_content_is_not_mixed_up(tmp_path: Path):
    first, second = some_vectors(50), some_vectors(50, seed=1)
    for vectors in (first, second):
        index = open_index(tmp_path / "chroma")
        assert isinstance(index, ChromaIndex) and index.fill(VIDEO, 1, vectors)
        exact = ExactIndex().nearest(VIDEO, 1, vectors, vectors.array[3], 9)
        assert index.nearest(VIDEO, 1, vectors, vectors.array[3], 9) == exact
        index.close()


def test_a_removed_video_leaves_nothing_after_the_next_start(tmp_path: Path):
    index = open_index(tmp_path / "chroma")
    assert isinstance(index, ChromaIndex)
    index.fill(VIDEO, 1, some_vectors(300))
    assert files_of(tmp_path / "chroma", "header.bin")
    index.forget(VIDEO)
    index.close()
    open_index(tmp_path / "chroma").close()
    assert not files_of(tmp_path / "chroma", "*")


def test_reads_from_many_threads(chroma: ChromaIndex):
    sets = {f"{n:016x}": some_vectors(150, seed=n) for n in range(6)}

    def ask(turn: int) -> bool:
        video = f"{turn % 6:016x}"
        vectors = sets[video]
        query = vectors.array[turn % 150]
        exact = ExactIndex().nearest(video, 1, vectors, query, 5)
        return chroma.nearest(video, 1, vectors, query, 5) == exact

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(300)))


def test_a_second_opener_searches_exactly_and_says_why(tmp_path: Path):
    first = open_index(tmp_path / "chroma")
    second = open_index(tmp_path / "chroma")
    assert (first.name, second.name) == ("chroma", "exact")
    assert "another process" in second.note
    first.close()
    third = open_index(tmp_path / "chroma")
    assert third.name == "chroma"
    third.close()


def run(code: str, folder: Path, **options: object) -> "subprocess.Popen[str]":
    start = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from pathlib import Path\nimport numpy as np\n"
        "from tools.search.vector_index import open_index\n"
        "from tests_vectors import some_vectors, VIDEO\n"
        f"folder = Path({str(folder)!r})\n"
    )
    shared = folder.parent / "tests_vectors.py"
    shared.write_text(
        "import sys, importlib.util as u\n"
        f"spec = u.spec_from_file_location('ti', {__file__!r})\n"
        "module = u.module_from_spec(spec); sys.modules['ti'] = module\n"
        "spec.loader.exec_module(module)\n"
        "some_vectors, VIDEO = module.some_vectors, module.VIDEO\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(folder.parent)}
    return subprocess.Popen(
        [sys.executable, "-c", start + code],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        **options,  # type: ignore[call-overload]
    )


def test_another_process_searches_exactly(tmp_path: Path, chroma: ChromaIndex):
    vectors = some_vectors(40)
    other = run(
        "index = open_index(folder); v = some_vectors(40)\n"
        "print(index.name, index.nearest(VIDEO, 1, v, v.array[3], 5))",
        tmp_path / "chroma",
    )
    assert chroma.fill(VIDEO, 1, vectors)
    said, _ = other.communicate(timeout=60)
    assert said.strip() == f"exact {chroma.nearest(VIDEO, 1, vectors, vectors.array[3], 5)}"


def test_a_writer_killed_again_and_again_breaks_nothing(tmp_path: Path):
    folder = tmp_path / "chroma"
    writer = (
        "import os\nindex = open_index(folder); assert index.name == 'chroma', index.note\n"
        "os.write(1, b'.')\n"
        "for n in range(10**6):\n"
        "    index.fill(VIDEO, n, some_vectors(210, seed=n))\n"
        "    os.write(1, b'.')\n"
    )
    for turn in range(3):
        process = run(writer, folder)
        assert process.stdout is not None
        # Killed in the middle of its first, second, ... filling, wherever that is just now.
        for _ in range(turn + 1):
            assert process.stdout.read(1) == "."
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        index = open_index(folder)
        assert isinstance(index, ChromaIndex), index.note
        for n in range(turn + 2):
            vectors = some_vectors(210, seed=n)
            assert index.fill(VIDEO, n, vectors)
            for row in (0, 150, 209):
                exact = ExactIndex().nearest(VIDEO, n, vectors, vectors.array[row], 8)
                assert index.nearest(VIDEO, n, vectors, vectors.array[row], 8) == exact
        index.close()


def crash(folder: Path) -> None:
    """Leave the folder as a killed process does, without the lock."""
    index = open_index(folder)
    assert isinstance(index, ChromaIndex)
    index.fill(VIDEO, 1, some_vectors(300))
    index.close()
    (folder / "session").write_text(".")


def test_what_was_being_touched_at_a_crash_is_dropped_unread(tmp_path: Path):
    folder = tmp_path / "chroma"
    crash(folder)
    with sqlite3.connect(folder / "chroma.sqlite3") as database:
        ((name,),) = database.execute("SELECT name FROM collections")
    (folder / "session").write_text(f".\n{name}")
    (folder / "record.json").unlink()
    # Reading this one would take the process down with a segmentation fault.
    for file in files_of(folder, "data_level0.bin"):
        file.write_bytes(b"")
    index = open_index(folder)
    assert isinstance(index, ChromaIndex)
    vectors = some_vectors(300)
    assert index.fill(VIDEO, 1, vectors)
    exact = ExactIndex().nearest(VIDEO, 1, vectors, vectors.array[9], 5)
    assert index.nearest(VIDEO, 1, vectors, vectors.array[9], 5) == exact
    index.close()


def test_a_store_that_crashed_twice_in_a_row_is_made_anew(tmp_path: Path):
    folder = tmp_path / "chroma"
    crash(folder)
    (folder / "session").write_text("..")
    open_index(folder).close()
    assert not files_of(folder, "header.bin")


@pytest.mark.parametrize("what", ["catalogue", "no catalogue", "half", "metadata", "segment"])
def test_a_damaged_folder_answers_as_before(tmp_path: Path, what: str):
    folder = tmp_path / "chroma"
    crash(folder)
    catalogue = folder / "chroma.sqlite3"
    data = files_of(folder, "data_level0.bin")[0]
    if what == "catalogue":
        catalogue.write_bytes(catalogue.read_bytes()[: catalogue.stat().st_size // 2])
    elif what == "no catalogue":
        catalogue.unlink()
    elif what == "half":  # Chroma answers, and wrongly
        data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    elif what == "metadata":
        (data.parent / "index_metadata.pickle").unlink()
    else:
        for file in data.parent.iterdir():
            file.unlink()
        data.parent.rmdir()
    index = open_index(folder)
    assert isinstance(index, ChromaIndex), index.note
    vectors = some_vectors(300)
    for row in (0, 150, 299):
        exact = ExactIndex().nearest(VIDEO, 1, vectors, vectors.array[row], 5)
        assert index.nearest(VIDEO, 1, vectors, vectors.array[row], 5) == exact
        assert index.fill(VIDEO, 1, vectors)
        assert index.nearest(VIDEO, 1, vectors, vectors.array[row], 5) == exact
    index.close()


def test_a_collection_that_fails_is_filled_again_once_and_then_left(chroma: ChromaIndex):
    vectors = some_vectors(200)
    query = vectors.array[3]
    exact = ExactIndex().nearest(VIDEO, 1, vectors, query, 5)
    for _ in range(2):
        assert chroma.fill(VIDEO, 1, vectors)
        for name in list(chroma._stored):
            chroma._client.delete_collection(name)  # behind its back
        assert chroma.nearest(VIDEO, 1, vectors, query, 5) == exact
        chroma.forget("nothing")  # waits for the background
        assert not chroma._open
    assert chroma.nearest(VIDEO, 1, vectors, query, 5) == exact
    assert not chroma._pending


def test_a_folder_that_cannot_be_used_is_no_obstacle(tmp_path: Path):
    (tmp_path / "chroma").write_text("a file")
    index = open_index(tmp_path / "chroma")
    assert index.name == "exact" and "does not open" in index.note
    with (tmp_path / "chroma.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it was let go of
