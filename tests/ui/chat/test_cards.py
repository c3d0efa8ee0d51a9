"""Answers as Markdown and cards: numbers are links, doubts are marked, words stay words."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from agent.grounding.review import Claim
from tests.conftest import Shelf
from tools.evidence import MACHINE
from tools.media import Evidence
from tools.store.coverage import Unseen
from tools.toolbox import Toolbox
from ui.chat import cards
from ui.chat.doing import doing

VIDEO = "7f3a9c21d0e4b512"


def said(handle: int, text: str = "Hello.", **values: Any) -> Any:
    values = {"kind": "speech", "start": 2.0, "end": 4.0} | values
    evidence = Evidence(f"speech:{VIDEO}@2000-4000#{handle}", VIDEO, text=text, **values)
    return SimpleNamespace(handle=handle, evidence=evidence)


def answer(text: str, *claims: Claim, **values: Any) -> Any:
    cited = {handle for claim in claims for handle in claim.citations} | {1}
    shown = {"evidence": [said(handle) for handle in sorted(cited)], "nearest": [], "notes": []}
    return SimpleNamespace(answer=text, claims=claims, **{"found": True} | shown | values)


def test_only_known_numbers_are_links() -> None:
    made = cards.answer_markdown(answer("so [1] and [7]"))
    assert made == f"so [\\[1\\]](/v/{VIDEO}?t=2.000#1) and \\[7\\]"


def test_lines_are_a_list_and_a_short_line_above_it_stands_out() -> None:
    made = cards.answer_markdown(answer("Twice: 0:47.\n\n- one [1]\n- two"))
    assert made.startswith("**Twice\\: 0\\:47.**\n\n- one [")
    assert made.endswith("\n- two")
    near = cards.answer_markdown(answer("Not clearly:\n\n- one", found=False))
    assert near == "Not clearly\\:\n\n- one"


def test_what_was_to_be_bold_is_and_nothing_else_is_made_of_stars() -> None:
    made = cards.answer_markdown(answer("It is told:\n\n- **a_film**: red [1]\n- 2 ** 3 *x*"))
    assert made.startswith("**It is told\\:**\n\n- **a\\_film**\\: red [")
    assert made.endswith("- 2 \\*\\* 3 \\*x\\*")
    lead = cards.answer_markdown(answer("**Film** is darkest:\n\n- one"))
    assert lead.startswith("**Film is darkest\\:**")


def test_a_command_is_shown_as_one_and_nothing_else_is_code() -> None:
    made = cards.answer_markdown(answer("Or: `cuepoint clip a_b 1 --kind ad`. It says `rm *`."))
    assert made == "Or\\: `cuepoint clip a_b 1 --kind ad`. It says \\`rm \\*\\`."


@pytest.mark.parametrize("verdict", ["weak", "unsupported"])
@pytest.mark.parametrize(
    "shown",
    [
        "It is *red* [2]. It is of gold [1][2]. It ends.",
        "It is *red* [2]. It is of gold [1][2]. (unsupported) It ends.",
        "It is *red* [2]. It is  of\ngold. [1][2] (unsupported) It ends.",
    ],
)
def test_a_doubted_sentence_is_a_link_that_says_by_what(verdict: Any, shown: str) -> None:
    claims = Claim("It is *red*.", (2,), "verified"), Claim("It is of gold.", (1, 2), verdict)
    made = cards.answer_markdown(answer(shown, *claims))
    (to,) = set(re.findall(r"\]\(([^()\s]+) \"not confirmed by \\\[1\\\] \\\[2\\\]\"\)", made))
    assert to == f"/v/{VIDEO}?t=2.000#unconfirmed-1"
    assert "[It is of gold" in made and "unsupported" not in made
    assert made.startswith("It is \\*red\\* [\\[2\\]](") and made.endswith("It ends.")
    assert made.count("#1)") == 1 and made.count("#2)") == 2


def test_a_sentence_without_evidence_is_doubted_too() -> None:
    made = cards.answer_markdown(answer("Gold. (unsupported)", Claim("Gold.", (), "unsupported")))
    assert made == '[Gold.](#unconfirmed "not confirmed by anything that was found")'


def test_a_hostile_sentence_that_is_doubted_does_nothing() -> None:
    bad = '![x](http://e.example/a) ](javascript:alert(1)) "> <img src=x> [y]: http://e.example'
    made = cards.answer_markdown(answer(f"{bad} [1]", Claim(bad, (1,), "weak")))
    plain = re.sub(r"\\.", "", made)
    assert re.findall(r"\]\(([^ )]*)", plain) == [
        f"/v/{VIDEO}?t=2.000#unconfirmed-1",
        f"/v/{VIDEO}?t=2.000#1",
    ]
    assert "<" not in plain and "![" not in plain and "http://" not in made


def test_what_was_not_looked_at_is_told_by_the_quiet_line_alone(shelf: Shelf) -> None:
    gap = Unseen(VIDEO, 3.0, 9.0, (1,))
    lost = SimpleNamespace(text="The disk is full.")
    given = answer("It [1].", Claim("Gold.", (1,), "weak"), notes=[gap, lost])
    made = cards.answer_markdown(given)
    assert made.endswith("\n\n*The disk is full.*") and "not looked at" not in made
    given.coverage, given.tokens = (shelf.library.coverage(shelf.video),), (1200, 34)
    rows = cards.looked(shelf.library, given, ["Listening, after 0.1 s"])
    assert rows[0][0] == "kettle!" and "all speech" in rows[0][1]
    assert rows[1:] == [
        ["Not looked at", "Beside [1]: 0:03 to 0:09 not looked at."],
        ["Not confirmed", "“Gold.” by [1]"],
        ["Done", "Listening, after 0.1 s"],
        ["Tokens", "1,200 read, 34 written"],
    ]


def test_a_card_says_the_time_as_people_do_and_plays_for_a_while(shelf: Shelf) -> None:
    instant = said(1, kind="frame", start=46.6, end=46.6).evidence
    made = cards.card(shelf.library, instant, 1, "verified")
    assert (made["time"], made["start"], made["until"]) == ("0:47", 46.6, 48.6)
    assert made["verdict"] == "confirmed" and made["href"] == f"/v/{VIDEO}?t=46.600#1"
    whole = said(2, "98 seconds long, encoded as H.264", kind="video", start=0.0, end=98.0)
    assert cards.card(shelf.library, whole.evidence, 2, "weak")["text"] == "the whole video, 1:38"
    draft = said(3, facts={"reliability": "draft"}).evidence
    made = cards.card(shelf.library, draft, 3, "weak")
    assert (made["draft"], made["verdict"]) == (MACHINE, "not confirmed")


def test_every_tool_has_words_for_what_it_does(shelf: Shelf) -> None:
    tools = Toolbox(shelf.library).tools()
    phrases = {tool.__name__: doing(tool.__name__, {}) for tool in tools}
    assert [name for name, phrase in phrases.items() if "_" in phrase or "{" in phrase] == []
    unnamed = [name for name in phrases if phrases[name] == doing("none of ours", {})]
    assert unnamed == ["read_moment", "look_at"]  # they look at a moment, which stands behind
    assert doing("look_closer", {"video": "x", "start": 42.31}) == "Looking closer at 0:42"
    assert doing("look_at", {"seconds": float("nan")}) == doing("look_at", {}) == "Looking"
