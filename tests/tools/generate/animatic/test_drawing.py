"""Products, letters, scripts and times: what films are made of."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import products
from tools.errors import RefusedRequest
from tools.generate.animatic.layers import layer_of, paste, placed, warp
from tools.generate.animatic.lettering import set_text, word_layers
from tools.generate.animatic.likeness import likeness
from tools.generate.animatic.look import look_of, rgb_of
from tools.generate.animatic.product import Product, read_product
from tools.generate.animatic.product_shot import ProductShot, Said
from tools.generate.animatic.scenery import Setting, setting_of
from tools.generate.animatic.script import headline, mood_of, script_of
from tools.generate.animatic.soundtrack import faded, mix, music, trimmed
from tools.generate.animatic.storyboard import captions_of
from tools.generate.animatic.timeline import joined_slots, spoken_slots
from tools.media import Utterance
from tools.vision import fonts
from tools.vision.colour import oklch
from tools.vision.fonts import drawable, font


def product(tmp_path: Path, name: str = "mug") -> Product:
    return read_product(str(getattr(products, name)(tmp_path / f"{name}.png")))


def test_a_product_is_cut_out_with_what_is_seen_through_its_handle(tmp_path: Path) -> None:
    mug = product(tmp_path)
    height, width = mug.mask.shape
    assert mug.is_cut and (width, height) == pytest.approx((275, 255), abs=6)
    assert mug.mask[height // 2, width // 3] == 255
    assert mug.mask[round(height * 0.52), round(width * 0.82)] == 0  # the hole of the handle
    assert mug.mask[4, width - 4] == 0


def test_a_white_label_on_white_is_no_hole(tmp_path: Path) -> None:
    bottle = product(tmp_path, "bottle")
    assert bottle.is_cut and bottle.mask[round(bottle.mask.shape[0] * 0.55)].max() == 255
    inside = bottle.mask[round(bottle.mask.shape[0] * 0.53), 20:-20]
    assert (inside > 200).mean() > 0.95


def test_a_picture_of_a_place_is_left_whole(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    Image.fromarray(noise).resize((480, 360)).save(tmp_path / "place.png")
    found = read_product(str(tmp_path / "place.png"))
    assert not found.is_cut and found.mask.min() == 255
    layer, _ = found.standing(200, 200)
    assert layer.alpha[layer.height // 2, layer.width // 2, 0] == 255


def test_a_photo_that_cannot_be_cut_is_shown_around_its_product(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    wood = np.full((240, 320, 3), (90, 50, 35)) + chance.normal(0, 14, (240, 320, 1))
    photo = (wood + chance.normal(0, 4, (240, 320, 3))).clip(0, 255).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "wood.png")
    photo[150:200, 200:240] = (235, 225, 200)
    Image.fromarray(photo).save(tmp_path / "box.png")
    found = read_product(str(tmp_path / "box.png"))
    assert not found.is_cut and found.rgb.shape[0] < 120 and found.rgb.shape[1] < 120
    box = (found.rgb == (235, 225, 200)).all(axis=-1)
    assert box.sum() == 50 * 40 and not box[[0, -1]].any() and not box[:, [0, -1]].any()
    assert read_product(str(tmp_path / "wood.png")).rgb.shape == photo.shape


def test_a_clear_background_is_a_mask(tmp_path: Path) -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    image.paste((220, 30, 30, 255), (20, 30, 80, 90))
    image.save(tmp_path / "clear.png")
    found = read_product(str(tmp_path / "clear.png"))
    assert found.is_cut and found.rgb.shape[:2] == (60, 60)


def test_colours_come_from_the_product(tmp_path: Path) -> None:
    _, chroma, hue = product(tmp_path).accent
    assert chroma > 0.1 and 20 < hue < 50  # red to orange
    _, _, hue = product(tmp_path, "bottle").accent
    assert 230 < hue < 265
    for name, words in (
        ("night", "an elegant evening"),
        ("bold", "sporty"),
        ("soft", "gemütlich schlicht"),
    ):
        styles = {look_of(product(tmp_path), words, 0).style}
        assert styles <= {name, "night"}


def test_colours_are_the_ones_that_were_named() -> None:
    for lightness, chroma, hue in ((0.6, 0.12, 30), (0.9, 0.05, 150), (0.3, 0.08, 270)):
        light, strength, angle = oklch(np.array([rgb_of(lightness, chroma, hue)]) / 255)
        assert light[0] == pytest.approx(lightness, abs=0.01)
        assert strength[0] == pytest.approx(chroma, abs=0.01)
        assert angle[0] == pytest.approx(hue, abs=4)


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (360, 360)])
@pytest.mark.parametrize("layout", ["right", "left", "close", "end"])
def test_words_stay_inside_the_picture_and_are_legible(
    tmp_path: Path, size: tuple[int, int], layout: str
) -> None:
    mug = product(tmp_path)
    said = Said(
        "Every glaze is poured by hand", "so no two of them are alike.", 0.3, 1.2, "Ton", "Buy"
    )
    for words in ("soft", "bold", "night"):
        shot = ProductShot(size, mug, look_of(mug, words, 0), layout, said, 0)
        canvas = shot.paint(2.0, 3.0)
        assert canvas.shape == (size[1], size[0], 3)
        assert shot.words_seen(canvas) > 0.6
        for layer, left, top in shot.words:
            assert left >= 0.04 * size[0] and left + layer.width <= 0.99 * size[0]
            assert top >= 0.04 * size[1] and top + layer.height * 0.7 <= 0.97 * size[1]
        seen = likeness(canvas, shot.picture_map(2.0, 3.0), mug.rgb.shape[1::-1], mug)
        assert seen.score > 0.8


def test_likeness_tells_products_apart(tmp_path: Path) -> None:
    mug, bottle, lamp = (product(tmp_path, name) for name in ("mug", "bottle", "lamp"))
    shot = ProductShot((640, 360), mug, look_of(mug, "", 0), "right", Said("Hi", "", 0, 1), 0)
    canvas, place = shot.paint(2.0, 3.0), shot.picture_map(2.0, 3.0)
    shown = mug.rgb.shape[1::-1]
    assert likeness(canvas, place, shown, mug).score > 0.85
    assert likeness(canvas, place, shown, bottle).score < 0.5
    assert likeness(canvas, place, shown, lamp).score < 0.5
    away = place + np.array([[0, 0, 2000], [0, 0, 0]])
    assert likeness(canvas, away, shown, mug).score == 0.0


def test_letters_of_german_and_others_are_there() -> None:
    for text in ("Größe äöü ÄÖÜ ß „gut“ €", "Łódź čeština ğ", "Привіт", "Ελλάδα"):
        assert font(text, "Bold", 20).getname()[0] == "Manrope"
    assert drawable("Now 🎉 with ★ stars") == "Now with stars"


def test_letters_that_no_font_has_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", lambda: ())
    with pytest.raises(RefusedRequest, match="no font on this machine"):
        set_text("漢字かな", 200, 100)


def test_text_is_as_large_as_fits_and_its_lines_are_even() -> None:
    block = set_text("Hand-thrown stoneware keeps your coffee", 300, 200, largest=80)
    assert block.width <= 300 and block.height <= 200 and block.lines >= 2
    assert {layer.height for layer, _, _ in word_layers(block, (0, 0, 0))}
    long = set_text("word " * 60, 200, 100, smallest=9)
    assert long.font.size >= 9


def test_a_layer_is_laid_between_pixels_and_cut_at_edges() -> None:
    canvas = np.zeros((40, 40, 3), np.uint8)
    layer = layer_of(Image.new("RGBA", (10, 10), (255, 255, 255, 128)))
    paste(canvas, layer, 35, -5)
    assert canvas[0, 36, 0] == 128 and canvas[10, 36, 0] == 0
    paste(canvas, layer, 100, 100)
    warp(canvas, layer, placed(layer, (20.0, 20.0), 1.0))
    assert 0 < canvas[20, 15, 0] <= 128
    assert canvas[20, 20, 0] == pytest.approx(128, abs=2)


@pytest.mark.parametrize(
    ("prompt", "title", "said"),
    [
        (
            "Make an ad for this mug: hand-thrown, keeps coffee hot, dishwasher safe", "",
            ["Say hello to this mug.", "Hand-thrown.", "Keeps coffee hot.", "Dishwasher safe."],
        ),
        ("an ad. It is red. It is light. It is yours. Buy it now.", "",
         ["It is red.", "It is light.", "It is yours.", "Buy it now."]),
        ("lamp", "Lumen", ["Meet Lumen.", "Lamp.", "Have a look today."]),
    ],
)  # fmt: skip
def test_a_brief_becomes_three_to_five_sentences(prompt: str, title: str, said: list[str]) -> None:
    assert script_of((), prompt, title, "en") == said


def test_a_script_that_is_given_is_kept() -> None:
    assert script_of(("One. Two!", "Three?"), "ignored", "", "en") == ["One.", "Two!", "Three?"]
    with pytest.raises(RefusedRequest, match="12 sentences"):
        script_of(tuple("Word." for _ in range(13)), "", "", "en")


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Cold for 24 hours.", ("Cold for 24 hours", "")),
        (
            "Every glaze is poured by hand, so no two are alike.",
            ("Every glaze is poured by hand", "so no two are alike."),
        ),
        (
            "A hand-thrown mug that keeps your coffee hot for an hour.",
            ("A hand-thrown mug", "that keeps your coffee hot for an hour."),
        ),
        (
            "Double steel keeps water in the bottle cold until the evening comes.",
            ("Double steel keeps water", "in the bottle cold until the evening comes."),
        ),
    ],
)
def test_a_headline_is_the_beginning_of_its_sentence(sentence: str, found: tuple[str, str]) -> None:
    assert headline(sentence, "en") == found


def test_moods_and_settings_follow_words() -> None:
    assert [mood_of(text) for text in ("a sporty ad", "ein ruhiger Abend", "a mug")] == [
        "bright", "calm", "warm",
    ]  # fmt: skip
    first = setting_of("A dog on a beach at sunset.", Setting())
    assert first == ("sunset", "sea") and setting_of("It barks.", first) == first
    assert setting_of("In der Nacht im Wald", first) == ("night", "trees")


def test_shots_fill_the_time_and_hold_their_sentences() -> None:
    slots, faster = spoken_slots(["one", "two", "three"], [1.0, 2.0, 1.5], 10.0)
    assert faster == 1.0 and slots[0].start == 0.0 and slots[-1].end == 10.0
    for slot, length in zip(slots, (1.0, 2.0, 1.5), strict=True):
        assert slot.start < slot.spoken < slot.silent <= slot.end
        assert slot.silent - slot.spoken == pytest.approx(length)
        assert slot.start * 25 == pytest.approx(round(slot.start * 25))
    _, faster = spoken_slots(["one", "two"], [3.0, 3.0], 7.2)
    assert 1.0 < faster <= 1.3
    with pytest.raises(RefusedRequest, match="shorten it"):
        spoken_slots(["one", "two"], [6.0, 6.0], 8.0)
    joined = joined_slots([2.0, 3.0, 2.0])
    assert joined[-1].end == pytest.approx(6.2) and joined[1].start == pytest.approx(1.6)


def test_music_gives_way_to_the_voice() -> None:
    bed = music("warm", 6.0, 1)
    assert bed.shape == (2, 288_000) and np.array_equal(bed, music("warm", 6.0, 1))
    assert not np.array_equal(bed, music("warm", 6.0, 2))
    for mood in ("bright", "calm"):
        assert np.abs(music(mood, 3.0, 0)).max() > 0.05
    # A voice of which the place is known, and that itself is silent there but for two clicks.
    voice = np.zeros((2, 96_000), np.float32)
    voice[:, 0] = voice[:, -1] = 0.5
    mixed = mix(6.0, [(2.0, voice)], [], bed)
    alone = mix(6.0, [], [], bed)

    def power(samples: np.ndarray, first: float, last: float) -> float:
        return float(np.square(samples[:, round(first * 48e3) : round(last * 48e3)]).mean())

    before = power(mixed, 0.5, 1.5) / power(alone, 0.5, 1.5)
    under = power(mixed, 2.4, 3.6) / power(alone, 2.4, 3.6)
    assert 10 * np.log10(under / before) == pytest.approx(-10, abs=1.5)


def test_silence_around_a_voice_is_cut_and_edges_are_faded() -> None:
    voice = np.zeros((2, 48_000), np.float32)
    voice[:, 12_000:24_000] = 0.3
    cut = trimmed(voice)
    assert cut.shape[1] == pytest.approx(12_000 + 2 * 240, abs=2)
    assert trimmed(np.zeros((2, 100), np.float32)).shape[1] == 0
    slope = faded(np.ones((2, 4800), np.float32), 0.02)
    assert slope[0, 0] == 0 and slope[0, 2400] == 1 and slope[0, -1] == 0


def test_captions_of_a_span_begin_at_its_start_and_are_short() -> None:
    said = [
        Utterance("v", 1.0, 3.0, "Before and into it."),
        Utterance("v", 4.0, 12.0, "word " * 40),
        Utterance("v", 30.0, 31.0, "After."),
    ]
    cues = captions_of(said, 2.0, 10.0)
    assert cues[0] == (0.0, 1.0, "Before and into it.")
    assert all(len(text) <= 100 for _, _, text in cues) and len(cues) >= 3
    assert cues[-1][1] <= 8.0 and all(a < b for a, b, _ in cues)
