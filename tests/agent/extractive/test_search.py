"""Answers by search: asserted where a moment answers, else the closest moments, or absent."""

from pathlib import Path

import pytest

from agent.ask import Answer
from tests.agent.extractive.films import add_film, every, srt, starts, talk
from tools.library import Library

BEES = every(
    6.0,
    "Good evening, and welcome to the winter course on beekeeping.",  # 0
    "I am Thora Lund, and I have kept bees for nineteen years.",  # 6
    "A strong colony holds about forty thousand bees in June.",  # 12
    "In January the same colony has shrunk to eight thousand.",  # 18
    "The queen lives for four years, a worker for six weeks.",  # 24
    "She was bred on the island of Brekka by my neighbour Anselm.",  # 30
    "Bees heat the hive by shivering with their flight muscles.",  # 36
    "In the middle of the cluster it stays at thirty-four degrees.",  # 42
    "Never open a hive when it is colder than twelve degrees.",  # 48
    "The entrance has to be narrow, because mice move in during autumn.",  # 54
    "Feed them sugar syrup before the end of September.",  # 60
    "Two parts of sugar and one part of water is the usual mix.",  # 66
    "The smoker calms them, since they expect a fire and fill up on honey.",  # 72
    "Burn dry grass or old egg boxes in the smoker, never plastic.",  # 78
    "The varroa mite came to this valley in the summer of 1984.",  # 84
    "We treat the hives with oxalic acid at Christmas.",  # 90
    "Heather honey sets like jelly and cannot be spun.",  # 96
    "A jar costs nine euros, and the deposit is fifty cents.",  # 102
    "The next meeting is on the third of March in the old school.",  # 108
    "Bring a veil and gloves, and thank you for listening.",  # 114
)
CLIPS = {
    "harbour walk": every(
        4.0, "The harbour was dug in 1902.", "A crane stands on the quay.", "Fish is sold there."
    ),
    "old mill": every(
        4.0, "The mill ground rye for the village.", "Its wheel turned until the flood.",
        "Today it is a museum.", "Entry is free.",
    ),
}  # fmt: skip
MEASURES = every(
    4.0,
    "The smaller pool is forty centimetres deep.",  # 0
    "The larger pool is 90 cm deep.",  # 4
    "The tunnel is two hundred metres long.",  # 8
    "The tower is 32 meters high.",  # 12
    "The bag weighs five kilos.",  # 16
    "The lake is forty centimeters wide.",  # 20
    "The room costs eighty euros a night.",  # 24
)
TONGUES = {
    "de": ("Heute besuchen wir den alten Leuchtturm am Hafen.",
           "Er wurde 1872 gebaut und ist zweiunddreißig Meter hoch.",
           "Der Wärter zündete jeden Abend die Öllampe an.",
           "Morgen um drei sehen wir uns die Fähre an."),
    "es": ("Hoy visitamos el viejo faro del puerto.",
           "Lo construyeron en 1872 y mide treinta y dos metros.",
           "El guardián encendía la lámpara cada noche.",
           "Mañana a las tres vemos el barco."),
    "zh": ("今天我们参观港口的旧灯塔", "灯塔建于一八七二年,高三十二米", "守塔人每天晚上点亮油灯",
           "明天下午三点我们去看渡轮"),
}  # fmt: skip


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A talk of two minutes, a sentence each six seconds."""
    library = Library(tmp_path_factory.mktemp("course") / "home")
    add_film(library, "winter course", srt(BEES), 120.0)
    return library


@pytest.fixture(scope="module")
def shelf_of_three(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The same talk beside two short clips."""
    library = Library(tmp_path_factory.mktemp("three") / "home")
    add_film(library, "winter course", srt(BEES), 120.0)
    for title, said in CLIPS.items():
        add_film(library, title, srt(said), 4.0 * len(said))
    return library


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Measures that differ in one word."""
    library = Library(tmp_path_factory.mktemp("measures") / "home")
    add_film(library, "measures", srt(MEASURES), 30.0)
    return library


@pytest.fixture(scope="module", params=TONGUES)
def tower(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The same four sentences about a lighthouse in some languages."""
    library = Library(tmp_path_factory.mktemp(request.param) / request.param)
    said = every(4.0, *TONGUES[request.param])
    add_film(library, "tower", srt(said), 20.0, f".{request.param}.srt")
    return library


def titles(library: Library, answer: Answer) -> set[str]:
    """Titles of the videos that an answer cites or comes close with."""
    shown = (*answer.evidence, *answer.nearest)
    return {library.get(c.evidence.video).title for c in shown}


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("How many bees are in a strong colony?", 12.0),
        ("How long does the queen live?", 24.0),
        ("Why should the entrance be narrow?", 54.0),
        ("What do you burn in the smoker?", 78.0),
        ("What does a jar cost?", 102.0),
        ("When is the next meeting?", 108.0),
        ("Where is the next meeting?", 108.0),
        ("When did the varroa mite come to the valley?", 84.0),
        ("What does she say about heather honey?", 96.0),
        ("varroa", 84.0),
        ("wen is the next meetting", 108.0),
        ("I was late. When is the next meeting?", 108.0),
    ],
)
async def test_what_answers_is_quoted(course: Library, question: str, begins: float) -> None:
    (answer,) = await talk(course, question)
    assert answer.found and starts(answer) == [begins]
    assert {claim.verdict for claim in answer.claims} == {"verified"}


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("How old does a queen get?", 24.0),
        ("How much is a jar of honey?", 102.0),
        ("At what temperature must I not open the hive?", 48.0),
        ("What happens at Christmas?", 90.0),
        ("When did the mite get here?", 84.0),
        ("Who bred the queen?", 30.0),
        ("Which animals get into the hive in autumn?", 54.0),
    ],
)
async def test_what_is_asked_in_other_words_comes_first_at_least(
    course: Library, question: str, begins: float
) -> None:
    (answer,) = await talk(course, question)
    first = (*answer.evidence, *answer.nearest)[0].evidence
    assert first.start <= begins < first.end


@pytest.mark.parametrize(
    "question",
    [
        "How many hives does Thora own?", "What colour are the hives?",
        "When does the association meet in summer?", "Who is the queen of the island?",
        "Does she recommend plastic hives?", "Why did Anselm move to the mainland?",
        "What is Anselm's surname?", "How much does a veil cost?",
        "How long does it take to build a hive?",
    ],
)  # fmt: skip
async def test_what_the_talk_comes_near_and_does_not_tell_is_not_asserted(
    course: Library, question: str
) -> None:
    (answer,) = await talk(course, question)
    assert not answer.found and answer.evidence == () and 1 <= len(answer.nearest) <= 3
    assert answer.reason in ("unsure", "absent", "cannot")
    assert "come closest" in answer.answer


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("What is said about wasps?", "wasps"),
        ("Is there anything about bumblebees?", "bumblebees"),
        ("How often is mead mentioned?", "mead"),
        ("When is the first mention of a piano?", "piano"),
        ("When does a whale jump?", "whale"),
    ],
)
async def test_what_is_nowhere_in_a_complete_talk_is_absent(
    course: Library, question: str, word: str
) -> None:
    (answer,) = await talk(course, question)
    assert not answer.found and (answer.reason, answer.evidence) == ("absent", ())
    assert word in answer.answer and "all of it was searched" in answer.answer
    assert answer.coverage[0].speech == "complete"


@pytest.mark.parametrize(
    ("question", "title", "begins"),
    [
        ("What is said about the harbour?", "harbour walk", 0.0),
        ("When was the harbour dug?", "harbour walk", 0.0),
        ("What did the mill grind?", "old mill", 0.0),
        ("How long does the queen live?", "winter course", 24.0),
        ("Which video mentions the crane?", "harbour walk", 4.0),
        ("In which video is heather honey mentioned?", "winter course", 96.0),
        ("What is said at 0:05 in harbour walk?", "harbour walk", 4.0),
        ("How often is the crane mentioned?", "harbour walk", 4.0),
    ],
)
async def test_no_video_hides_the_answer_of_another(
    shelf_of_three: Library, question: str, title: str, begins: float
) -> None:
    (answer,) = await talk(shelf_of_three, question)
    assert answer.found and starts(answer)[0] == begins
    assert titles(shelf_of_three, answer) == {title} and title in answer.answer


@pytest.mark.parametrize(
    "question",
    ["Compare the harbour walk and the old mill", "Compare harbour walk with old mill",
     "What is the difference between the harbour walk and the old mill video?"],
)  # fmt: skip
async def test_two_videos_are_told_side_by_side(shelf_of_three: Library, question: str) -> None:
    (answer,) = await talk(shelf_of_three, question)
    assert answer.found and titles(shelf_of_three, answer) == {*CLIPS}
    assert "can't judge" in answer.answer and "(unsupported)" not in answer.answer
    assert all(claim.citations for claim in answer.claims)


async def test_each_video_is_told(shelf_of_three: Library) -> None:
    (answer,) = await talk(shelf_of_three, "What is each video about?")
    assert answer.found and titles(shelf_of_three, answer) == {"winter course", *CLIPS}


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Which video is the longest?", "winter course"),
        ("Which video is the shortest?", "harbour walk"),
        ("Which is longer, harbour walk or old mill?", "old mill"),
        ("Is the old mill video longer than the harbour walk?", "old mill"),
    ],
)
async def test_the_longest_of_those_that_are_asked_about(
    shelf_of_three: Library, question: str, first: str
) -> None:
    (answer,) = await talk(shelf_of_three, question)
    assert answer.found
    assert shelf_of_three.get(answer.evidence[0].evidence.video).title == first


async def test_videos_that_were_chosen_are_the_only_ones(shelf_of_three: Library) -> None:
    entries = shelf_of_three.catalog.entries(9)
    mill = next(e.id for e in entries if shelf_of_three.get(e.id).title == "old mill")
    inside, outside, gist = [
        (await talk(shelf_of_three, question, videos=[mill]))[0]
        for question in ("When did the wheel turn?", "What is said about the crane?", "Summary")
    ]
    assert titles(shelf_of_three, inside) == titles(shelf_of_three, gist) == {"old mill"}
    assert not outside.found and outside.reason == "absent"


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("How deep is the smaller pool?", 0.0),
        ("How deep is the larger pool?", 4.0),
        ("How long is the tunnel?", 8.0),
        ("How high is the tower?", 12.0),
        ("How wide is the lake?", 20.0),
        ("What does the room cost?", 24.0),
    ],
)
async def test_measures_that_differ_in_a_word_are_told_apart(
    measures: Library, question: str, begins: float
) -> None:
    (answer,) = await talk(measures, question)
    assert answer.found and starts(answer) == [begins]


@pytest.mark.parametrize(
    "question",
    ["How deep is the lake?", "How wide is the tunnel?", "How long is the pool?",
     "How high is the bridge?", "How much does the bag cost?"],
)  # fmt: skip
async def test_the_measure_of_another_thing_is_not_asserted(
    measures: Library, question: str
) -> None:
    (answer,) = await talk(measures, question)
    assert not answer.found and answer.evidence == ()


ASKED = {
    "de": (("Wie hoch ist der Leuchtturm?", 4.0), ("Wer zündete die Öllampe an?", 8.0),
           ("Was sehen wir uns morgen an?", 12.0), ("Wann sehen wir die Fähre?", 12.0)),
    "es": (("¿Cuánto mide el faro?", 4.0), ("¿Quién encendía la lámpara?", 8.0),
           ("¿Cuándo vemos el barco?", 12.0)),
    "zh": (("灯塔有多高", 4.0), ("谁点亮油灯", 8.0), ("明天下午做什么", 12.0)),
}  # fmt: skip
WHOLE = {"de": "Worum geht es?", "es": "¿De qué trata el vídeo?", "zh": "这个视频讲什么"}
WHALES = {"de": "Was wird über Wale gesagt?", "es": "¿Qué se dice de las ballenas?",
          "zh": "鲸鱼"}  # fmt: skip


@pytest.mark.parametrize(
    "question", ["what website is that", "what is the url", "is there an e-mail to write to"]
)
async def test_an_address_on_the_web_is_known_by_how_it_looks(
    tmp_path: Path, question: str
) -> None:
    said = every(6.0, "Bees swarm in May.", "All of it stands at brekka-bees.org.", "Thank you.")
    library = Library(tmp_path)
    add_film(library, "bees", srt(said), 20.0)
    (answer,) = await talk(library, question)
    shown = [one.evidence.start for one in (*answer.evidence, *answer.nearest)]
    assert shown[0] == 6.0, answer.answer


async def test_a_question_in_the_language_of_the_video_finds_its_line(tower: Library) -> None:
    for question, begins in ASKED[tower.home.name]:
        (answer,) = await talk(tower, question)
        shown = (*answer.evidence, *answer.nearest)
        assert shown and shown[0].evidence.start == begins, (question, answer.answer)
        assert "(I read" not in answer.answer and "(Ich lese" not in answer.answer
        assert "(unsupported)" not in answer.answer


async def test_a_quotation_of_the_language_asked_in_is_not_marked_as_foreign(
    tower: Library,
) -> None:
    for question, _ in ASKED[tower.home.name]:
        (answer,) = await talk(tower, question)
        assert not any(t in answer.answer for t in ("in German", "auf German", "auf Deutsch"))


async def test_what_no_line_of_the_language_holds_is_absent(tower: Library) -> None:
    (answer,) = await talk(tower, WHALES[tower.home.name])
    assert not answer.found and (answer.reason, answer.evidence) == ("absent", ())


async def test_the_whole_can_be_asked_for_in_the_language_of_the_video(tower: Library) -> None:
    (answer,) = await talk(tower, WHOLE[tower.home.name])
    shown = (*answer.evidence, *answer.nearest)
    assert shown and shown[0].evidence.start == 0.0
    assert "(unsupported)" not in answer.answer


async def test_words_are_counted_in_every_language(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for code, question in (("de", "Wie oft wird der Leuchtturm erwähnt?"),
                           ("zh", "How often is 灯塔 mentioned?")):  # fmt: skip
        library = Library(tmp_path_factory.mktemp(f"count-{code}") / "home")
        add_film(library, "tower", srt(every(4.0, *TONGUES[code])), 20.0, f".{code}.srt")
        (answer,) = await talk(library, question)
        assert answer.found and starts(answer) == ([0.0] if code == "de" else [0.0, 4.0])


async def test_the_title_of_one_video_may_be_what_another_one_mentions(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    add_film(library, "chrome", srt(every(4.0, "We buy a hammock.", "It is green.")), 8.0)
    add_film(library, "browsers", srt(every(4.0, "Start with a tab.", "Chrome is fast here.")), 8.0)
    (answer,) = await talk(library, "which video mentions chrome?")
    assert answer.found and titles(library, answer) == {"browsers"} and starts(answer) == [4.0]
