import time

import numpy as np
import pytest
from PIL import ImageColor

from tools.media import Attributes
from tools.search.colour_search import LookQuery, parse_look, rank_frames
from tools.vision.colour import COLOURS, measure_attributes

VIDEO = "7f3a9c21d0e4b512"

# CSS colour names, sorted by what most people would call them in eleven words and cyan.
NAMED = {
    "black": "black",
    "white": "white snow ivory azure whitesmoke ghostwhite mintcream seashell linen",
    "grey": "grey dimgrey silver lightgrey gainsboro darkgrey slategrey",
    "red": "red crimson firebrick darkred maroon brown orangered tomato indianred",
    "orange": "orange darkorange coral sandybrown lightsalmon",
    "yellow": "yellow gold khaki goldenrod lemonchiffon palegoldenrod",
    "green": "green lime forestgreen darkgreen limegreen seagreen lightgreen olive olivedrab "
    "chartreuse springgreen yellowgreen palegreen darkolivegreen mediumseagreen",
    "cyan": "cyan teal turquoise aquamarine darkcyan lightseagreen mediumturquoise cadetblue",
    "blue": "blue navy midnightblue royalblue dodgerblue steelblue skyblue lightblue "
    "cornflowerblue deepskyblue mediumblue darkblue lightskyblue",
    "purple": "purple indigo rebeccapurple darkviolet blueviolet mediumpurple darkorchid "
    "mediumorchid darkmagenta slateblue",
    "pink": "pink hotpink deeppink lightpink palevioletred mediumvioletred plum orchid",
    "brown": "saddlebrown sienna peru tan rosybrown",
}


@pytest.mark.parametrize(("name", "css"), [(n, c) for n, cs in NAMED.items() for c in cs.split()])
def test_colours_are_named_as_people_name_them(name: str, css: str):
    plain = np.full((1, 1, 3), ImageColor.getrgb(css)[:3], np.uint8)
    assert measure_attributes(VIDEO, 0, plain).colours == {name: 1}


def picture(*halves: tuple[int, int, int]) -> np.ndarray:
    rgb = np.zeros((36, 64, 3), np.uint8)
    width = 64 // len(halves)
    for i, colour in enumerate(halves):
        rgb[:, i * width : (i + 1) * width] = colour
    return rgb


def test_shares_light_and_saturation():
    look = measure_attributes(VIDEO, 2.5, picture((255, 0, 0), (0, 0, 0)))
    assert look.colours == {"red": 0.5, "black": 0.5}
    assert (look.video, look.seconds, look.motion) == (VIDEO, 2.5, 0)
    assert look.brightness == pytest.approx(0.2126 / 2, abs=1e-3)
    white = measure_attributes(VIDEO, 0, picture((255, 255, 255)))
    assert (white.brightness, white.saturation) == (1, 0)
    assert measure_attributes(VIDEO, 0, picture((0, 0, 0))).brightness == 0


def test_noise_in_the_dark_is_not_saturated():
    noise = np.random.default_rng(0).integers(0, 6, (36, 64, 3), dtype=np.uint8)
    look = measure_attributes(VIDEO, 0, noise)
    assert look.colours == {"black": 1} and look.saturation < 0.35


def test_shares_add_up_to_one():
    pixels = np.random.default_rng(1).integers(0, 256, (36, 64, 3), dtype=np.uint8)
    look = measure_attributes(VIDEO, 0, pixels)
    assert sum(look.colours.values()) == pytest.approx(1, abs=0.002)
    assert set(look.colours) <= set(COLOURS)


def test_a_frame_takes_less_than_a_millisecond():
    pixels = np.random.default_rng(1).integers(0, 256, (36, 64, 3), dtype=np.uint8)
    measure_attributes(VIDEO, 0, pixels)
    times: list[float] = []
    for _ in range(50):
        start = time.perf_counter()
        measure_attributes(VIDEO, 0, pixels)
        times.append(time.perf_counter() - start)
    assert sorted(times)[10] < 0.001


@pytest.mark.parametrize(
    ("query", "look"),
    [
        ("when is it mostly red?", LookQuery(colours=("red",), mostly=True)),
        ("the dark scene", LookQuery(light="dark")),
        ("the darkest moment", LookQuery(light="dark", extreme=True)),
        ("bright frames", LookQuery(light="bright")),
        ("dark blue", LookQuery(colours=("blue",), light="dark")),
        ("black and white", LookQuery(tone="grey")),
        ("black-and-white pictures", LookQuery(tone="grey")),
        ("something black", LookQuery(colours=("black",))),
        ("a colourful scene", LookQuery(tone="colourful")),
        ("Where is the most movement?", LookQuery(motion="moving", extreme=True)),
        ("a still shot", LookQuery(motion="still")),
        ("the least motion", LookQuery(motion="still", extreme=True)),
        ("turquoise and violet", LookQuery(colours=("cyan", "purple"))),
        ("a red car", LookQuery(colours=("red",), rest=("car",))),
        ("what does the speaker say about bees", None),
        ("", None),
    ],
)
def test_looks_are_understood(query: str, look: LookQuery | None):
    assert parse_look(query) == look


def frame(seconds: float, motion: float = 0.0, **colours: float) -> Attributes:
    tint = {"black": 0.05, "blue": 0.25, "red": 0.3, "yellow": 0.85, "white": 1.0, "grey": 0.5}
    light = sum(tint.get(name, 0.4) * share for name, share in colours.items())
    grey = sum(colours.get(name, 0.0) for name in ("black", "white", "grey"))
    return Attributes(VIDEO, seconds, colours, light, (1 - grey) * 0.7, motion)


FILM = [
    frame(0, 0.01, white=0.9, grey=0.1),
    frame(2, 0.02, red=0.7, white=0.3),
    frame(4, 0.30, red=0.5, black=0.5),
    frame(6, 0.02, blue=0.9, black=0.1),
    frame(8, 0.00, black=1.0),
    frame(10, 0.00, green=0.3, yellow=0.3, blue=0.2, red=0.2),
]


def found(query: str, frames: list[Attributes] = FILM) -> list[tuple[float, float]]:
    look = parse_look(query)
    assert look is not None
    return [(start, end) for _, start, end, _ in rank_frames(look, frames)]


def test_frames_are_found_by_their_look():
    assert found("mostly red") == [(2, 4)]
    assert found("red") == [(2, 4), (10, 10)]
    assert found("the darkest scene") == [(8, 8)]
    assert found("most movement") == [(4, 4)]
    assert found("dark blue") == [(6, 6)]
    assert found("black and white") == [(0, 0), (8, 8)]
    assert found("colourful") == [(10, 10)]
    assert found("a bright scene") == [(0, 0)]


def test_what_is_not_there_is_not_found():
    assert found("purple") == []
    assert found("mostly yellow") == []
    assert found("colourful", FILM[:5]) == []
    assert found("most movement", [frame(0, red=1), frame(1, red=1)]) == []
    assert rank_frames(parse_look("red"), []) == []
    assert rank_frames(None, FILM) == []


def test_a_span_has_the_score_of_its_best_frame():
    assert rank_frames(parse_look("mostly red"), FILM) == [(VIDEO, 2, 4, 1.0)]


def test_scores_of_other_sources_join_in():
    ids = {one.seconds: f"frame:{VIDEO}@{round(one.seconds * 1000)}" for one in FILM}
    extra = {ids[4]: 0.9, ids[2]: 0.1, ids[0]: 0.95}
    assert rank_frames(parse_look("red"), FILM, extra)[0] == (VIDEO, 2, 4, 0.8667)
    assert rank_frames(None, FILM, extra) == [(VIDEO, 0, 4, 0.95)]


def test_distant_frames_and_other_videos_are_not_one_span():
    apart = [frame(0, red=1), frame(100, red=1)]
    other = [Attributes("0" * 16, 1, {"red": 1.0}, 0.3, 0.7, 0)]
    assert found("red", apart + other) == [(1, 1), (0, 0), (100, 100)]
