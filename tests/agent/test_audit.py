"""Texts of strangers, checked against a library without a model."""

from pathlib import Path

import pytest

from agent.audit import check_text
from tests.conftest import flat, write_video
from tools.errors import RefusedRequest
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.toolbox import Toolbox

SAID = [
    "The well behind the mill is twelve metres deep.",
    "If the rope breaks, we lose the bucket.",
    "My uncle sold the mill to Agatha.",
    "It opens at half past nine on Sundays.",
]
OTHER = ["Our goat is called Nettle.", "She eats thistles and barks at cars."]


def _indexed(library: Library, path: Path, said: list[str], level: int) -> str:
    write_video(path, lambda _: flat((level, level, level)), 5.0 * len(said), fps=1)
    cues = [f"00:{5 * n:02}.000 --> 00:{5 * n + 4:02}.000\n{line}\n" for n, line in enumerate(said)]
    path.with_suffix(".vtt").write_text("WEBVTT\n\n" + "\n".join(cues))
    return ingest(library, path, providers=BARE).id


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Toolbox, str]:
    folder = tmp_path_factory.mktemp("audit")
    library = Library(folder / "home")
    mill = _indexed(library, folder / "the mill.mp4", SAID, 90)
    _indexed(library, folder / "the goat.mp4", OTHER, 160)
    return Toolbox(library), mill


def verdicts(toolbox: Toolbox, text: str, *videos: str, handles: tuple[str, ...] = ()) -> list[str]:
    return [claim.verdict for claim in check_text(toolbox, text, videos, handles).claims]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The well behind the mill is 12 m deep.", "verified"),
        ("It says that “my uncle sold the mill”.", "verified"),
        ("It opens at 9:30 on Sundays.", "verified"),
        ("Agatha sold the mill to the uncle.", "unsupported"),
        ("We lose the bucket.", "unsupported"),
        ("The well behind the mill is 12 feet deep.", "unsupported"),
        ("“We lose the rope”, they say.", "unsupported"),
        ("The goat is called Nettle.", "verified"),
    ],
)
def test_a_claim_that_cites_nothing_is_looked_up(
    shelf: tuple[Toolbox, str], text: str, verdict: str
) -> None:
    answer = check_text(shelf[0], text)
    assert [claim.verdict for claim in answer.claims] == [verdict]
    (claim,) = answer.claims
    assert bool(claim.citations) == answer.found == (verdict == "verified")
    assert answer.reason == (None if answer.found else "unsure")
    assert claim.why or verdict == "verified"


def test_times_and_ids_are_citations(shelf: tuple[Toolbox, str]) -> None:
    toolbox, mill = shelf
    (sold,) = toolbox.find_words(["Agatha"])
    assert verdicts(toolbox, f"My uncle sold the mill to Agatha [{sold.id}].") == ["verified"]
    assert verdicts(toolbox, "My uncle sold the mill to Agatha [0:11].", mill) == ["verified"]
    assert verdicts(toolbox, "In “the mill” my uncle sold the mill (0:11).") == ["verified"]
    assert verdicts(toolbox, "My uncle sold the mill to Agatha [0:02].", mill) == ["weak"]
    assert verdicts(toolbox, "The goat eats [0:02].", mill) == ["weak"]
    gone = sold.id.replace(mill, "f" * 16)
    assert verdicts(toolbox, f"My uncle sold the mill to Agatha [{gone}].") == ["unsupported"]


def test_handles_are_those_of_a_conversation(shelf: tuple[Toolbox, str]) -> None:
    toolbox, _ = shelf
    (sold,) = toolbox.find_words(["Agatha"])
    answer = check_text(toolbox, "My uncle sold the mill [1]. A goat sold it [2].", (), [sold.id])
    assert [claim.verdict for claim in answer.claims] == ["verified", "unsupported"]
    assert [one.evidence.id for one in answer.evidence] == [sold.id]
    assert answer.answer == "My uncle sold the mill [1]. A goat sold it."


def test_a_text_that_cannot_be_checked_is_refused(shelf: tuple[Toolbox, str]) -> None:
    for text in ("", " \0\n", "It rains. " * 1001):
        with pytest.raises(RefusedRequest):
            check_text(shelf[0], text)


def test_nothing_of_another_video_counts(shelf: tuple[Toolbox, str]) -> None:
    toolbox, mill = shelf
    answer = check_text(toolbox, "Our goat is called Nettle.", [mill])
    assert [claim.verdict for claim in answer.claims] == ["unsupported"] and not answer.evidence
    assert all(one.evidence.video == mill for one in answer.nearest)
