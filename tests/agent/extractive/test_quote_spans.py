"""Spans of text on screen, as they are told."""

import pytest

from agent.extractive.quote import Found, sentence
from agent.grounding.review import Review
from agent.toolbelt import Toolbelt
from tools.evidence import of_screen
from tools.media import Evidence, ScreenText
from tools.store.records import screen_text
from ui.render import label

VIDEO = "7f3a9c21d0e4b512"
ROW = {
    "video": VIDEO, "start": 2.0, "end": 9.0, "text": "PIER 2", "box": [0.1, 0.1, 0.4, 0.2],
    "confidence": 0.98, "n": 1,
}  # fmt: skip


def evidence(**more: bool) -> Evidence:
    return of_screen(screen_text({**ROW, **more}), None)


@pytest.mark.parametrize("at_least", [False, True])
def test_a_span_beside_an_unread_picture_is_told_as_at_least(at_least: bool) -> None:
    one = evidence(at_least=at_least)
    told = sentence(Found("e1", one))
    assert told.startswith(
        "On screen at least from 0:02.0" if at_least else "On screen from 0:02.0"
    )
    text, claim = Review([one.id], [], {one.id: one}, {VIDEO: "pier"}, ()).claim(told)
    assert claim is not None and claim.verdict == "verified" and text.endswith("[1].")
    assert ("at least 0:02" in label(one)) is at_least
    line = Toolbelt._line(_NoTitles(), "[e1]", one)  # type: ignore[arg-type]
    assert ("at least" in line) is at_least


class _NoTitles:
    def title(self, video: str) -> str:
        return ""


def test_a_row_of_an_earlier_release_has_a_span_that_is_known() -> None:
    assert screen_text(dict(ROW)) == ScreenText(
        VIDEO, 2.0, 9.0, "PIER 2", (0.1, 0.1, 0.4, 0.2), 0.98, 1, at_least=False
    )
    assert evidence().facts == {}
