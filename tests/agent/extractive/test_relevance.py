"""How much of a question a piece of evidence covers, on words with known weights."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agent.extractive.answer_type import sought
from agent.extractive.query import understand
from agent.extractive.relevance import ENOUGH, FIGURE, IN_CONTEXT, RELATED, Relevance
from tools.evidence import of_passage, of_screen
from tools.media import Evidence, ScreenText, Utterance
from tools.search.corpus import Corpus

VIDEO = "a" * 16
SAID = [
    Utterance(VIDEO, 0.0, 4.0, "The mill was built by two brothers."),
    Utterance(VIDEO, 4.5, 8.0, "Its wheel turns all day."),
    Utterance(VIDEO, 40.0, 44.0, "The miller sells flour because the bakers need it."),
    Utterance(VIDEO, 60.0, 64.0, "We open at 9:30 on Saturdays in March."),
    Utterance(VIDEO, 80.0, 84.0, "A sack costs four euros and the sack is brown."),
]
SHOWN = [ScreenText(VIDEO, 0.0, 6.0, "OLD MILL 1742", (0.1, 0.1, 0.5, 0.2))]


class Near:
    """Two directions: everything about grain, and everything else."""

    contextual = multilingual = False
    synonym_cosine = 0.5

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        grain = ("flour", "corn", "miller")
        return np.array([[1.0, 0.0] if text in grain else [0.0, 1.0] for text in texts])


class Strange(Near):
    """No word means what another does."""

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros((len(texts), 2))


class Texts:
    """As much of a toolbox as weighing needs."""

    texts = property(lambda self: self)

    def __init__(self, embedder: Any = None) -> None:
        self.embedder = embedder or Strange()
        self._corpora = Corpus(SAID), Corpus(SHOWN, noisy=True)

    def corpora(self, videos: Sequence[str]) -> Any:
        return self._corpora


def weigher(embedder: Any = None) -> Relevance:
    return Relevance(Texts(embedder), [VIDEO])  # type: ignore[arg-type]


def evidence(number: int) -> Evidence:
    return of_passage([SAID[number]], None)


def test_what_holds_a_word_in_any_form() -> None:
    relevance = weigher()
    assert relevance.holders("mills") == {SAID[0].id, SHOWN[0].id}
    assert relevance.holders("selling") == {SAID[2].id}
    assert relevance.holders("submarine") == set()
    assert relevance.missing(["mill", "submarine", "flour"]) == ["submarine"]


def test_share_is_one_for_all_words_and_none_for_none() -> None:
    relevance = weigher()
    assert relevance.share(["miller", "flour"], evidence(2)) == pytest.approx(1.0)
    assert relevance.share(["submarine"], evidence(2)) == 0.0
    assert relevance.share([], evidence(2)) == 0.0
    assert 0 < relevance.share(["miller", "submarine"], evidence(2)) < ENOUGH


def test_words_beside_the_evidence_count_less_and_never_alone() -> None:
    relevance = weigher()
    both = relevance.share(["wheel", "brothers"], evidence(1))
    assert both == pytest.approx((1 + IN_CONTEXT) / 2)
    assert relevance.share(["brothers"], evidence(1)) == 0.0
    assert relevance.share(["wheel", "flour"], evidence(1)) == pytest.approx(0.5)
    seen = of_screen(SHOWN[0], None)
    figure = (FIGURE + IN_CONTEXT) / (FIGURE + 1)  # a number says more than its rarity
    assert relevance.share(["1742", "brothers"], seen) == pytest.approx(figure)


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    relevance = weigher()
    rare = relevance.share(["brothers", "submarine"], evidence(0))
    common = relevance.share(["mill", "submarine"], evidence(0))
    assert rare > common > 0


def test_a_word_of_the_same_meaning_stands_in_only_where_the_word_is_nowhere() -> None:
    relevance = weigher(Near())
    assert set(relevance.related("corn")) == {"miller", "flour"}
    assert relevance.share(["corn"], evidence(2)) == pytest.approx(RELATED)
    assert {"flour", "wheel"} <= set(relevance.known(["corn", "wheel"]))
    assert "corn" not in relevance.known(["corn", "wheel"])
    assert relevance.known(["flour"]) == ["flour"]
    assert relevance.related("1742") == [] and relevance.related("ox") == []
    assert weigher().related("corn") == []


@pytest.mark.parametrize(
    ("question", "number", "fits"),
    [
        ("how many brothers built the mill?", 0, True),
        ("how many sacks are sold?", 2, False),
        ("how much does a sack cost?", 4, True),
        ("how much does the flour cost?", 2, False),
        ("what is the price of a sack?", 4, True),
        ("on which days are you open?", 3, True),
        ("on which day is the mill built?", 0, False),
        ("in which month do you open?", 3, True),
        ("which month do they sell flour?", 2, False),
        ("at what time do you open?", 3, True),
        ("at what time does the wheel turn?", 1, False),
        ("in what year was the mill built?", 0, False),
        ("what colour is the sack?", 4, True),
        ("what colour is the mill?", 0, False),
        ("why does the miller sell flour?", 2, True),
        ("why was the mill built?", 0, False),
        ("who built the mill?", 0, True),
    ],
)
def test_the_kind_of_thing_that_was_asked_for(question: str, number: int, fits: bool) -> None:
    words = sought(understand(question, 90.0))
    assert weigher().fits(question, evidence(number), words) is fits


def test_a_year_on_screen_fits_a_question_for_a_year() -> None:
    question = "in what year was the mill built?"
    assert weigher().fits(question, of_screen(SHOWN[0], None), ["mill", "built"])


def test_the_number_asked_for_is_not_the_one_in_the_question() -> None:
    one = replace(evidence(0), text="There are 12 sacks.")
    assert not weigher().fits("how many mice are among the 12 sacks?", one, ["mice", "12", "sack"])
    assert weigher().fits("how many sacks are there?", one, ["sack"])


def test_words_that_name_only_the_kind_are_not_sought() -> None:
    assert sought(understand("in what year was the mill built?", 90.0)) == ("mill", "built")
    assert "month" not in sought(understand("which month do you open?", 90.0))
    assert sought(understand("what is said about the calendar month?", 90.0))


def test_small_words_and_times_break_ties() -> None:
    relevance = weigher()
    last = replace(evidence(0), text="The last sack is sold.")
    assert relevance.bonus("when is the last sack sold?", last) > relevance.bonus(
        "when is the last sack sold?", evidence(0)
    )
    when, what = (relevance.bonus(f"{word} do you open?", evidence(3)) for word in ("when", "what"))
    assert when > what >= 0
