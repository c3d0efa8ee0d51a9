"""A question in English about what is said in German, with an embedder that knows both."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from agent.toolbelt import Toolbelt
from tools.embed import load_embedder
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.text.languages import SPOKEN, foreign_name, name_in, short_code
from tools.toolbox import Toolbox

SAID = [
    "Der alte Leuchtturm wurde 1812 gebaut.",
    "Im Winter bleibt der Hafen geschlossen.",
    "Die Möwen kommen im März zurück.",
]
MEANINGS = ["lighthouse leuchtturm", "built build gebaut", "harbour hafen", "gulls möwen"]


def meant(self: object, texts: Sequence[str]) -> np.ndarray:
    """A direction for each meaning, whatever the language."""
    rows = np.zeros((len(texts), 256), np.float32)
    for row, text in zip(rows, texts, strict=True):
        words = set(re.findall(r"\w+", text.lower()))
        row[[n for n, names in enumerate(MEANINGS) if words & set(names.split())]] = 1
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)


@pytest.fixture
def german(shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolbox:
    monkeypatch.setattr(type(load_embedder()), "texts", meant)
    monkeypatch.setattr(type(load_embedder()), "words", meant)
    shutil.copy(shots, tmp_path / "hafen.mp4")
    cues = [
        f"{n}\n00:00:0{3 * n - 2},000 --> 00:00:0{3 * n},000\n{s}\n" for n, s in enumerate(SAID, 1)
    ]
    (tmp_path / "hafen.de.srt").write_text("\n".join(cues), "utf-8")
    library = Library(tmp_path / "home")
    ingest(library, tmp_path / "hafen.mp4", providers=BARE)
    return Toolbox(library)


async def answered(box: Toolbox, question: str) -> Answer:
    async with open_agent(Settings(home=box.library.home), toolbox=box) as agent:
        *_, last = [event async for event in ask(agent, question)]
    assert isinstance(last, Answer)
    return last


async def test_an_answer_says_which_language_it_quotes(german: Toolbox) -> None:
    answer = await answered(german, "When was the lighthouse built?")
    assert answer.answer == f'0:01 (in German) "{SAID[0]}" [1]'
    assert [claim.verdict for claim in answer.claims] == ["verified"]


async def test_what_is_said_in_no_language_is_not_found(german: Toolbox) -> None:
    assert not (await answered(german, "When was the submarine painted?")).found


def test_a_model_reads_which_language_it_is(german: Toolbox) -> None:
    found = german.search_transcript("Where is the harbour?")
    assert [one.text for one in found] == [SAID[1]]
    assert "[e1] speech (German) · " in Toolbelt(german).format_results(found, [])[0]


def test_every_language_that_whisper_hears_has_a_name() -> None:
    spoken = set(_LANGUAGE_CODES)
    assert len(spoken) > 95 and spoken > SPOKEN > {"de", "en", "zh"}
    assert all(name_in(code, "de") != code for code in SPOKEN)
    assert (name_in("de", "en"), name_in("uk", "de")) == ("German", "Ukrainisch")
    names = {code: foreign_name(code) for code in spoken if not foreign_name(code)[:1].isupper()}
    assert names == {"en": ""}
    assert not [code for code in spoken if foreign_name(code).casefold() == code]
    assert (foreign_name("lv"), foreign_name("pt"), foreign_name("ta")) == (
        "Latvian",
        "Portuguese",
        "Tamil",
    )
    assert (foreign_name("ur"), foreign_name("jw"), foreign_name("")) == ("Urdu", "Javanese", "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("de ger deu german deutsch", "de"),
        ("es spa spanish español", "es"),
        ("no nor nb nob norwegian norsk", "no"),
        ("zh chi zho cmn chinese 中文", "zh"),
        ("tam tamil", "ta"),
        ("urd urdu", "ur"),
        ("sdh sub cc und mul x12 person seconds is my br tw", ""),
    ],
)
def test_a_language_is_known_by_codes_and_names_and_by_no_other_word(words: str, code: str) -> None:
    assert {short_code(word) for word in words.split()} == {code}


@pytest.mark.parametrize("code", ["", "en", "http://203.0.113.7/x.png", "<b>", "de\n"])
def test_what_is_no_code_of_another_language_has_no_name(code: str) -> None:
    assert foreign_name(code) == ""


def test_no_language_is_loaded_before_one_is_asked_for() -> None:
    code = (
        "import sys, ui.cli.main, tools.toolbox;"
        "print({'langcodes', 'language_data'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
