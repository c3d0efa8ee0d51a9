"""What search takes for one word, and what for two."""

import pytest

from tools.text.tokens import stem, surface_forms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("evening", "even"),
        ("universities", "universal"),
        ("organizations", "organs"),
        ("internal", "interns"),
        ("paste", "past"),
        ("emergency", "emerge"),
        ("adding", "ads"),
    ],
)
def test_words_that_older_rules_of_the_stemmer_confuse_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_forms_and_spellings_of_a_word_are_one() -> None:
    for forms in ("evening evenings", "organise organized", "twelve 12", "children child"):
        assert len({stem(word) for word in surface_forms(forms)}) == 1, forms
