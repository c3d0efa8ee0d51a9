"""Which questions are about the video itself, whatever the order and company of their words."""

import pytest

from agent.extractive.video_questions import (
    about,
    asks_facts,
    asks_gist,
    asks_scenes,
    concepts,
    informal,
)


@pytest.mark.parametrize(
    "question",
    [
        "how long is this video",
        "how long does it take?",
        "how long is this one, and has it got sound?",
        "which video codec is it, and how many fps?",
        "what's the dominant colour in this video?",
        "how many scenes are there in total",
        "are there any cuts or is it all one scene",
        "is it silent?",
        "when was the clip filmed?",
        "what is the frame rate",
        "how big is the video?",
    ],
)
def test_facts_of_the_file(question: str) -> None:
    assert asks_facts(question, concepts(question))


@pytest.mark.parametrize(
    "question",
    [
        "how long does the train take?",
        "how many goats are there?",
        "when does the siren sound?",
        "what colour is the tractor?",
        "which scene is the longest?",
        "how long is the longest scene?",
        "when are the cuts?",
        "who made the cheese?",
        "how big is the barn?",
    ],
)
def test_what_is_in_the_video_is_no_fact_of_the_file(question: str) -> None:
    assert not asks_facts(question, concepts(question))


@pytest.mark.parametrize(
    "question",
    [
        "what's this one about, short version please",
        "could you sum the video up for me in a few sentences please",
        "give me the gist",
        "tl;dr",
        "what happens in the film?",
        "describe the clip",
    ],
)
def test_the_gist(question: str) -> None:
    assert asks_gist(question, concepts(question))


@pytest.mark.parametrize(
    "question",
    [
        "what is said about the mill?",
        "what happens after the storm?",
        "what is the mill about to do?",
    ],
)
def test_a_part_is_not_the_gist(question: str) -> None:
    assert not asks_gist(question, concepts(question))


@pytest.mark.parametrize(
    ("question", "pick"),
    [
        ("list the scenes", "all"),
        ("which shot is the longest?", "longest"),
        ("what is the shortest scene", "shortest"),
        ("where are the cuts?", "cuts"),
        ("at what time is there a hard cut?", "cuts"),
        ("time of the last cut?", "last"),
        ("when does the picture change for the first time?", "first"),
        ("when does the background change colour", "cuts"),
        ("is it one long take or is there a cut somewhere? if so when", "cuts"),
        ("who cut the grass?", ""),
        ("what is written in the scene with the tractor?", ""),
    ],
)
def test_scenes_and_the_cuts_between_them(question: str, pick: str) -> None:
    assert asks_scenes(question, concepts(question)) == pick


def test_the_short_forms_of_chats_are_written_out() -> None:
    assert informal("whats this vid bout pls") == "what's this video about please"
    assert informal("who's there") == "who's there"


@pytest.mark.parametrize(
    "question, part",
    [
        ("Summarise this video", "overview"),
        ("what are the chapters?", "chapters"),
        ("Show me the key moments", "highlights"),
        ("What are the main events?", "events"),
    ],
)
def test_which_part_of_the_whole_is_asked_for(question: str, part: str) -> None:
    assert about(question) == part
    assert asks_gist(question.lower(), concepts(question.lower()))


@pytest.mark.parametrize(
    "question",
    ["What is the key safe code?", "When is the event in Saltby?", "Who wrote chapter 3?"],
)
def test_a_word_of_it_beside_others_asks_for_something_else(question: str) -> None:
    assert not asks_gist(question.lower(), concepts(question.lower()))
