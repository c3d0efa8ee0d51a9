"""The videos and questions that are made, and a small run from end to end."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from agent.evaluation.film_generator import generate_films
from agent.evaluation.film_writer import COLOURS, RATE, draw_frame, soundtrack, write_film
from agent.evaluation.ground_truth import Film, Question
from agent.evaluation.question_generator import QuestionGenerator
from agent.evaluation.question_set import COUNT, KINDS, question_set
from agent.evaluation.run import Evaluation, evaluate_cases
from agent.settings import Settings


def quiet(task: str, done: int, of: int) -> None:
    """Tell nobody."""


def test_another_seed_tells_other_facts():
    said = [{s.text for film in generate_films(n) for s in film.facts} for n in (7, 8)]
    assert len(said[0] & said[1]) < 0.1 * len(said[0])


def test_the_same_film_has_the_same_pictures_and_sound():
    one, same = generate_films(7)[1], generate_films(7)[1]
    for seconds in (0.0, 3.4, one.duration - 0.2):
        assert np.array_equal(draw_frame(one, seconds), draw_frame(same, seconds))
    assert np.array_equal(soundtrack(one), soundtrack(same))


def test_a_film_shows_and_sounds_what_its_truth_says():
    film = generate_films(3)[0]
    for shot in film.shots:
        corner = draw_frame(film, shot.start + 0.2).getpixel((470, 10))
        assert np.allclose(corner, COLOURS[shot.colour], rtol=0.16, atol=2)
    for shape in film.shapes:
        row = np.asarray(draw_frame(film, (shape.start + shape.end) / 2))[170]
        assert (row == COLOURS[shape.colour]).all(1).any()
    for sign in film.signs:
        before, after = (np.asarray(draw_frame(film, sign.start + at)) for at in (-0.2, 0.0))
        assert (before[40:80] != after[40:80]).any()
    samples = soundtrack(film)
    level = [
        np.abs(samples[round(n.start * RATE) : round(n.end * RATE)]).max() for n in film.noises
    ]
    assert film.silence and min(level) > 0.3
    assert not samples[round(film.silence[0] * RATE) : round(film.silence[1] * RATE)].any()


def test_the_questions_are_of_every_kind_and_in_the_promised_shares():
    asked = question_set(generate_films(5), 5)
    assert len(asked) == COUNT
    assert Counter(one.kind for one in asked).keys() == set(KINDS)
    assert min(Counter(one.kind for one in asked).values()) >= 15
    assert sum(one.expect == "absent" for one in asked) == 36
    assert sum(one.expect == "adjacent" for one in asked) == 24
    assert sum(one.expect == "outside" for one in asked) == 10
    assert sum(one.expect == "cannot" for one in asked) == 7
    assert sum(one.follows_up for one in asked) == 60
    talks = [one.conversation for one in asked if one.follows_up]
    assert all(sum(one.conversation == talk for one in asked) == 2 for talk in talks)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evaluation, Path]:
    """A few questions about one film, asked of the model without a language model."""
    folder = tmp_path_factory.mktemp("films")
    film = min(generate_films(2), key=lambda film: film.duration)
    asked = _one_of_each(film)
    settings = Settings(home=folder / "home", model="extractive", hub="off")
    return evaluate_cases(settings, asked, {film.name: write_film(film, folder)}, quiet), folder


def _one_of_each(film: Film) -> list[Question]:
    import random

    generator = QuestionGenerator(film, [film], random.Random(1))
    single = [c[0] for c in generator.conversations() if len(c) == 1]
    first = {(question.kind, question.expect): question for question in reversed(single)}
    return list(first.values())


def test_a_small_run_finds_most_and_leads_nowhere_never(small: tuple[Evaluation, Path]):
    run, _ = small
    assert run.model == "extractive"
    assert run.score["cases"] == len(run.questions) == len(run.responses) >= 15
    assert run.score["unresolved"] == 0
    assert run.score["cost_usd"] == 0.0
    assert run.score["shown"] > run.baseline["shown"]
    assert run.score["first_answer_s"] and run.score["first_answer_s"] > 0
    assert run.score["accuracy"] and run.baseline["accuracy"] is not None
    assert run.score["accuracy"] > max(0.5, run.baseline["accuracy"])
    assert run.baseline["false_absent"] == 1.0


def test_a_run_leaves_nothing_behind_in_the_users_library(small: tuple[Evaluation, Path]):
    assert not (small[1] / "home").exists()
