"""Search in what is said, by the vectors of whatever model made them."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tools.store.made import write_words
from tools.embed import Vectors, load_embedder, passages, resolve_embedder
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Utterance
from tools.models import registry as models
from tools.models.providers import BARE
from tools.models.registry import folder
from tools.search.text_search import TextSearch
from tools.toolbox import Toolbox

VIDEO = "7f3a9c21d0e4b512"
MODELS = Path(os.environ.get("CUEPOINT_MODELS", "models")).absolute()


def said(*texts: str, video: str = VIDEO, seconds: float = 4.0) -> list[Utterance]:
    return [Utterance(video, n * seconds, (n + 1) * seconds, t) for n, t in enumerate(texts)]


def test_passages_of_each_width_lie_around_the_cues_and_begin_at_every_quarter() -> None:
    cues = said(*(f"w{n}" for n in range(40)))
    found = passages.passages(cues)
    for width in passages.WIDTHS:
        own = [one for one in found if one.width == width]
        apart = np.diff([one.middle for one in own])
        assert own[0].middle == 2 and (apart >= width / passages.PARTS).all()
        assert (apart <= max(width / passages.PARTS + 4, 4)).all()
        middle = own[len(own) // 2]
        held = [n for n in range(40) if abs(n * 4 + 2 - middle.middle) <= width / 2]
        assert middle.text == " ".join(f"w{n}" for n in held)
    assert len({one.id for one in found}) == len(found)
    assert passages.passages([]) == []


def test_a_cue_that_runs_beside_others_is_in_its_own_passage() -> None:
    cues = [Utterance(VIDEO, 0, 120, "long"), *(u for u in said(*"abcdefgh"))]
    for width in passages.WIDTHS:
        spans = passages.around(cues, width)
        assert all(first <= own < end for own, (first, end) in enumerate(spans))
    assert all(one.text for one in passages.passages(cues))


def test_a_passage_that_a_model_read_counts_for_the_cues_nearest_to_it() -> None:
    cues = said("a", "b", "c", "d")  # middles at 2, 6, 10, 14
    ids = [f"{w:g}@{at:.3f}" for w in passages.WIDTHS for at in (2.0, 14.0)]
    array = np.tile(np.eye(2, dtype=np.float32), (len(passages.WIDTHS), 1))
    near = passages.read(Vectors(ids, array, "x"), cues, np.array([1, 0], np.float32))
    assert near.tolist() == [[1, 1, 0, 0]] * len(passages.WIDTHS)


def test_without_one_a_passage_is_the_mean_of_its_cues_each_as_heavy_as_its_words() -> None:
    cues = said("one two three", "four", *["far"] * 30)
    rows = np.zeros((32, 2), np.float32)
    rows[0], rows[1], rows[2:] = (1, 0), (0, 1), (0, 1)
    near = passages.means(cues, rows, np.array([1, 0], np.float32))
    assert near[0][0] == pytest.approx(3 / np.hypot(3, 1))  # both cues are in eight seconds
    assert near[0][20] == 0 and near[-1][0] < near[0][0]
    other = said("far", video="8f3a9c21d0e4b512")
    both = passages.means([*cues, *other], np.vstack([rows, [[1, 0]]]), np.array([1, 0]))
    assert both[:, -1].tolist() == [1, 1, 1] and both[:, :-1].tolist() == near.tolist()


SPOKEN = "1\n00:00:00,500 --> 00:00:03,000\nThe kettle is red.\n\n" + (
    "2\n00:00:04,000 --> 00:00:08,000\nThe lamp is blue.\n"
)


@pytest.fixture
def film(tmp_path: Path, shots: Path) -> Path:
    """A video in which two sentences are said."""
    path = Path(shutil.copy(shots, tmp_path / "film.mp4"))
    path.with_suffix(".srt").write_text(SPOKEN)
    return path


@pytest.fixture
def library(tmp_path: Path, tiny: Any) -> Library:
    """A text model that knows colours."""
    tiny.install_text(tmp_path / "home", "minilm")
    return Library(tmp_path / "home")


def test_the_best_model_that_is_there_reads_what_is_said(library: Library, film: Path) -> None:
    assert resolve_embedder("auto", library.home) == "minilm"
    assert resolve_embedder("auto", library.home / "else") == "wordllama"
    video = ingest(library, film, providers=BARE).id
    stored, read = library.vectors(video), library.passages(video)
    assert stored and read and stored.provider == read.provider == "minilm"
    assert len(stored.ids) == 2 and {id.split("@")[0] for id in read.ids} == {"8", "20", "50"}
    hits = TextSearch(library.catalog).found("speech", "blue", [video], None, None, 4)
    assert hits and hits[0].text == "The lamp is blue."


def test_a_better_model_that_came_makes_the_vectors_again(library: Library, film: Path) -> None:
    plain = replace(BARE, embedder="wordllama")
    video = ingest(library, film, providers=plain).id
    before = library.vectors(video)
    assert before and before.provider == "wordllama" and library.passages(video) is None
    assert TextSearch(library.catalog).unread() == ""
    ingest(library, film, providers=BARE)
    after = library.vectors(video)
    assert after and after.provider == "minilm" and library.passages(video)


def test_each_video_is_asked_by_the_model_that_made_its_vectors(
    library: Library, film: Path
) -> None:
    first = ingest(library, film, providers=BARE).id
    second = film.with_name("other.mp4")
    second.write_bytes(film.read_bytes() + bytes(8))
    second.with_suffix(".srt").write_text(SPOKEN.replace("blue", "azure"))
    other = ingest(library, second, providers=replace(BARE, embedder="wordllama")).id
    search = TextSearch(library.catalog)
    library.catalog.sync()
    found = search.found("speech", "blue lamp", None, None, None, 4)
    assert {hit.video for hit in found} == {first, other}


def test_where_the_model_is_gone_words_are_searched_and_it_is_said(
    library: Library, film: Path, cuepoint: Callable[..., tuple[int, str, str]]
) -> None:
    video = ingest(library, film, providers=BARE).id
    shutil.rmtree(folder(library.home, "minilm"))
    search = TextSearch(library.catalog)
    assert search.embedder.name == "wordllama"
    found = search.found("speech", "the blue lamp", [video], None, None, 4)
    assert [hit.text for hit in found] == ["The lamp is blue."]
    assert search.unread().endswith("run: cuepoint models pull minilm")
    status, out, _ = cuepoint("ask", "--json", "Who bought the bicycle?")
    assert status == 0
    assert "compared word by word only" in json.loads(out)["answer"]


def test_vectors_of_another_model_of_the_same_name_are_left_aside(
    library: Library, film: Path
) -> None:
    video = ingest(library, film, providers=BARE).id
    stored = library.vectors(video)
    assert stored
    other = Vectors(stored.ids, stored.array[:, :7], stored.provider)
    library.vectors = lambda _: other  # type: ignore[method-assign]
    hits = TextSearch(library.catalog).found("speech", "the blue lamp", [video], None, None, 4)
    assert hits and hits[0].text == "The lamp is blue."


GERMAN = {
    "When was the old bridge built?": "Die alte Brücke wurde im Jahr 1871 gebaut.",
    "Who did the miller live with?": "Der Müller lebte allein mit seinen drei Katzen.",
    "What happens to the river in winter?": "Im Winter friert der Fluss manchmal zu.",
    "How was the bread baked?": "Das Brot wurde in einem Ofen aus Stein gebacken.",
    "What did the teacher teach?": "Die Lehrerin brachte den Kindern das Schwimmen bei.",
    "What burned down the barn?": "Ein Feuer zerstörte die Scheune in einer einzigen Nacht.",
    "How much is a ticket?": "Der Eintritt kostet heute acht Euro.",
    "Why does the bell sound dull?": "Die Glocke hat einen Riss und klingt deshalb dumpf.",
}
ENGLISH = {
    "Where do I leave the building in an emergency?": "The fire exit is behind the organ.",
    "What does a drink cost?": "A cup of tea is one pound fifty.",
    "How many folks had to move?": "A hundred and eighty-eight people left their homes.",
    "Why was the nurse sacked?": "She was dismissed because she had boiled the instruments.",
    "Which pets did they keep?": "Two spaniels slept in front of the stove.",
    "What was damaged?": "The flood ruined a piano and four hundred bottles of wine.",
}


@pytest.mark.parametrize(
    ("model", "asked", "least"),
    [("e5-small", GERMAN, 7), ("e5-small", ENGLISH, 5), ("minilm", ENGLISH, 5)],
)
def test_the_real_models_find_what_is_said_in_other_words(
    model: str, asked: dict[str, str], least: int, tmp_path: Path
) -> None:
    if model not in models.installed(MODELS.parent):
        pytest.skip(f"no weights of {model} (CUEPOINT_MODELS)")
    embedder = load_embedder(model, MODELS.parent)
    rows = embedder.texts(list(asked.values()))
    near = embedder.questions(list(asked)) @ rows.T
    assert sum(near.argmax(1) == np.arange(len(asked))) >= least
    assert near.mean() < 0.4  # what all texts have in common is taken away


def test_words_are_counted_and_not_the_texts_that_hold_them(tmp_path: Path) -> None:
    library = Library(tmp_path / "counted")
    said = [
        (0.0, 3.0, "row, row, row the new"),
        (3.0, 6.0, "boat; rowing a new boat"),
        (60.0, 63.0, "boats"),
    ]
    write_words(library, "Boats", said, [(0.0, 9.0, "OPENYOURBROWSERNOW")])
    box = Toolbox(library)

    def often(word: str) -> int:
        return sum(one.facts["times"] for one in box.find_words([word]))

    assert often("row") == 4 and often("new boat") == 2 and often("boat") == 3
    assert often("ship") == 0 and often("browser") == 1 and box.find_words([]) == []


def test_words_of_scripts_without_spaces_are_counted(tmp_path: Path) -> None:
    library = Library(tmp_path / "counted")
    lines = ["今天我们参观港口的旧灯塔", "灯塔建于一八七二年, 高三十二米", "守塔人每天晚上点亮油灯"]
    lines += ["明天下午三点我们去看渡轮"]
    write_words(library, "灯塔", [(4.0 * n, 4.0 * n + 3, text) for n, text in enumerate(lines)])
    box = Toolbox(library)
    found = {word: box.find_words([word]) for word in ("灯塔", "塔", "天")}
    often = {word: sum(one.facts["times"] for one in hits) for word, hits in found.items()}
    assert often == {"灯塔": 2, "塔": 3, "天": 3}
    assert [one.start for one in found["灯塔"]] == [0.0, 4.0]
