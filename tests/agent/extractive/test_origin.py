"""Where a video comes from: told as the file tells it, in either language, and never judged."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.extractive.about import origin_lines
from agent.extractive.intents import languages
from agent.settings import Settings
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.provenance.evidence import SOURCES, kept
from tools.provenance.identity import Signing
from tools.provenance.keys import keys_of
from tools.provenance.provenance import UNREAD, Provenance, as_row
from tools.provenance.signing import Action, Made, sign
from tools.toolbox import Toolbox
from ui.chat.arrival import origin

VERDICTS = ("is fake", "is real", "is genuine", "is AI-generated", "ist echt", "ist falsch")


@pytest.fixture
def library(tmp_path: Path, shots: Path) -> Library:
    """A signed video that says it was generated, and one that says nothing."""
    library = Library(tmp_path / "home")
    path, plain = tmp_path / "dog.mp4", tmp_path / "kettle.mp4"
    made = Made("A dog", (Action("created", "trainedAlgorithmicMedia"),))
    sign(shots, path, made, keys_of(tmp_path / "studio", Signing()))
    shutil.copy(shots, plain)
    for one in (path, plain):
        ingest(library, one, providers=BARE)
    return library


async def answer(library: Library, title: str, question: str) -> Answer:
    settings = Settings(home=library.home, model="extractive")
    video = library.get(title).id
    async with open_agent(settings, toolbox=Toolbox(library)) as agent:
        *_, last = [event async for event in ask(agent, question, videos=[video])]
    assert isinstance(last, Answer)
    assert not any(verdict in last.answer for verdict in VERDICTS)
    return last


@pytest.mark.parametrize(
    "question",
    ["Is this video AI-generated?", "Was this made by AI?", "who made this?", "is it signed?",
     "Is this footage fake?", "does it have content credentials?", "is there a watermark?"],
)  # fmt: skip
async def test_what_a_signed_file_says_is_the_answer(library: Library, question: str) -> None:
    told = await answer(library, "dog", question)
    assert told.answer.startswith("I can't tell from the pictures. This is what the file says:")
    assert "content credentials that hold, by a signer that nobody here vouches for" in told.answer
    assert "The credentials say: made by a generative AI model." in told.answer
    assert {claim.verdict for claim in told.claims} == {"verified"}
    (cited,) = told.evidence
    assert cited.evidence.facts["source_types"] == ("trainedAlgorithmicMedia",)
    assert library.evidence(cited.evidence.id).text == cited.evidence.text


@pytest.mark.parametrize(
    "question", ["Ist das Video mit KI gemacht?", "Wer hat das gemacht?", "Ist die Datei signiert?"]
)
async def test_it_is_told_in_german(library: Library, question: str) -> None:
    told = await answer(library, "dog", question)
    assert told.answer.startswith("An den Bildern sehe ich es nicht. Das sagt die Datei:")
    assert "von einem KI-Modell erzeugt" in told.answer


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "Is this AI-generated?",
            "I can't tell from the pictures. The file carries no content credentials; nothing in "
            "it says how it was made.",
        ),
        (
            "Ist das mit KI gemacht?",
            "An den Bildern sehe ich es nicht. Die Datei trägt keinen Herkunftsnachweis (Content "
            "Credentials); nichts in ihr sagt, wie sie gemacht wurde.",
        ),
    ],
)
async def test_a_file_that_says_nothing_is_told_as_that(
    library: Library, question: str, text: str
) -> None:
    told = await answer(library, "kettle", question)
    assert told.answer == text and told.reason == "cannot" and not told.claims


async def test_who_is_trusted_is_looked_at_when_it_is_asked(library: Library) -> None:
    trust = library.home.parent / "studio" / "signing" / "certificates.pem"
    trusting = Library(library.home, signing=Signing(trust=trust))
    told = await answer(trusting, "dog", "Is this AI-generated?")
    assert "by a trusted signer: Cuepoint" in told.answer
    found = kept(library, library.get("dog").id)
    assert found and found.state == "valid, signer unknown"


async def test_a_video_of_an_older_release_is_read_when_it_is_asked(library: Library) -> None:
    video = library.get("dog").id
    manifest = library.manifest(video)
    del manifest["stages"]["provenance"]
    assert library.get(video).state == "ready" and kept(library, video) is None
    told = await answer(library, "dog", "Is this AI-generated?")
    assert "made by a generative AI model" in told.answer


def test_what_could_not_be_read_is_not_said_to_be_none() -> None:
    fact = as_row(Provenance(problems=(UNREAD,)))
    for language in languages().values():
        told = origin_lines(fact, lambda name, s=language.sentences, **v: s[name].format(**v))
        assert told == [language.sentences["origin_unknown"]]


def test_the_card_of_a_video_names_its_origin_where_there_is_one(library: Library) -> None:
    state: Any = SimpleNamespace(library=library)
    (line,) = origin(state, library.get("dog").id)
    assert line.startswith("It carries content credentials that hold") and "generative AI" in line
    assert origin(state, library.get("kettle").id) == []


def test_every_kind_of_source_has_words_in_both_languages() -> None:
    for language in languages().values():
        named = {key.removeprefix("source_") for key in language.sentences if "source_" in key}
        assert named == SOURCES.keys()


def test_signs_in_the_picture_are_no_signature() -> None:
    from agent.extractive.question import understand

    for question in ("is there a sign?", "what does the sign say?", "is the sign red?"):
        assert understand(question, 300.0).intent.name != "can't authenticate"
