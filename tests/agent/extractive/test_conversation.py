"""Follow-ups: what they point at in the conversation before, and what stands on its own."""

import pytest

from tests.agent.extractive.films import add_film, every, srt, starts, talk
from tools.library import Library

STEP = 10.0
SAID = every(
    STEP,
    "Good morning from the weir, my name is Edda.",  # 0
    "The weir was built by the brothers Quist in 1911.",  # 10
    "An otter lives under the old bridge.",  # 20
    "It eats about a kilo of trout a day.",  # 30
    "In spring the ladder lets the salmon pass.",  # 40
    "The ladder has twenty-two steps of oak.",  # 50
    "At noon the otter sleeps in the reeds.",  # 60
    "The turbine makes power for forty houses.",  # 70
    "In the evening the otter comes back to the bridge.",  # 80
    "Edda closes the gate and goes home.",  # 90
    pause=3.0,
)
OTTER = [20.0, 60.0, 80.0]


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A film of a hundred seconds, a sentence each ten."""
    library = Library(tmp_path_factory.mktemp("weir") / "home")
    add_film(library, "weir", srt(SAID), 100.0)
    return library


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The same film, and another one that speaks of an otter once."""
    library = Library(tmp_path_factory.mktemp("two") / "home")
    add_film(library, "weir", srt(SAID), 100.0)
    zoo = every(5.0, "Welcome to the zoo of Varn.", "The otter is fed at three.", "Thank you.")
    add_film(library, "zoo", srt(zoo), 20.0)
    return library


@pytest.mark.parametrize(
    ("before", "question", "begins"),
    [
        ("Who built the weir?", "What is said after that?", 20.0),
        ("Who built the weir?", "and then?", 20.0),
        ("Who built the weir?", "what comes next?", 20.0),
        ("Who built the weir?", "and before that?", 0.0),
        ("Who built the weir?", "what was said right before that?", 0.0),
        ("Who built the weir?", "And after that?", 20.0),
        ("Who built the weir?", "what was said there?", 10.0),
        ("Who built the weir?", "when was that?", 10.0),
        ("Who built the weir?", "ten seconds later", 20.0),
        ("Who built the weir?", "and 30 seconds later?", 40.0),
        ("Who built the weir?", "what about ten seconds earlier", 0.0),
        ("Who built the weir?", "half a minute later", 40.0),
        ("What is said at 0:42?", "and 30 seconds later?", 70.0),
        ("How many steps has the ladder?", "show me [1]", 50.0),
        ("Who built the weir?", "und danach?", 20.0),
    ],
)
async def test_it_goes_on_from_what_was_shown(
    weir: Library, before: str, question: str, begins: float
) -> None:
    _, answer = await talk(weir, before, question)
    assert answer.found and starts(answer) == [begins]


async def test_steps_can_be_taken_one_after_another(weir: Library) -> None:
    answers = await talk(weir, "Who built the weir?", "and then?", "and then?", "and before that?")
    assert [starts(one) for one in answers] == [[10.0], [20.0], [30.0], [20.0]]
    handles = [one.evidence[0].handle for one in answers]
    assert handles[1] == handles[3] and len({*handles}) == 3


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("the second one", 60.0),
        ("what about the first?", 20.0),
        ("and the last one?", 80.0),
        ("and the third?", 80.0),
        ("what is said at [2]?", 60.0),
        ("play number 3", 80.0),
        ("#1 please", 20.0),
        ("What is said before the second one?", 50.0),
    ],
)
async def test_one_of_those_that_were_listed(weir: Library, question: str, begins: float) -> None:
    often, answer = await talk(weir, "How often is the otter mentioned?", question)
    assert starts(often) == OTTER and "3 times" in often.answer
    assert answer.found and starts(answer) == [begins]


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("and the last time?", [80.0]),
        ("and the second?", [60.0]),
        ("how often?", OTTER),
        ("how many times in all?", OTTER),
        ("is it mentioned again?", OTTER),
        ("und das letzte Mal?", [80.0]),
    ],
)
async def test_the_same_words_are_looked_up_otherwise(
    weir: Library, question: str, begins: list[float]
) -> None:
    first, answer = await talk(weir, "When is the first mention of the otter?", question)
    assert starts(first) == [20.0]
    assert answer.found and starts(answer) == begins


async def test_more_than_there_are_is_told_as_that(weir: Library) -> None:
    _, fourth = await talk(weir, "When is the first mention of the otter?", "and the fourth?")
    assert not fourth.found and "3 times" in fourth.answer
    _, ninth = await talk(weir, "How often is the otter mentioned?", "show me [9]")
    assert not ninth.found and ninth.evidence == ()


@pytest.mark.parametrize(
    ("before", "question", "begins"),
    [
        ("When is the first mention of the otter?", "and the ladder?", [40.0]),
        ("How often is the otter mentioned?", "what about the ladder?", [40.0, 50.0]),
        ("What is said about the otter?", "and about the turbine?", [70.0]),
        ("When is the last mention of the otter?", "and the bridge?", [80.0]),
    ],
)
async def test_the_same_question_with_another_word(
    weir: Library, before: str, question: str, begins: list[float]
) -> None:
    _, answer = await talk(weir, before, question)
    assert answer.found and starts(answer) == begins


async def test_another_word_that_is_nowhere_is_absent(weir: Library) -> None:
    _, answer = await talk(weir, "How often is the otter mentioned?", "and the beaver?")
    assert not answer.found and answer.reason == "absent" and '"beaver"' in answer.answer


async def test_a_pronoun_stands_for_the_words_before(weir: Library) -> None:
    _, eats = await talk(weir, "Where does the otter live?", "how much does it eat a day?")
    assert eats.found and starts(eats) == [30.0]
    _, steps = await talk(weir, "When does the ladder let salmon pass?", "how many steps has it?")
    assert steps.found and starts(steps) == [50.0]


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("How many houses get power from the turbine?", [70.0]),
        ("What is said at 0:42?", [40.0]),
        ("Who built the weir?", [10.0]),
        ("How often is the ladder mentioned?", [40.0, 50.0]),
        ("What is said at the end?", [90.0]),
    ],
)
async def test_a_question_of_its_own_stays_one(
    weir: Library, question: str, begins: list[float]
) -> None:
    _, answer = await talk(weir, "How often is the otter mentioned?", question)
    (alone,) = await talk(weir, question)
    assert answer.found and starts(answer) == starts(alone) == begins


async def test_the_whole_is_the_whole_after_a_detail(weir: Library) -> None:
    (alone,) = await talk(weir, "What is the video about?")
    _, after = await talk(weir, "Who built the weir?", "What is the video about?")
    assert alone.found and {*starts(after)} == {*starts(alone)}


@pytest.mark.parametrize(
    "question", ["ten seconds later", "and the second one?", "[2]", "what was said there?"]
)
async def test_a_first_question_points_at_nothing(weir: Library, question: str) -> None:
    (answer,) = await talk(weir, question)
    assert not answer.found and answer.evidence == ()


async def test_what_came_closest_can_be_pointed_at(weir: Library) -> None:
    absent, shown = await talk(weir, "What is the name of Edda's sister?", "show me [1]")
    assert not absent.found and absent.nearest
    assert shown.found and starts(shown) == [absent.nearest[0].evidence.start]


async def test_after_the_closest_moments_comes_what_follows_the_foremost(weir: Library) -> None:
    absent, then = await talk(weir, "How tall is the ladder of the otter?", "and after that?")
    places = [one.evidence.start for one in absent.nearest]
    assert places != sorted(places)  # they stand by likeness
    assert then.found and starts(then) == [places[0] + 10.0]


async def test_small_talk_between_leaves_the_thread_as_it_is(weir: Library) -> None:
    _, thanks, then = await talk(weir, "Who built the weir?", "thanks!", "and what comes next?")
    assert thanks.reason is None and thanks.evidence == ()
    assert then.found and starts(then) == [20.0]


async def test_why_shows_the_evidence_of_the_answer_again(weir: Library) -> None:
    said, why = await talk(weir, "Who built the weir?", "Are you sure?")
    assert why.found and [c.evidence.id for c in why.evidence] == [
        c.evidence.id for c in said.evidence
    ]


async def test_it_stays_in_the_video_that_was_shown(two: Library) -> None:
    weir, then, zoo, other = await talk(
        two, "Who built the weir?", "and then?", "What is said in the zoo of Varn?", "and then?"
    )
    assert starts(weir) == [10.0] and starts(then) == [20.0]
    assert starts(zoo)[0] == 0.0 and starts(other)[-1] == 5.0
    assert len({c.evidence.video for c in (*zoo.evidence, *other.evidence)}) == 1


async def test_the_other_video(two: Library) -> None:
    weir, other = await talk(two, "When does the otter sleep?", "and in the other video?")
    assert starts(weir) == [60.0]
    assert other.found and starts(other) == [5.0]
    assert "zoo" in other.answer
