"""What kind of thing is asked for, and which texts hold one."""

import pytest

from agent.extractive.answer_type import fits, heads, holds_kind
from agent.extractive.words import is_phrasing


@pytest.mark.parametrize(
    ("question", "said", "right"),
    [
        ("how long does the climb take?", "The climb takes forty minutes.", True),
        ("how long does the climb take?", "They climb three times a day.", False),
        ("how long did it last", "It went on for half an hour.", True),
        ("how old is the miller?", "The miller has worked here for twenty years.", False),
        ("how old is the miller?", "The miller is sixty years old.", True),
        ("how tall is the mill?", "The mill is 21 metres high.", True),
        ("how tall is the mill?", "The mill has two doors.", False),
        ("how heavy is the stone?", "The stone weighs two tons.", True),
        ("how heavy is the stone?", "The stone was turned in 1742.", False),
        ("what is the miller's surname?", "This is Tom, the miller.", False),
        ("what is the miller's surname?", "This is Tom Becket, the miller.", True),
        ("what is the goat called?", "The goat Bertha eats everything.", True),
        ("what is the goat called?", "The goat eats everything.", False),
        ("which day is the fair?", "The fair opens on Fridays.", True),
        ("which day is the fair?", "The fair opens in May.", False),
    ],
)
def test_a_text_holds_what_was_asked_for(question: str, said: str, right: bool) -> None:
    assert fits(question, said, said, ()) is right


def test_the_head_of_a_question() -> None:
    assert heads("which radio channel is it?") == {"radio", "channel"}
    assert heads("how many sacks are there?") >= {"sacks"}
    assert heads("what is the mill?") == set()
    assert heads("which line and column is it on?") == {"line", "column"}


def test_kinds_of_things() -> None:
    assert holds_kind("what time does it open?", "Open from 10:00")
    assert not holds_kind("what time does it open?", "It is open")
    assert not holds_kind("who opens it?", "Open from 10:00")


@pytest.mark.parametrize("word", ["suddenly", "huge", "little", "spots", "happening"])
def test_words_that_people_ask_with(word: str) -> None:
    assert is_phrasing(word)


@pytest.mark.parametrize("word", ["whale", "painted", "dog", "repaired", "parking"])
def test_words_that_say_what_is_asked_for(word: str) -> None:
    assert not is_phrasing(word)
