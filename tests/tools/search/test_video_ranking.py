import pytest

from tools.search.video_ranking import (
    NEAR,
    question_pairs,
    question_stems,
    video_scores,
    video_traits,
)

QUESTION = "How do I link the smart object?"


def test_what_a_question_asks_the_catalog_for():
    assert list(question_stems(QUESTION)) == ["link", "smart", "object"]
    assert question_pairs(QUESTION) == [("smart", "object")]
    stems = question_stems("What does the video show?")
    assert stems and max(stems.values()) < 1  # what questions are made of says less
    assert question_stems("?") == {} and question_pairs("灯塔高") == [("灯塔", "塔高")]


def test_a_rare_word_says_more_and_an_often_one_not_much_more():
    counts = {"link": {"a": 1}, "object": dict.fromkeys("bcdefg", 1) | {"b": 50}}
    scores = video_scores(video_traits(QUESTION, counts, {}, [], 10))
    assert scores["a"] > scores["c"] and scores["c"] < scores["b"] < 6 * scores["c"]
    assert "h" not in scores


def test_a_pair_and_a_near_passage_lift_a_video():
    counts = {"smart": {"a": 2, "b": 2}, "object": {"a": 2, "b": 2}}
    plain = video_scores(video_traits(QUESTION, counts, {}, [], 10))
    assert plain["a"] == plain["b"]
    paired = video_scores(video_traits(QUESTION, counts, {("smart", "object"): {"b": 1}}, [], 10))
    assert paired["b"] > paired["a"] == plain["a"]
    nearest = [("c", 0.2), ("a", 0.5), ("a", 0.3)]
    near = video_scores(video_traits(QUESTION, counts, {}, nearest, 10))
    assert near["a"] == pytest.approx(plain["a"] + 0.3 * NEAR)
    assert near["b"] == plain["b"] and near["c"] == 0
