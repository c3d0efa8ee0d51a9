"""The hands: each of its own words, and no word that would give two questions one meaning."""

import random
import re
from collections.abc import Iterable
from itertools import combinations

import pytest

from agent.evaluation.film_generator import FILMS, generate_films
from agent.evaluation.film_writer import COLOURS, FORMS, WIDEST, WIDTH, draw_frame
from agent.evaluation.hand import HANDS, HELD_OUT, load_hand
from agent.evaluation.question_set import question_set

SMALL = {"a", "an", "the", "of", "in", "on", "to", "and", "is", "at", "for", "with", "by", "up"}


def words(texts: Iterable[str]) -> set[str]:
    """Words of these texts but for the smallest."""
    return {word for text in texts for word in re.findall(r"[\w']+", text.lower())} - SMALL


def written_for_films(name: str) -> set[str]:
    """Words of everything that a hand lets be said or written around subjects and values."""
    hand = load_hand(name)
    around = (hand.words[key] for key in ("mentions", "asides", "titles", "notices"))
    tells = (relation.tells for relation in hand.relations.values())
    return words(text for texts in (*around, *tells) for text in texts)


def subjects(name: str) -> set[str]:
    """Words of everything that the films of a hand can be about."""
    hand = load_hand(name)
    told = [subject for relation in hand.relations for subject in hand.subjects(relation)]
    return words((*told, *hand.words["repeated"]))


@pytest.mark.parametrize("name", HANDS)
def test_no_word_of_a_subject_stands_anywhere_else_in_a_film(name: str):
    assert not subjects(name) & written_for_films(name)
    relations = load_hand(name).relations.values()
    lists = {one.values for one in relations if isinstance(one.values, str)}
    values = lists - {one.subjects for one in relations} - {"clock", "price"}
    assert not subjects(name) & words(v for key in values for v in load_hand(name).words[key])


@pytest.mark.parametrize("name", HANDS)
def test_what_is_absent_and_what_is_drawn_is_never_spoken_of(name: str):
    hand = load_hand(name)
    never = words((*hand.words["absent_things"], *COLOURS, *FORMS))
    others = (
        texts for key, texts in hand.words.items() if key not in ("absent_things", "film_names")
    )
    assert not never & (words(text for texts in others for text in texts) | written_for_films(name))


@pytest.mark.parametrize("name", HANDS)
def test_every_name_of_a_list_is_one_and_every_list_is_used(name: str):
    hand = load_hand(name)
    used = {"film_names", "mentions", "asides", "titles", "notices", "repeated", "absent_things"}
    for relation in hand.relations.values():
        used |= {relation.subjects}
        if isinstance(relation.values, str):
            used |= {relation.values}
        assert relation.tells and relation.asks
    assert used - {"clock", "price"} == set(hand.words)


def test_hands_ask_the_same_questions_in_other_words():
    kinds = [{name: kind for name, (kind, _) in load_hand(h).questions.items()} for h in HANDS]
    assert all(one == kinds[0] for one in kinds)
    for one, other in combinations(map(load_hand, HANDS), 2):
        tells, asks = (
            [
                {t for r in hand.relations.values() for t in getattr(r, what)}
                for hand in (one, other)
            ]
            for what in ("tells", "asks")
        )
        # A sign is a word and a number in every hand.
        assert not {t for t in tells[0] & tells[1] if len(t.split()) > 3}
        assert not asks[0] & asks[1]
        same = [
            len(set(one.questions[name][1]) & set(other.questions[name][1]))
            for name in one.questions
        ]
        assert sum(same) <= 2


def test_one_hand_is_held_out_and_the_first():
    assert HANDS[0] == HELD_OUT == "complaints"
    assert [film.hand for film in generate_films(1)] == [load_hand("complaints")] * FILMS


@pytest.mark.parametrize("name", HANDS)
def test_the_same_seed_and_hand_make_the_same_films_and_questions(name: str):
    one, same, other = generate_films(7, name), generate_films(7, name), generate_films(8, name)
    assert one == same and one != other
    assert question_set(one, 7) == question_set(same, 7)


@pytest.mark.parametrize("name", HANDS)
def test_a_question_is_true_of_its_film_whoever_asks(name: str):
    made = generate_films(11, name)
    texts = {film.name: [s.text.lower() for s in (*film.lines, *film.signs)] for film in made}
    for one in question_set(made, 11):
        film = next(film for film in made if film.name == one.videos[0])
        assert "{" not in one.text
        assert bool(one.truth) == (one.expect == "found")
        assert all(0 <= span.start <= span.end for span in one.truth)
        assert all(span.end <= film.duration for span in one.truth if span.video == film.name)
        held = " ".join(text for video in one.videos for text in texts[video])
        if one.kind in ("said", "written") and one.expect == "found":
            assert any(value.lower() in held for value in one.accepted), one
        if one.kind == "whole":
            assert len(one.facts) == 5
            for subject, *values in one.facts:
                assert subject.lower() in held
                assert not values or any(value.lower() in held for value in values)
        if one.expect == "outside":
            numbers = [int(number) for number in re.findall(r"\d+", one.text)]
            minutes = numbers[-2] if len(numbers) > 1 else 0
            assert 60 * minutes + numbers[-1] > film.duration


@pytest.mark.parametrize("name", HANDS)
def test_every_sign_fits_in_the_picture(name: str):
    for film in generate_films(3, name)[:3]:
        for sign in film.signs:
            image = draw_frame(film, sign.start).crop((0, 20, WIDTH, 100)).convert("L")
            dark = image.point([255 if level < 40 else 0 for level in range(256)]).getbbox()
            assert dark
            shot = next(shot for shot in film.shots if sign.start < shot.end)
            assert shot.colour == "black" or dark[2] - dark[0] <= WIDEST + 40


def test_a_hand_types_as_it_does():
    hand, rng = load_hand("pupil"), random.Random(1)
    typed = [hand.typed("When do they talk about Volcano?", rng) for _ in range(400)]
    small = [text for text in typed if text[0] == "w" and not text.endswith("?")]
    assert abs(len(small) / 400 - hand.casual) < 0.06
    right = {"when do they talk about volcano", "When do they talk about Volcano?"}
    slips = [text for text in typed if text not in right]
    assert abs(len(slips) / 400 - hand.slips) < 0.09
    assert all(
        sorted(text.lower()[:31]) == sorted("when do they talk about volcano") for text in slips
    )
