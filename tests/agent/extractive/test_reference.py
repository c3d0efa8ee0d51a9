"""What a question in the middle of a conversation refers to."""

import json
from typing import Any

import pytest

from agent.extractive.query import understand
from agent.extractive.reference import PLANS, Place, Referring, Turn, kept, places, resolve
from tools.media import evidence_id

VIDEO, OTHER = "a" * 16, "b" * 16
LENGTH = 300.0
FIRST = evidence_id("speech", VIDEO, 40.0, 44.0)
SECOND = evidence_id("screen", VIDEO, 100.0, 110.0)
THIRD = evidence_id("speech", VIDEO, 200.0, 203.5)
HANDLES = [FIRST, SECOND, THIRD]


def turn(question: str, *shown: str) -> Turn:
    return Turn(Referring(understand(question, LENGTH)), places(shown))


def after(before: str, question: str, *shown: str, **options: Any) -> Referring:
    turns = [turn(before, *(shown or (FIRST, SECOND)))]
    return resolve(question, turns, HANDLES, LENGTH, **options)


def test_places_come_from_ids() -> None:
    assert places([FIRST, "nonsense", SECOND]) == (
        Place(FIRST, VIDEO, 40.0, 44.0),
        Place(SECOND, VIDEO, 100.0, 110.0),
    )


def test_a_first_question_refers_to_nothing() -> None:
    for question in ("what was said there?", "ten seconds later", "and the second one?", "[2]"):
        asked = resolve(question, [], [], LENGTH)
        assert asked == Referring(understand(question, LENGTH))


@pytest.mark.parametrize(
    "question",
    [
        "where is it mostly red and dark?",
        "which comes first, Paris or London?",
        "is it loudest in the second scene?",
        "is that a car or a boat?",
        "and the second one?",
        "what is written there at the end?",
    ],
)
def test_a_plan_is_kept_as_plain_data(question: str) -> None:
    plan = after("what was said about Paris?", question)
    data = json.loads(json.dumps(PLANS.dump_python(plan, mode="json", exclude_defaults=True)))
    assert kept(data) == plan


@pytest.mark.parametrize(
    "data", [None, [], {}, {"plan": {"question": "x", "kind": "of another release"}}]
)
def test_a_plan_of_another_release_is_none(data: Any) -> None:
    assert kept(data) is None


@pytest.mark.parametrize(
    ("question", "at"),
    [
        ("ten seconds later", 50.0),
        ("and 10 seconds later?", 50.0),
        ("what about five seconds earlier", 35.0),
        ("a minute later", 100.0),
        ("half a minute later", 70.0),
        ("and what is shown twenty seconds before?", 20.0),
        ("two minutes on", 160.0),
        ("a few seconds later", 45.0),
        ("3.5 secs after", 43.5),
        ("five minutes earlier", 0.0),
        ("ten minutes later", LENGTH - 0.1),
    ],
)
def test_so_much_earlier_or_later(question: str, at: float) -> None:
    asked = after("what is said about bread?", question)
    assert asked.plan.kind == "moment"
    assert asked.plan.window == pytest.approx((at, at))


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("the second one", SECOND),
        ("what about the first result?", FIRST),
        ("and the last one?", SECOND),
        ("show me the second moment", SECOND),
        ("what is said at [3]?", THIRD),
        ("play number 1", FIRST),
        ("#2 please", SECOND),
        ("citation 3", THIRD),
    ],
)
def test_what_is_named_by_place_or_handle(question: str, place: str) -> None:
    asked = after("every mention of bread", question)
    assert asked.at is not None and asked.at.id == place
    assert asked.plan.kind == "moment" and asked.plan.words == ()


def test_a_handle_that_was_never_given_points_nowhere() -> None:
    for question in ("[9]", "what is said at [0]?", "number 44"):
        assert after("every mention of bread", question).at is None


@pytest.mark.parametrize(
    ("question", "direction"),
    [
        ("what was said before that?", "before"),
        ("and before that?", "before"),
        ("what comes next?", "after"),
        ("what happens after that?", "after"),
        ("and then?", "after"),
        ("what was shown previously?", "before"),
        ("what followed that?", "after"),
        ("what was said right before that?", "before"),
        ("what came immediately before that", "before"),
    ],
)
def test_what_lies_beside_it(question: str, direction: str) -> None:
    asked = after("what is said about bread?", question)
    assert asked.at is not None and asked.at.id == FIRST
    assert (asked.direction, asked.when) == (direction, False)


@pytest.mark.parametrize(
    ("question", "modality"),
    [
        ("what was said there?", "speech"),
        ("what is written there?", "screen"),
        ("what does it look like there?", "picture"),
        ("what was said at that moment?", "speech"),
        ("what is displayed at the same time?", "screen"),
        ("what is said then?", "speech"),
    ],
)
def test_the_same_moment(question: str, modality: str) -> None:
    asked = after("when is bread mentioned?", question)
    assert asked.at is not None and asked.at.id == FIRST
    assert (asked.direction, asked.when, asked.plan.modality) == ("", False, modality)


@pytest.mark.parametrize(
    "question",
    [
        "when was that?",
        "when?",
        "and when",
        "at what time is that?",
        "where is that?",
        "are you sure?",
        "how do you know that?",
    ],
)
def test_that_and_nothing_else_of_its_moment(question: str) -> None:
    asked = after("what is said about bread?", question)
    assert asked.at is not None and asked.at.id == FIRST and asked.when


@pytest.mark.parametrize(
    ("question", "kind", "nth"),
    [
        ("and the last time?", "last", 0),
        ("and the first?", "every", 1),
        ("how often?", "every", 0),
        ("does it come up again?", "every", 0),
        ("is it mentioned again?", "every", 0),
        ("and the second time?", "every", 2),
        ("the third mention?", "every", 3),
        ("and the second?", "every", 2),
        ("what about the fourth", "every", 4),
    ],
)
def test_more_of_the_same_words(question: str, kind: str, nth: int) -> None:
    asked = after("When is the first mention of bread?", question, FIRST)
    assert (asked.plan.kind, asked.plan.nth) == (kind, nth)
    assert asked.plan.words == ("bread",)


@pytest.mark.parametrize(
    ("before", "question", "kind", "words"),
    [
        ("When is the first mention of bread?", "and butter?", "first", ("butter",)),
        ("how often is bread mentioned?", "what about butter?", "every", ("butter",)),
        ("what is said about bread?", "and how about butter?", "search", ("butter",)),
    ],
)
def test_the_same_question_with_another_word(
    before: str, question: str, kind: str, words: tuple[str, ...]
) -> None:
    asked = after(before, question)
    assert (asked.plan.kind, asked.plan.words, asked.at) == (kind, words, None)


def test_a_pronoun_stands_for_the_words_before() -> None:
    asked = after("who is the baker?", "how many loaves does she sell?")
    assert "loaves" in asked.plan.words and "baker" not in asked.plan.words
    assert asked.plan.topic == ("baker",)
    third = Turn(asked, places([SECOND]))
    later = resolve("where does she sell her cakes?", [turn("who is the baker?"), third], [], 300.0)
    assert {"loaves", "baker"} <= set(later.plan.topic) and "cakes" in later.plan.words


def test_the_words_before_are_tried_at_another_place_first() -> None:
    asked = after("what is said about bread at 0:10?", "and at 2:00?")
    assert asked.plan.kind == "search" and asked.plan.words == ("bread",)
    assert asked.plan.window == (120.0, 120.0)
    assert asked.otherwise is not None and asked.otherwise.kind == "moment"


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long is the video?", "facts"),
        ("summarise the video", "summary"),
        ("list the scenes", "scenes"),
        ("when is it mostly red?", "look"),
        ("what is said at 1:05?", "moment"),
        ("who repaired the old roof of the mill?", "search"),
        ("How often is the mayor mentioned?", "every"),
    ],
)
def test_a_question_of_its_own_stays_one(question: str, kind: str) -> None:
    asked = after("every mention of bread", question)
    assert asked == Referring(understand(question, LENGTH))
    assert asked.plan.kind == kind


def test_the_nth_scene_after_a_list_of_scenes() -> None:
    scenes = [evidence_id("scene", VIDEO, 10.0 * n, 10.0 * n + 10) for n in range(3)]
    asked = after("list the scenes", "when does the third one start?", *scenes)
    assert (asked.plan.kind, asked.plan.nth) == ("scenes", 3)


@pytest.mark.parametrize(
    ("before", "question", "pick", "nth"),
    [
        ("list the scenes", "which one is the longest?", "longest", 0),
        ("how many scenes are there?", "and the shortest?", "shortest", 0),
        ("how many scenes are there?", "what is the fourth one?", "all", 4),
        ("what is the second scene?", "and the next one?", "all", 3),
        ("what is the second scene?", "and the one before?", "all", 1),
        ("where are the cuts?", "when is the last one?", "cuts", -1),
    ],
)
def test_one_of_the_scenes(before: str, question: str, pick: str, nth: int) -> None:
    scenes = [evidence_id("scene", VIDEO, 10.0 * n, 10.0 * n + 10) for n in range(3)]
    plan = after(before, question, *scenes).plan
    assert (plan.kind, plan.pick, plan.nth) == ("scenes", pick, nth)


def test_the_other_end_of_all_that_is_said() -> None:
    plan = after("what are the very first words spoken?", "and the last ones?", FIRST).plan
    assert (plan.kind, plan.everything, plan.edge) == ("moment", True, "end")


def test_later_counts_from_the_time_that_was_asked_for() -> None:
    asked = after("what is said at 0:20?", "and 5 seconds later?", FIRST)
    assert asked.plan.window == (25.0, 25.0)


def test_nothing_shown_points_nowhere() -> None:
    turns = [turn("is there a whale?")]
    for question in ("what was said there?", "ten seconds later", "and before that?"):
        assert resolve(question, turns, [], LENGTH).at is None
    turns.insert(0, turn("what is said about bread?", FIRST))
    asked = resolve("what was said there?", turns, HANDLES, LENGTH)
    assert asked.at is not None and asked.at.id == FIRST  # what was shown last


def test_the_other_video() -> None:
    asked = after("what is said about bread?", "and in the other video?", videos=[VIDEO, OTHER])
    assert asked.video == OTHER and asked.plan.words == ("bread",)
    alone = after("what is said about bread?", "and in the other video?", videos=[VIDEO])
    assert alone.video == ""


@pytest.mark.parametrize("question", ["", "?", "[", "[99999]", "#", "\U0001f40b", "x" * 4000])
def test_odd_follow_ups_are_resolved_somehow(question: str) -> None:
    assert after("every mention of bread", question).plan.question == question
