"""Each rule of the scoring on answers made by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.evaluation.baseline import baseline_response
from agent.evaluation.ground_truth import Question, VideoSpan
from agent.evaluation.scoring import (
    Response,
    asserts_right,
    false_sentences,
    is_correct,
    is_correct_citation,
    score,
    shows,
    states_value,
    temporal_iou,
)
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

SAID = VideoSpan("v", 10.0, 13.0)
ASKED = Question("How much?", ("v",), "said", (SAID,), ("12", "twelve"))
RIGHT = Response("It costs twelve euros [1].", True, (SAID,), 0.2)


@pytest.mark.parametrize(
    ("citation", "right"),
    [
        (VideoSpan("v", 10.0, 13.0), True),
        (VideoSpan("v", 9.5, 9.5), True),  # half a second before
        (VideoSpan("v", 9.4, 9.4), False),
        (VideoSpan("v", 13.5, 13.5), True),
        (VideoSpan("v", 6.5, 16.5), True),  # as long as ten seconds
        (VideoSpan("v", 6.4, 16.5), False),
        (VideoSpan("w", 10.0, 13.0), False),  # of another video
    ],
)
def test_a_citation_is_right_by_its_middle_its_length_and_its_video(
    citation: VideoSpan, right: bool
):
    assert is_correct_citation(citation, [SAID]) is right


def test_a_long_truth_allows_a_citation_of_twice_its_length():
    assert is_correct_citation(VideoSpan("v", 0.0, 80.0), [VideoSpan("v", 20.0, 60.0)])
    assert not is_correct_citation(VideoSpan("v", 0.0, 81.0), [VideoSpan("v", 20.0, 60.0)])


def test_an_answer_needs_the_value_and_a_citation_that_is_right():
    assert is_correct(ASKED, RIGHT)
    assert not is_correct(ASKED, replace(RIGHT, text="It costs 13 euros [12]."))
    assert not is_correct(ASKED, replace(RIGHT, citations=()))
    assert not is_correct(ASKED, replace(RIGHT, found=False))
    assert not is_correct(ASKED, replace(RIGHT, citations=(VideoSpan("v", 30.0, 33.0),)))
    assert is_correct(ASKED, replace(RIGHT, citations=(VideoSpan("v", 30.0, 33.0), SAID)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12 euros", True),
        ("TWELVE", True),
        ("112 euros", False),
        ("12.50 euros", False),
        ("at 12:30", False),
        ("at 0:12", False),
        ("[12]", False),
        ("It is 12.", True),
    ],
)
def test_a_value_stands_as_a_word_of_its_own(text: str, told: bool):
    assert states_value(ASKED, text) is told


def test_a_count_is_not_read_from_a_quotation_or_a_time():
    counted = replace(ASKED, kind="count", accepted=("3", "three"))
    assert states_value(counted, "That is three times in all.")
    assert not states_value(counted, 'At 0:03 it is said: "three boats" [3]. That is twice in all.')


def test_an_order_is_told_by_what_is_named_first():
    order = replace(ASKED, kind="order", accepted=("kettle",), rejected=("ladder",))
    assert states_value(order, "The kettle, then the ladder.")
    assert not states_value(order, "The ladder, then the kettle.")


def test_screen_text_may_lose_its_spaces():
    assert states_value(replace(ASKED, accepted=("WET FLOOR",)), 'On screen: "WETFLOOR" [1].')


def test_what_is_not_there_is_right_when_nothing_is_found():
    absent = replace(ASKED, expect="absent", truth=())
    assert is_correct(absent, Response("Nothing.", False, (), 0.1))
    assert not is_correct(absent, RIGHT)


def test_the_figures_of_a_run():
    absent = replace(ASKED, expect="absent", truth=(), accepted=())
    adjacent = replace(absent, expect="adjacent")
    follow_up = replace(ASKED, follows_up=True, kind="time")
    wrong = replace(
        RIGHT, citations=(SAID, VideoSpan("v", 30.0, 33.0)), text="It is dear.", first=0.6
    )
    none = Response("Nothing.", False, (), 0.4)
    asked = [ASKED, absent, absent, adjacent, follow_up]
    got = score(asked, [RIGHT, none, RIGHT, RIGHT, wrong])
    assert got["cases"] == 5
    assert got["accuracy"] == 0.4
    assert got["citation_precision"] == round(2 / 3, 4)  # those of answers to what is absent apart
    assert [got[f"false_{kind}"] for kind in ("absent", "adjacent")] == [0.5, 1.0]
    assert got["follow_up_accuracy"] == 0.0
    assert got["kinds"] == {"said": 0.5, "time": 0.0}
    assert got["first_answer_s"] == 0.2
    assert got["cost_usd"] == 0.0
    assert "retrieval" not in got and "R1@0.5" not in got


@pytest.mark.parametrize(
    ("moments", "shown"),
    [
        ((SAID,), True),
        ((VideoSpan("v", 14.0, 14.0),), True),  # a second after
        ((VideoSpan("v", 14.1, 14.1),), False),
        ((VideoSpan("v", 6.5, 16.5),), True),
        ((VideoSpan("v", 6.4, 16.6),), False),  # longer than ten seconds
        ((VideoSpan("w", 10.0, 13.0),), False),
        ((VideoSpan("v", 0.0, 1.0),) * 2 + (SAID,), True),
        ((VideoSpan("v", 0.0, 1.0),) * 3 + (SAID,), False),  # the fourth
        ((), False),
    ],
)
def test_a_moment_is_shown_among_the_first_three_cited_or_nearest(
    moments: tuple[VideoSpan, ...], shown: bool
):
    assert shows(ASKED, replace(RIGHT, citations=moments)) is shown
    assert shows(ASKED, replace(RIGHT, found=False, citations=(), nearest=moments)) is shown


def test_a_long_truth_allows_no_long_moment_to_be_shown():
    long = replace(ASKED, truth=(VideoSpan("v", 20.0, 60.0),))
    assert not shows(long, replace(RIGHT, citations=(VideoSpan("v", 30.0, 50.0),)))


def test_what_is_nearest_does_not_count_where_something_is_found():
    wrong = replace(RIGHT, citations=(VideoSpan("v", 30.0, 33.0),), nearest=(SAID,))
    assert not shows(ASKED, wrong) and not asserts_right(ASKED, wrong)


HELD = "The kettle costs twelve euros.\nWET FLOOR"


@pytest.mark.parametrize(
    ("text", "false"),
    [
        ('At 0:10 it is said: "The kettle costs twelve euros." [1]', 0),
        ('At 0:10 it is said: "The kettle costs twenty euros." [1]', 1),
        ('It is said: "The kettle costs … euros" [1].', 0),
        ('On screen: "WETFLOOR" [1].', 0),
        ('The word "whale" never occurs.', 0),
        ('The word "kettle" never occurs.', 1),
        ('The words "whale" and "kettle" never occur.', 1),  # of a sentence, not of a word
        ('The word "kett" never occurs.', 0),
        ("Nothing is found. The sentence isn't \u201cWet floor\u201d. That is all.", 1),
        ('I read "keetle cost".', 0),  # cites nothing
        ("It costs twelve euros [1].", 0),
    ],
)
def test_a_sentence_is_false_where_it_denies_what_is_there_or_cites_what_is_not(
    text: str, false: int
):
    assert false_sentences(text, HELD, f"{HELD}\nMy film") == false


def test_a_useful_answer_about_the_whole_tells_three_facts():
    facts = (
        ("ferry",),
        ("kettle", "12", "twelve"),
        ("Mara Holt", "Bergen"),
        ("WET FLOOR",),
        ("a",),
    )
    whole = replace(ASKED, kind="whole", accepted=(), facts=facts)
    assert states_value(whole, "The ferry; the kettle for 12 [2]; and WETFLOOR on a sign.")
    assert not states_value(whole, "The ferry, the kettle, and Mara Holt, on one bright morning.")
    assert states_value(whole, "A ferry, and Mara Holt of Bergen.")
    got = score([whole] * 2, [replace(RIGHT, text="A ferry, wet floor."), RIGHT])
    assert (got["useful"], got["shown"]) == (0.5, None)  # no moment is asked for


def test_what_is_asserted_shown_and_given_as_a_reason():
    none = Response("Nothing.", False, (), 0.4, nearest=(SAID,), reason="unsure")
    wrong = replace(RIGHT, citations=(VideoSpan("v", 30.0, 33.0),))
    got = score([ASKED] * 4, [RIGHT, none, wrong, replace(none, reason="absent")])
    assert (got["shown"], got["asserted_right"], got["asserted_wrongly"]) == (0.75, 0.25, None)
    assert got["false_sentences"] == 1  # nothing is there, it says, and something is
    unanswerable = [
        replace(ASKED, expect=expect, truth=(), accepted=())
        for expect in ("absent", "outside", "cannot", "adjacent")
    ]
    reasons = ("absent", "absent", "cannot", "unsure")
    got = score(unanswerable, [replace(none, reason=reason) for reason in reasons])
    assert got["reason_right"] == round(2 / 3, 4)  # what is adjacent may be either
    assert (got["asserted_right"], got["asserted_wrongly"]) == (None, 0.0)
    assert score(unanswerable, [RIGHT, none, none, RIGHT])["asserted_wrongly"] == 0.5
    assert score([ASKED], [replace(RIGHT, false_sentences=2)])["false_sentences"] == 2


def test_a_cost_that_is_not_known_is_not_added_up():
    assert score([ASKED] * 2, [RIGHT, replace(RIGHT, cost=None)])["cost_usd"] is None
    assert score([ASKED] * 2, [replace(RIGHT, cost=0.25)] * 2)["cost_usd"] == 0.5


def test_a_citation_that_leads_nowhere_is_counted():
    assert score([ASKED], [replace(RIGHT, unresolved=2)])["unresolved"] == 2


def test_moment_retrieval_is_scored_by_overlap():
    assert temporal_iou(VideoSpan("v", 0.0, 10.0), VideoSpan("v", 5.0, 15.0)) == pytest.approx(
        1 / 3
    )
    assert temporal_iou(None, SAID) == temporal_iou(VideoSpan("w", 10.0, 13.0), SAID) == 0.0
    asked = replace(
        ASKED, kind="retrieval", truth=(VideoSpan("v", 0.0, 2.0), VideoSpan("v", 10.0, 20.0))
    )
    windows = [VideoSpan("v", 10.0, 16.0), VideoSpan("v", 10.0, 18.0), None]
    got = score([asked] * 3, [replace(RIGHT, window=window) for window in windows])
    assert got["R1@0.5"] == round(2 / 3, 4)
    assert got["R1@0.7"] == round(1 / 3, 4)


def test_the_baseline_takes_the_frame_with_most_words_or_guesses_the_place(
    shots: Path, tmp_path: Path
):
    path = tmp_path / "v.mp4"
    path.write_bytes(shots.read_bytes())
    srt = "1\n00:00:04,000 --> 00:00:06,000\nThe kettle costs twelve euros.\n"
    path.with_suffix(".srt").write_text(srt)
    library = Library(tmp_path / "home")
    ids = {"v": ingest(library, path, providers=BARE).id}

    def guessed(text: str) -> Response:
        return baseline_response(library, replace(ASKED, text=text), ids)

    step = library.get(ids["v"]).duration / 16
    one = guessed("What does the kettle cost?")
    assert one.found and one.text == "The kettle costs twelve euros."
    assert one.citations[0].start == one.citations[0].end == pytest.approx(6.5 * step)
    assert guessed("What happens at first?").citations[0].start == pytest.approx(0.5 * step)
    assert guessed("What happens last?").citations[0].start == pytest.approx(15.5 * step)
    assert guessed("Any whales?").citations[0].start == pytest.approx(8.5 * step)
