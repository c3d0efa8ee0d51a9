"""What is seen and heard reaches the answers: on colours and levels that are known."""

import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.extractive.query import understand
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


async def test_pictures_answer_what_no_words_do(seeing: Toolbox):
    thing, none, fact, missing = await questions(
        seeing,
        "is there a picture of a blue boat?",
        "do we ever see a purple boat?",
        "who built the harbour?",
        "who built the blue boat?",
    )
    assert thing.found and not none.found
    (cited,) = thing.evidence
    assert 2 * SHOT <= cited.evidence.start <= cited.evidence.end < 3 * SHOT
    assert f'to "a blue boat", {cited.evidence.score:.2f} [1]' in thing.answer
    assert [claim.verdict for claim in thing.claims] == ["weak"]  # likeness is no fact
    assert 'No picture comes close to "a purple boat".' in none.answer
    assert fact.found and [c.evidence.kind for c in fact.evidence] == ["speech"]
    assert not missing.found and "picture" not in missing.answer.partition("Looked at")[0]


async def test_a_silent_video_says_so(encode: Any, tmp_path: Path):
    path = encode(tmp_path / "still.mp4", lambda _: np.full((90, 160, 3), 90, np.uint8), 3.0)
    library = Library(tmp_path / "home")
    ingest(library, path, providers=Providers("none", "auto", "none", "none", "none"))
    (answer,) = await questions(Toolbox(library), "when does the crowd cheer?")
    assert not answer.found and "There is no sound." in answer.answer


async def test_no_sound_is_said_only_where_no_video_has_any(encode: Any, tmp_path: Path):
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
            return last.answer.partition("\n")[0]

        assert await told(mute) == "There is no sound."
        assert (await told(mute, tone)).startswith("No sound is much louder")
        assert await told(mute, late) == 'The sound of "c late" is not indexed yet.'
        assert (await told(mute, tone, late)).endswith('The sound of "c late" is not indexed yet.')
    with pytest.raises(NotIndexed, match="c late"):
        box.find_sounds("silence")


async def test_something_in_a_colour_is_found_or_is_not(seeing: Toolbox, cuepoint: Any):
    green, purple = await questions(seeing, "show me something green", "show me something purple")
    assert green.found and not purple.found
    assert all(c.evidence.start >= SHOT for c in green.evidence)
    home = seeing.library.home
    search = ("--library", home, "search", "--kind", "frame")
    status, out, _ = cuepoint(*search, "a green thing")
    assert status == 0 and len(out.splitlines()) == 2
    assert cuepoint(*search, "a purple thing")[:2] == (0, "")


async def test_labels_and_more_of_the_same(seeing: Toolbox):
    early, blue, more, unknown, unlike, which, neither, there = await questions(
        seeing,
        "more like [2]",
        "is there a picture of a green boat?",
        "show me more like [1]",
        "more like [7]",
        "more like the kettle",
        "at 0:09, which of these is it: a red car, a blue boat or a green train?",
        "which of these is it: a purple car or a pink boat?",
        "is it a red car or a green train?",
    )
    for one in (early, unknown):
        assert not one.found and one.answer.startswith("Nothing was shown under that number here.")
    first = blue.evidence[0].evidence
    (again,) = more.evidence
    assert {first.start // SHOT, again.evidence.start // SHOT} == {1, 3}
    assert [claim.verdict for claim in more.claims] == ["weak"] and not unlike.found
    assert which.found and 'fit "a blue boat" best: a blue boat' in which.answer
    assert not neither.found and "none of them" in neither.answer
    assert there.answer.count("%") == 3


async def test_labels_are_for_what_words_do_not_answer(
    seeing: Toolbox, monkeypatch: pytest.MonkeyPatch
):
    said, unsaid, percent, shown, that, fresh = await questions(
        seeing,
        "Which harbour was built in 1907: the red one or the blue one?",
        "Which tram goes to town: a purple one or a pink one?",
        "which of these is it: a 5% green, or pink?",
        "Where is it mostly blue?",
        "Is that red or blue?",
        "which of these is it: a harbour or a kettle?",
    )
    assert said.found and [c.evidence.kind for c in said.evidence] == ["speech"]
    assert '"tram" and "town" never' in unsaid.answer and "No label fits" in unsaid.answer
    assert 'fit "a 5% green" best' in percent.answer
    assert [c.handle for c in that.evidence] == [c.handle for c in shown.evidence]
    assert 'fit "blue" best' in that.answer
    assert not fresh.found and "No label fits" in fresh.answer
    late = iter(["there are no vectors yet"])  # they come while the question is answered
    monkeypatch.setattr(seeing.pictures, "blind", lambda videos: next(late, ""))
    (words,) = await questions(seeing, "which of these is it: a harbour or a kettle?")
    assert "fit" not in words.answer and "No label" not in words.answer


async def test_what_cannot_see_says_once_which_command_changes_that(blind: Toolbox):
    advice = "Pictures are searched by colour, light and motion only; run: cuepoint models pull"
    seen, again, fact, green, more, that = await questions(
        blind,
        "do we ever see a dog?",
        "is there a picture of a boat?",
        "when does the library open?",
        "show me something green",
        "show me more like that one",
        "is that green or blue?",
    )
    assert that.found and "mostly green" in that.answer
    assert not seen.found and seen.answer.count(advice) == 1
    assert advice not in again.answer and advice not in fact.answer
    assert any("colour, light and motion only" in note for note in seen.coverage[0].notes)
    assert more.found and "same picture" in more.answer
    shown = {int(c.evidence.start // SHOT) for one in (green, more) for c in one.evidence}
    assert green.found and shown == {1, 3}
    assert (await questions(blind, "which is it: a car or a boat?"))[0].answer.count(advice) == 1


async def test_pictures_that_cannot_be_compared_yet_are_told_as_that(
    coloured: Path, tmp_path: Path
):
    library = Library(tmp_path / "home")
    ingest(library, coloured, providers=BARE, only=("pass",))
    _, more = await questions(open_toolbox(library, BARE), "list the scenes", "more like [2]")
    assert (
        not more.found and "These pictures have no vectors yet; run: cuepoint index." in more.answer
    )


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
    video = ingest(library, folder / "match.wav", providers=Providers("none", "auto", "none"))
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
    cheers, loudest, quiet, music, dog = await questions(
        box,
        "when does the crowd cheer?",
        "where is it loudest?",
        "is it quiet anywhere?",
        "is there music?",
        "when does the dog bark?",
    )
    assert cheers.found and [c.evidence.start for c in cheers.evidence] == pytest.approx(
        [40], abs=0.6
    )
    assert "loud, not speech" in cheers.answer and "crowd" not in cheers.answer
    assert "not told apart" in cheers.answer
    assert [claim.verdict for claim in cheers.claims] == ["verified"]
    assert loudest.evidence == cheers.evidence
    assert quiet.found and 59 < quiet.evidence[0].evidence.start < 61
    assert music.found and "not speech: music, noise or anything else" in music.answer
    assert not dog.found


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


@pytest.mark.parametrize(
    ("question", "seen", "plainly"),
    [
        ("a dog on a skateboard", "a dog on a skateboard", True),
        ("when do we see the bar chart", "the bar chart", True),
        ("can you show me a beach?", "a beach", True),
        ("is there a polar bear anywhere in this lol", "a polar bear", True),
        ("when does the green car drive past", "the green car drive past", False),
        ("who built it?", "", False),
        ("when does someone mention a boat?", "", False),
        ("what is written on the boat?", "", False),
        ("is there music?", "", False),
    ],
)
def test_what_is_to_be_seen(question: str, seen: str, plainly: bool):
    senses = understand(question, 100.0).senses
    assert (senses.seen, senses.plainly) == (seen, plainly)


@pytest.mark.parametrize(
    ("question", "kind", "labels", "sound"),
    [
        ("which of these is it: a car, a boat or a train?", "label", 3, None),
        ("is that a cat or a dog?", "label", 2, None),
        ("is that red or blue?", "label", 2, None),
        ("is it free or paid?", "search", 2, None),
        ("which bus goes to town: the red one or the blue one?", "search", 2, None),
        ("which comes first: the boat or the train?", "order", 0, None),
        ("where is it loudest?", "sound", 0, "loudest"),
        ("is it quiet on the island?", "search", 0, None),
        ("when do people applaud?", "search", 0, "outburst"),
    ],
)
def test_labels_and_levels(question: str, kind: str, labels: int, sound: str | None):
    plan = understand(question, 100.0)
    assert (plan.kind, len(plan.senses.labels), plan.senses.sound) == (kind, labels, sound)
