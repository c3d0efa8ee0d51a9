"""Answers from pictures and sound: a tiny picture model, colours and levels that are known."""

import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from agent.toolbelt import Toolbelt
from tools.errors import NotIndexed
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE, Providers
from tools.toolbox import Toolbox, open_toolbox

SEEING = Providers("none", "auto", "none", "siglip2", "none")
ORDER = ("red", "green", "blue", "green")
SHOT = 4.0
SAID = "1\n00:00:01,000 --> 00:00:03,000\nThe harbour was built by Ada in 1907.\n"
RATE, LENGTH = 16_000, 100


async def questions(toolbox: Toolbox, *asked: str) -> list[Answer]:
    """The answers to some questions of one conversation."""
    answers: list[Answer] = []
    thread: str | None = None
    async with open_agent(Settings(home=toolbox.library.home), toolbox=toolbox) as agent:
        for question in asked:
            *_, last = [event async for event in ask(agent, question, thread=thread)]
            assert isinstance(last, Answer)
            answers.append(last)
            thread = last.thread
    return answers


@pytest.fixture(scope="module", autouse=True)
def captions(tiny: Any) -> Iterator[None]:
    """What else could be said, for a model that knows colours only: mixtures of them."""
    drawn = np.random.default_rng(5).choice(list(tiny.COLOURS), (96, 12))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tools.search.calibration.DISTRACTORS", tuple(" ".join(one) for one in drawn))
        yield


@pytest.fixture(scope="module")
def coloured(encode: Any, tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four shots of four seconds; what they show is never said."""

    def paint(seconds: float) -> np.ndarray:
        picture = np.empty((180, 320, 3), np.uint8)
        picture[:] = tiny.COLOURS[ORDER[min(int(seconds / SHOT), 3)]]
        return picture

    path = encode(tmp_path_factory.mktemp("coloured") / "quay.mp4", paint, 4 * SHOT, tone=True)
    path.with_suffix(".srt").write_text(SAID)
    return path


@pytest.fixture(scope="module")
def seeing(coloured: Path, tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    library = Library(tmp_path_factory.mktemp("seeing"))
    tiny.install_pair(library.home, "siglip2")
    ingest(library, coloured, providers=SEEING)
    return open_toolbox(library, SEEING)


@pytest.fixture(scope="module")
def blind(coloured: Path, tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    library = Library(tmp_path_factory.mktemp("blind"))
    without = Providers("none", "auto", "none", "auto", "none")
    ingest(library, coloured, providers=without)
    return open_toolbox(library, without)


CANNOT = "without a picture model"


def times(answer: Answer) -> list[float]:
    """The start of each piece of evidence."""
    return [one.evidence.start for one in answer.evidence]


async def test_what_is_seen_is_told_by_likeness_where_no_words_tell_it(seeing: Toolbox):
    thing, many, moment = await questions(
        seeing,
        "is there a picture of a blue boat?",
        "is there a picture of a green boat?",
        "do we see a blue boat after 0:06?",
    )
    (cited,) = thing.evidence
    assert thing.found and 2 * SHOT <= cited.evidence.start <= cited.evidence.end < 3 * SHOT
    assert f"comes close, {cited.evidence.score:.2f}" in thing.answer
    assert [claim.verdict for claim in thing.claims] == ["weak"]  # likeness is no fact
    assert [start // SHOT for start in times(many)] == [1, 3]
    assert moment.found and times(moment) == times(thing)


async def test_what_no_picture_shows_is_not_blamed_on_a_model_that_is_there(seeing: Toolbox):
    boat, dog = await questions(seeing, "do we ever see a purple boat?", "show me a purple dog")
    for answer in (boat, dog):
        assert not answer.found and CANNOT not in answer.answer


async def test_words_come_before_pictures(seeing: Toolbox):
    fact, missing = await questions(
        seeing, "is the harbour mentioned?", "is the blue boat mentioned?"
    )
    assert fact.found and [c.evidence.kind for c in fact.evidence] == ["speech"]
    assert not missing.found and "picture" not in missing.answer.partition("Looked at")[0]


async def test_labels_are_compared_as_they_were_asked(seeing: Toolbox):
    there, at, neither = await questions(
        seeing,
        "is it a red car or a green train?",
        "at 0:09, is it a red car or a blue boat?",
        "is it a purple car or a pink boat?",
    )
    assert there.found and 'Best fit: "green train"' in there.answer.replace('"a ', '"')
    assert there.answer.count("%") == 3  # two labels and none of them
    assert at.found and 'Best fit: "blue boat"' in at.answer.replace('"a ', '"')
    assert at.evidence[0].evidence.start == pytest.approx(9, abs=1)
    assert not neither.found and CANNOT not in neither.answer


async def test_labels_that_are_listed_are_compared(seeing: Toolbox):
    which, neither = await questions(
        seeing,
        "at 0:09, which of these is it: a red car, a blue boat or a green train?",
        "which of these is it: a purple car or a pink boat?",
    )
    assert which.found and "blue boat" in which.answer
    assert not neither.found and CANNOT not in neither.answer


async def test_a_moment_that_was_shown_is_compared_with_labels(seeing: Toolbox):
    shown, that = await questions(seeing, "Where is it mostly blue?", "Is that red or blue?")
    assert shown.found and times(shown) == [2 * SHOT]
    assert that.found and "blue" in that.answer and times(that)[0] // SHOT == 2


async def test_labels_wait_for_vectors_that_come_while_they_are_asked(
    seeing: Toolbox, monkeypatch: pytest.MonkeyPatch
):
    late = iter(["there are no vectors yet"])
    monkeypatch.setattr(seeing.pictures, "blind", lambda videos: next(late, ""))
    (words,) = await questions(seeing, "is it a harbour or a kettle?")
    assert "fit" not in words.answer


async def test_more_of_the_same_is_found_by_likeness(seeing: Toolbox):
    early, green, more, that = await questions(
        seeing,
        "more like that one",
        "show me something green",
        "more like [1]",
        "find similar pictures",
    )
    assert not early.found and CANNOT not in early.answer
    for before, again in ((green, more), (more, that)):
        assert again.found and {times(before)[0] // SHOT, times(again)[0] // SHOT} == {1, 3}
        assert [claim.verdict for claim in again.claims] == ["weak"]


@pytest.mark.parametrize("again", ["show me more like [1]", "find others like [1]"])
async def test_more_like_one_that_was_shown_is_not_that_one(seeing: Toolbox, again: str):
    green, more = await questions(seeing, "show me something green", again)
    shown = green.evidence[0].evidence
    assert more.found and shown.id not in [one.evidence.id for one in more.evidence]
    assert {times(green)[0] // SHOT, times(more)[0] // SHOT} == {1, 3}


async def test_a_number_that_was_never_shown_is_told_as_that(seeing: Toolbox):
    early, shown, unknown = await questions(
        seeing, "more like [2]", "show me something green", "more like [7]"
    )
    assert shown.found
    for one in (early, unknown):
        assert not one.found and one.answer.startswith("Nothing was shown under that number")


async def test_without_a_picture_model_it_says_which_one_would_tell(blind: Toolbox):
    seen, again, fact = await questions(
        blind,
        "do we ever see a dog?",
        "is there a picture of a boat?",
        "when does the library open?",
    )
    for answer in (seen, again):
        assert not answer.found and answer.reason == "cannot"
        assert {one.evidence.kind for one in answer.nearest} == {"scene"}  # for the eye
        assert CANNOT in answer.answer and answer.answer.count("cuepoint models pull siglip2") == 1
    assert CANNOT not in fact.answer and not fact.found
    assert any("colour, light and motion only" in note for note in seen.coverage[0].notes)


async def test_without_a_picture_model_colours_and_likeness_are_told(blind: Toolbox):
    green, more = await questions(blind, "show me something green", "show me more like that one")
    assert green.found and [claim.verdict for claim in green.claims] == ["verified"]
    assert more.found and "same picture" in more.answer
    shown = {int(start // SHOT) for one in (green, more) for start in times(one)}
    assert shown == {1, 3}


async def test_either_colour_of_a_moment_is_no_claim_about_all_pictures(blind: Toolbox):
    _, that = await questions(blind, "show me something green", "is that green or blue?")
    assert "No picture looks like that" not in that.answer


async def test_the_colours_of_the_whole_and_of_its_scenes(blind: Toolbox):
    whole, listed, none = await questions(
        blind, "what are the main colours?", "list the scenes", "where is it mostly pink?"
    )
    assert whole.found and whole.evidence[0].evidence.kind == "video" and "green" in whole.answer
    assert times(listed) == [0, 4, 8, 12]
    named = [c for line in listed.answer.splitlines() for c in set(ORDER) if c in line]
    assert named == list(ORDER)
    assert not none.found and none.reason == "absent"


async def test_pictures_that_cannot_be_compared_yet_are_told_as_that(
    coloured: Path, tmp_path: Path
):
    library = Library(tmp_path / "home")
    ingest(library, coloured, providers=BARE, only=("pass",))
    _, more = await questions(open_toolbox(library, BARE), "list the scenes", "more like [2]")
    assert more.reason == "not_covered"
    assert "hese pictures have no vectors yet; run: cuepoint index" in more.answer
    assert "No other picture is like that one" not in more.answer  # none was compared


async def test_a_silent_video_says_so(encode: Any, tmp_path: Path):
    path = encode(tmp_path / "still.mp4", lambda _: np.full((90, 160, 3), 90, np.uint8), 3.0)
    library = Library(tmp_path / "home")
    ingest(library, path, providers=Providers("auto", "auto", "none", "none", "none"))
    loud, cheer, gate = await questions(
        Toolbox(library),
        "when is it loud?",
        "when do people cheer?",
        "what is said about the gate?",
    )
    for answer in (loud, cheer):
        assert not answer.found and answer.reason == "absent"
        assert "There is no sound." in answer.answer
    assert not gate.found and gate.reason == "absent"
    assert gate.answer.startswith("Nobody speaks here and nothing is written, so I can tell what")


async def test_no_sound_is_told_only_where_no_video_has_any(encode: Any, tmp_path: Path):
    library = Library(tmp_path / "home")

    def grey(name: str, level: int, **options: Any) -> Path:
        paint = np.full((90, 160, 3), level, np.uint8)
        return encode(tmp_path / f"{name}.mp4", lambda _: paint, 3.0, **options)

    mute = ingest(library, grey("a mute", 90), providers=BARE)
    tone = ingest(library, grey("b tone", 120, tone=True), providers=BARE)
    late = ingest(library, grey("c late", 150, tone=True), providers=BARE, only=("keyframes",))
    box = Toolbox(library)
    async with open_agent(Settings(home=library.home), toolbox=box) as agent:

        async def told(*videos: Video) -> str:
            ids = [one.id for one in videos]
            *_, last = [event async for event in ask(agent, "where is it loudest?", videos=ids)]
            assert isinstance(last, Answer)
            return last.answer.partition("\n")[0]

        assert await told(mute) == "There is no sound."
        assert (await told(mute, tone)).startswith("Nothing of that kind stands out")
        for videos in ((mute, late), (mute, tone, late)):
            assert (await told(*videos)).startswith("Nothing so far")
    with pytest.raises(NotIndexed, match="c late"):
        box.find_sounds("silence")


async def test_a_colour_is_found_where_it_is(seeing: Toolbox, cuepoint: Any):
    green, purple = await questions(seeing, "show me something green", "show me something purple")
    assert green.found and not purple.found
    assert all(c.evidence.start >= SHOT for c in green.evidence)
    home = seeing.library.home
    search = ("--library", home, "search", "--kind", "frame")
    status, out, _ = cuepoint(*search, "a green thing")
    assert status == 0 and len(out.splitlines()) == 2
    assert cuepoint(*search, "a purple thing")[:2] == (0, "")


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> tuple[Toolbox, Video]:
    """A hum, eight times as loud from 40 to 44 s, and nothing from 60 to 75 s."""
    folder = tmp_path_factory.mktemp("loud")
    t = np.arange(LENGTH * RATE) / RATE
    level = np.where((t >= 40) & (t < 44), 0.4, np.where((t >= 60) & (t < 75), 0.0, 0.05))
    samples = (level * np.sin(2 * np.pi * 330 * t) * 32767).astype("<i2")
    with wave.open(str(folder / "match.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    library = Library(folder / "home")
    deaf = Providers("none", "auto", "none", sounds="none")
    video = ingest(library, folder / "match.wav", providers=deaf)
    return Toolbox(library), video


def test_sounds_by_level_and_kind(loud: tuple[Toolbox, Video]):
    box, video = loud
    (cheer,) = box.find_sounds("outburst")
    assert (cheer.start, cheer.end) == pytest.approx((40, 44), abs=0.6)
    assert cheer.text.startswith("loud, not speech, 1") and "dB above what is around" in cheer.text
    assert cheer.kind == "sound" and cheer.source == "sound"
    released = cheer.id.replace("sound:", "frame:") + "#2"  # as the first release cited it
    for id in (cheer.id, released):
        again = box.library.evidence(id)
        assert (again.id, again.kind, again.text) == (id, "sound", cheer.text)
        assert (again.start, again.end) == (cheer.start, cheer.end)
    (still,) = box.find_sounds("silence")
    assert (still.start, still.end) == pytest.approx((60, 75), abs=0.4)
    assert box.find_sounds("speech") == [] and box.find_sounds("loudest", end=20.0) == []
    (first, *_) = box.find_sounds("other", [video.id], start=75.0)
    assert first.start == pytest.approx(75, abs=0.4) and first.text.startswith("not speech")
    shown, _ = Toolbelt(box).format_results([cheer], [])
    assert "] sound ·" in shown


def test_a_model_is_given_what_there_is(seeing: Toolbox, blind: Toolbox):
    names = {tool.name for tool in Toolbelt(seeing).tools}
    assert {"find_sounds", "find_similar", "classify"} <= names
    assert names - {tool.name for tool in Toolbelt(blind).tools} == {"classify"}
    shown, _ = Toolbelt(seeing).format_results(seeing.search_frames("a blue boat"), [])
    assert re.search(r"\] frame \(fit 0\.\d\d\) ·", shown)


async def test_where_it_is_loud_and_where_it_is_quiet(loud: tuple[Toolbox, Video]):
    box, _ = loud
    cheers, loudest, quiet, dog = await questions(
        box,
        "when do people cheer?",
        "where is it loudest?",
        "is it quiet anywhere?",
        "when does the dog bark?",
    )
    assert cheers.found and times(cheers) == pytest.approx([40], abs=0.6)
    assert "loud, not speech" in cheers.answer and "people" not in cheers.answer
    assert "not what makes a sound" in cheers.answer
    assert [claim.verdict for claim in cheers.claims] == ["verified"]
    assert loudest.evidence == cheers.evidence
    assert quiet.found and times(quiet) == pytest.approx([60], abs=0.6)
    assert not dog.found and not dog.claims


async def test_a_crowd_cheers_as_people_do(loud: tuple[Toolbox, Video]):
    (cheers,) = await questions(loud[0], "when does the crowd cheer?")
    assert cheers.found and times(cheers) == pytest.approx([40], abs=0.6)


async def test_sound_that_is_no_speech_is_not_called_loud_where_it_is_not(
    loud: tuple[Toolbox, Video],
):
    (music,) = await questions(loud[0], "is there music?")
    assert music.found and "not speech: music, noise or anything else" in music.answer
    assert "not what makes a sound" in music.answer
    for line in music.answer.splitlines():
        assert not (line.startswith("- 0:00") and "loud, not speech" in line)


def test_a_claim_about_a_sound_is_tested_against_its_level(loud: tuple[Toolbox, Video]):
    from agent.grounding.review import Review

    box, _ = loud
    (cheer,) = box.find_sounds("outburst")
    review = Review([cheer.id], [], {cheer.id: cheer}, {})

    def verdict(text: str) -> str:
        _, claim = review.claim(f"{text} [e1].")
        assert claim
        return claim.verdict

    above = cheer.text.split(" dB")[0].split()[-1]
    assert verdict(f"It is loud and not speech, {above} dB above what is around it") == "verified"
    assert verdict("It is loud and not speech, 90 dB above what is around it") == "unsupported"
    assert verdict("It is loud speech") == "weak"
    assert verdict("The crowd cheers") == "weak"
