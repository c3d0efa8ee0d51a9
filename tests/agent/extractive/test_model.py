"""The whole agent without a language model, on the sample, whose truth is known."""

import json
import re
from pathlib import Path

import pytest

from agent.extractive.turn import Turn
from tests.agent.extractive.answers import lead, only, shown, start, starts
from tests.agent.extractive.conftest import Talk
from tools.toolbox import Toolbox

TRUTH = json.loads((Path(__file__).parents[3] / "samples" / "lighthouse.json").read_text())


@pytest.mark.parametrize(
    ("question", "begins", "words"),
    [
        ("What does she say about Paris?", 37.8, "made in Paris"),
        ("who has kept the lamp?", 27.6, "Ada"),
        ("How many steps does Ada climb?", 32.2, "one hundred and twelve"),
        ("how many fishermen does she carry?", 22.6, "two fishermen"),
        ("when does the sun go down?", 75.2, "behind Stone Island"),
        ("What is told about the sailors?", 42.0, "from far away"),
        ("what colour is the boat that sails out at noon?", 17.8, "red boat"),
        ("When is Paris mentioned?", 37.8, "made in Paris"),
        ("When is the ferry mentioned?", 9.6, "The ferry to Stone Island"),
    ],
)
async def test_what_is_said(talk: Talk, question: str, begins: float, words: str) -> None:
    (answer,) = await talk(question)
    one = only(answer)
    assert (one.kind, one.start) == ("speech", begins)
    assert words in answer.answer


@pytest.mark.parametrize(
    ("question", "inside", "words"),
    [
        ("What does the slide say about the range?", (37.4, 46.0), "24 nautical miles"),
        ("Where can I read about channel 12?", (58.0, 64.0), "channel 12"),
        ("when does it say closed on Mondays?", (91.5, 98.0), "closed on Mondays"),
        ("what is written on the pier?", (0.0, 9.0), "PIER 2"),
    ],
)
async def test_what_is_to_be_read(
    talk: Talk, question: str, inside: tuple[float, float], words: str
) -> None:
    (answer,) = await talk(question)
    one = only(answer)
    assert one.kind == "screen" and words in answer.answer
    assert inside[0] - 0.5 <= (one.start + one.end) / 2 <= inside[1] + 0.5


@pytest.mark.parametrize(
    ("question", "begins", "words"),
    [
        ("How heavy is the glass?", 37.8, "two tons"),
        ("which day of the week is the place shut?", 91.9, "closed on Mondays"),
        ("For how many years has Ada been doing her job?", 27.6, "twenty-six years"),
    ],
)
async def test_what_other_words_tell_is_asserted_or_shown_as_close(
    talk: Talk, question: str, begins: float, words: str
) -> None:
    (answer,) = await talk(question)
    assert answer.found or answer.reason == "unsure"
    assert begins in [pytest.approx(one.start, abs=0.1) for one in shown(answer)]
    assert words in answer.answer


async def test_first_last_and_every_mention(talk: Talk) -> None:
    first, last, often = await talk(
        "When is the first mention of Marigold?", "and the last time?", "how often?"
    )
    assert start(first) == 17.8 and start(last) == 64.8
    assert starts(often) == [17.8, 64.8]
    assert lead(often) == "Twice: 0:18 and 1:05."


@pytest.mark.parametrize(
    ("question", "told", "when"),
    [
        ("How often is the fog horn mentioned?", "Twice: 0:47 and 1:23.", [46.6, 83.4]),
        ("every time forty crab pots are mentioned", "Twice: 0:23 and 1:09.", [22.6, 69.4]),
        ("how many times do they say Paris?", "Once: 0:38.", [37.8]),
    ],
)
async def test_every_mention_is_counted(
    talk: Talk, question: str, told: str, when: list[float]
) -> None:
    (answer,) = await talk(question)
    assert lead(answer) == told and starts(answer) == when


@pytest.mark.parametrize(
    ("question", "when"),
    [
        ("When is Stone Island mentioned for the last time?", 75.2),
        ("when is the fog horn mentioned for the first time?", 46.6),
        ("first mention of the storm", 53.4),
        ("when is the fog horn mentioned for the second time?", 83.4),
    ],
)
async def test_the_first_and_the_last(talk: Talk, question: str, when: float) -> None:
    (answer,) = await talk(question)
    assert start(answer) == when


async def test_the_nth_of_them(talk: Talk) -> None:
    first, second, third = await talk(
        "first mention of the fog horn", "and the second?", "and the third?"
    )
    assert (start(first), start(second)) == (46.6, 83.4)
    assert third.reason == "absent" and third.nearest
    assert lead(third) == '"fog horn" comes up twice, not more.'


async def test_the_last_cut(talk: Talk) -> None:
    (last,) = await talk("when is the last cut?")
    assert start(last) == 91.0 and last.claims[0].verdict == "verified"


async def test_the_longest_of_the_scenes_and_what_is_said_in_it(talk: Talk) -> None:
    _, longest, said = await talk("list the scenes", "which is the longest?", "what is said in it?")
    assert start(longest) == 46.0 and lead(longest) == "It lasts 11 s."
    assert starts(said) == [46.6, 53.4]


async def test_what_is_in_a_scene_by_its_number(talk: Talk) -> None:
    (inside,) = await talk("what is said about gulls in the first scene?")
    assert 5.0 in starts(inside) and max(starts(inside)) < 9.0
    (elsewhere,) = await talk("what is said about the fog horn in the first scene?")
    assert not elsewhere.found


async def test_all_that_is_written_in_a_scene(talk: Talk) -> None:
    (written,) = await talk("what is written in scene 5?")
    assert "Range 24 nautical miles" in written.answer and "Built in 1887" in written.answer


async def test_a_scene_that_is_not_there(talk: Talk) -> None:
    (none,) = await talk("when is scene 40?")
    assert none.reason == "absent" and lead(none) == "11 scenes."


async def test_scenes_and_the_third_of_them(talk: Talk) -> None:
    answer, third = await talk("List the scenes", "when does the third one start?")
    assert lead(answer) == "11 scenes."
    expected = [scene["start"] for scene in TRUTH["scenes"]]
    assert starts(answer) == pytest.approx(expected, abs=0.5)
    assert start(third) == 17.0 and third.evidence[0].handle == 3


async def test_which_comes_first(talk: Talk) -> None:
    (answer,) = await talk("Which comes first, the storm warning or the crab pots?")
    assert starts(answer) == [22.6, pytest.approx(57.0, abs=0.5)]
    assert lead(answer) == '"crab pots" comes before "storm warning".'
    (answer,) = await talk("Is Ada mentioned before the ferry?")
    assert lead(answer).lower() == '"ferry" comes before "ada".'
    assert starts(answer) == pytest.approx([9.3, 27.3], abs=0.5)


@pytest.mark.parametrize(
    "question",
    ["Which comes first, Paris or a submarine?", "What is shown earlier: Paris or a submarine?"],
)
async def test_neither_comes_first_where_one_is_nowhere(talk: Talk, question: str) -> None:
    (absent,) = await talk(question)
    assert absent.reason == "absent"
    assert lead(absent) == '"submarine" is neither said nor written.'
    assert [c.evidence.start for c in absent.nearest] == [37.8]


async def test_colour_and_light(talk: Talk) -> None:
    orange, said = await talk("When is it mostly orange?", "what is said there?")
    assert (only(orange).kind, only(orange).start) == ("frame", 0.0) and only(orange).end <= 9.0
    assert set(starts(said)) == {0.8, 5.0}
    (red,) = await talk("when is the picture mostly red?")
    assert 73.6 <= only(red).start <= only(red).end <= 82.8


async def test_the_darkest_part(talk: Talk) -> None:
    (dark,) = await talk("Which is the darkest part?")
    assert 81.0 <= only(dark).start <= only(dark).end <= 91.0


async def test_silence_and_music(talk: Talk) -> None:
    quiet, music = await talk("when is it quiet?", "is there any music?")
    assert {one.kind for one in shown(quiet)} == {"sound"} and quiet.found
    assert starts(quiet) == sorted(starts(quiet))
    assert music.reason == "absent" and music.claims == ()


async def test_chapters_and_highlights_are_told_with_their_spans(talk: Talk) -> None:
    chapters, highlights = await talk("What are the chapters?", "And the highlights?")
    assert chapters.found and highlights.found
    assert {claim.verdict for claim in chapters.claims} == {"verified"}
    spans = [(cited.evidence.start, cited.evidence.end) for cited in chapters.evidence]
    assert len(spans) > 1 and spans[0][0] == 0.0
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert re.match(r"- 0:00 \S.* \[1\]\n- 0:\d\d ", chapters.answer)
    assert starts(highlights) == sorted(starts(highlights)) and "loud" in highlights.answer


async def test_a_summary_cites_each_of_its_sentences(talk: Talk) -> None:
    answer, again = await talk("Summarise the video", "what was said in [2]?")
    assert answer.found and len(answer.claims) >= 4
    assert all(claim.citations for claim in answer.claims)
    assert {claim.verdict for claim in answer.claims} == {"verified"}
    times = [c.evidence.start for c in answer.evidence if c.evidence.kind == "speech"]
    assert min(times) < 10 and max(times) > 64
    assert only(again).id == answer.evidence[1].evidence.id and again.evidence[0].handle == 2


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How long is the video?", "1:38 min"),
        ("What is the resolution?", "960 \u00d7 540"),
        ("is there any sound?", "It has sound."),
        ("When was this video recorded?", "2026-05-14"),
        ("which codec is used?", "H.264"),
        ("does it have subtitles?", "eng"),
    ],
)
async def test_facts_of_the_whole_video(talk: Talk, question: str, words: str) -> None:
    (answer,) = await talk(question)
    assert only(answer).kind == "video" and words in lead(answer)
    assert [claim.verdict for claim in answer.claims] == ["verified"]
    assert "T05:40" not in answer.answer


@pytest.mark.parametrize(
    ("question", "truth"),
    [
        ("What is said at 1:24?", (83.4, 85.996)),
        ("what is on screen at 0:40?", (37.0, 46.0)),
        ("what is on screen at 0:50?", (46.0, 57.0)),
        ("What is said between 0:30 and 0:36?", (27.6, 35.674)),
        ("what is said between 51 and 56 seconds?", (53.4, 55.555)),
        ("what happens in the first 8 seconds?", (0.0, 9.0)),
        ("What happens at the end?", (91.0, 98.0)),
        ("how does it begin?", (0.0, 9.5)),
    ],
)
async def test_what_is_there_at_a_time(
    talk: Talk, question: str, truth: tuple[float, float]
) -> None:
    (answer,) = await talk(question)
    assert 1 <= len(answer.evidence) <= 5
    for one in shown(answer):
        assert truth[0] - 0.5 <= one.start < truth[1] and one.end > truth[0] + 0.1


async def test_what_is_said_before_and_what_is_written_there(talk: Talk) -> None:
    paris, before, written = await talk(
        "What does she say about Paris?", "and before that?", "what was on screen there?"
    )
    assert (start(paris), start(before)) == (37.8, 32.2)
    assert (only(written).text, only(written).kind) == ("ADA, KEEPER", "screen")


async def test_seconds_later_and_what_comes_next(talk: Talk) -> None:
    _, later, then = await talk(
        "What does she say about Paris?", "ten seconds later", "what comes next?"
    )
    assert starts(later)[0] == 46.6
    assert start(then) == 53.4


async def test_when_that_was_and_what_is_said_there(talk: Talk) -> None:
    _, when, there = await talk("who has kept the lamp?", "when was that?", "what is said there?")
    assert start(when) == start(there) == 27.6
    assert when.evidence[0].handle == 1


async def test_what_comes_beside_something_that_is_named(talk: Talk) -> None:
    (after,) = await talk("what is said after Paris?")
    assert start(after) == 42.0
    (earlier,) = await talk("what is said before the storm warning?")
    assert start(earlier) == 53.4


async def test_a_pronoun_and_another_word(talk: Talk) -> None:
    ada, steps, kept = await talk(
        "who is Ada?", "how many steps does she climb?", "how long has she kept it?"
    )
    assert "ADA, KEEPER" in ada.answer or "This is Ada" in ada.answer
    assert (start(steps), start(kept)) == (32.2, 27.6)


async def test_another_word(talk: Talk) -> None:
    _, london = await talk("What does she say about Paris?", "and London?")
    assert london.reason == "absent" and '"London"' in london.answer


async def test_turns_without_their_plan_are_understood_anew(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Turn, "kept", property(lambda turn: {}))
    _, later = await talk("What does she say about Paris?", "ten seconds later")
    assert starts(later)[0] == 46.6


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When does a whale jump?", "whale"),
        ("what was said about a helicopter?", "helicopter"),
        ("How much is a ticket?", "ticket"),
        ("what is written about parking?", "parking"),
        ("Where is the Eiffel tower?", "Eiffel tower"),
        ("how often is a dragon mentioned?", "dragon"),
        ("when is the first mention of a piano?", "piano"),
    ],
)
async def test_what_is_absent_is_not_found(talk: Talk, question: str, words: str) -> None:
    (answer,) = await talk(question)
    assert answer.reason == "absent" and answer.evidence == answer.claims == ()
    assert answer.answer.startswith("Nothing is said or written about")
    assert words in answer.answer and answer.answer.endswith("; all of it was searched.")
    assert answer.coverage[0].duration == pytest.approx(98.0, abs=0.1)
    assert answer.coverage[0].speech == "complete"


async def test_what_came_closest_can_be_pointed_at(talk: Talk) -> None:
    absent, said = await talk("What is Ada's surname?", "show me [1]")
    assert absent.reason == "unsure" and absent.nearest
    assert all("ada" in c.evidence.text.lower() for c in absent.nearest)
    assert said.found
    assert absent.nearest[0].evidence.id in {c.evidence.id for c in said.evidence}


async def test_the_same_question_gets_the_same_answer(talk: Talk) -> None:
    (one,), (two,) = (
        await talk("When is the ferry mentioned?"),
        await talk("When is the ferry mentioned?"),
    )
    assert (one.answer, one.thread == two.thread) == (two.answer, False)
    assert (one.model, one.tokens, one.cost_usd) == ("extractive", (0, 0), None)


async def test_a_look_closer_changes_no_chapter(talk: Talk) -> None:
    (one,) = await talk("What are the chapters?")
    await talk("what is on screen at 0:48?", "what is on screen at 0:39?")
    (two,) = await talk("What are the chapters?")
    assert one.answer == two.answer


def test_on_screen_text_is_found_at_its_time(lighthouse: Toolbox) -> None:
    hits = lighthouse.search_screen_text("storm warning")
    assert hits[0].text == "STORM WARNING"
    assert (hits[0].start, hits[0].end) == pytest.approx((57.0, 64.0), abs=0.5)
    assert lighthouse.search_screen_text("helicopter landing") == []
    assert len(lighthouse.find_words(["gull point harbour"])) == 4
