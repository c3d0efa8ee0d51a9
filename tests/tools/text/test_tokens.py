"""What search takes for one word, and what for two."""

import pytest

from tools.text.tokens import is_character, stem, surface_forms


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("東京", ["東京"]),
        ("東", ["東"]),
        ("今天3点, OK灯塔建", ["今天", "3", "点", "ok", "灯塔", "塔建"]),
        ("カメラ・レンズ", ["カメ", "メラ", "レン", "ンズ"]),
        ("ที่นี่", ["ที่นี่"]),
        ("ไฟแดง", ["ไฟ", "ฟแ", "แด", "ดง"]),
        ("등대가 높다", ["등대", "대가", "높다"]),
    ],
)
def test_scripts_without_spaces_have_pairs_of_characters_for_words(
    text: str, words: list[str]
) -> None:
    assert surface_forms(text) == words


def test_one_character_of_such_a_script() -> None:
    assert is_character("塔") and is_character("ที่")
    assert not any(map(is_character, ("灯塔", "a", "", "7")))
