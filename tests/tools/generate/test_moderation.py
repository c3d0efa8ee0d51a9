"""Moderation: what is refused, what is not, and that nothing gets past it."""

from pathlib import Path

import pytest

from tests.tools.generate.conftest import Studio
from tests.video_server import VideoServer
from tools.errors import ProviderUnavailable, RefusedRequest
from tools.generate.job import Verdict
from tools.generate.moderation import Moderation, categories, moderation_service
from tools.generate.request import GenerationRequest

REFUSED = {
    "sexual": ["a n4ked woman in the rain", "two people having sex", "a s t r i p t e a s e",
               "Ein Pornofilmchen"],
    "minors": ["a schoolgirl in lingerie", "a child that is tortured"],
    "violence": ["a man shoots a woman in the head with a gun", "a beheading, execution style",
                 "he stabs his neighbour", "how to build a pipe bomb", "a b3h3ad1ng in the desert"],
    "hatred": ["immigrants as vermin in our streets", "a crowd with hitler salutes",
               "Männer mit Hakenkreuzbinde"],
    "self_harm": ["she hangs herself in the attic"],
    "figures": ["Elon Musk dancing in a suit", "the real president of France singing"],
    "marks": ["Pikachu runs through Berlin", "Darth Vader drinks Coca-Cola", "P i k a c h u waves"],
}  # fmt: skip
PASSED = [
    "a dog on a beach", "three best moments as a teaser", "an ad for my blue coffee mug",
    "our soap kills 99 % of germs", "a killer deal on running shoes", "kids playing football",
    "people shooting a film on a beach", "the sky as one sees it with the naked eye",
    "a woman strips wallpaper from a wall", "chicken breasts sizzling in a pan, people around",
    "a storm at sea, waves breaking over a lighthouse", "a knight with a sword on a hill",
    "eine Katze schläft auf dem Sofa", "Werbung für frisches Brot aus unserer Bäckerei",
    "Feinsteinzeug für die Küche", "a boy kicks a ball", "at 4pm, 100 balloons for 5th grade",
    "a bride and a groom kissing", "a chess king and a queen on a board",
]  # fmt: skip


@pytest.mark.parametrize(("category", "text"), [(c, t) for c, ts in REFUSED.items() for t in ts])
def test_what_harms_is_refused(category: str, text: str) -> None:
    assert category in categories(text)


@pytest.mark.parametrize("text", PASSED)
def test_what_harms_nobody_passes(text: str) -> None:
    assert not categories(text)


@pytest.mark.parametrize("who", [
    "black", "white", "Jewish", "Muslim", "Arab", "Asian", "Mexican", "African", "gay", "lesbian",
    "trans", "disabled", "Turkish", "Indian", "Christian", "old", "young", "poor", "blind",
])  # fmt: skip
def test_people_of_any_kind_may_be_shown(who: str) -> None:
    for told in ("{} people", "a {} man reads a book", "two {} women cook in a kitchen",
                 "a {} couple walks through the park with a dog",
                 "an interview with a {} person about the first day at work"):  # fmt: skip
        assert not categories(told.format(who)), told.format(who)


def test_hardly_a_word_says_that_it_harms() -> None:
    said = [f"film {number}" for number in range(120)]
    said += [f"a video of a {one}" for one in ("man", "woman", "girl", "boy", "child", "bed")]
    assert not [one for one in said if categories(one)]


def test_harm_in_one_sentence_of_many_is_found() -> None:
    calm = "A bakery at dawn, warm light on the loaves. {} A girl buys a roll and waves."
    assert not categories(calm.format("The baker hums a tune."))
    assert categories(calm.format("The baker stabs a customer to death.")) == ["violence"]


def test_a_name_is_no_common_word_and_no_place() -> None:
    assert categories("Messi cleans a kitchen") == ["figures"] and not categories("a messy kitchen")
    assert categories("Obama in a park") == ["figures"]
    assert not categories("a walk down Obama Street")


def test_a_letter_of_a_long_name_may_be_wrong() -> None:
    assert categories("albert einstien on a skateboard") == ["figures"]
    assert categories("spidermann swings between towers") == ["marks"]
    assert not categories("a spider that a man folds of paper")


def test_where_a_film_will_be_shown_is_no_mark_in_it() -> None:
    assert not categories("a six second loop of a latte for our Instagram and TikTok")
    assert categories("our van with the Instagram logo on it") == ["marks"]


def test_a_fragment_of_a_request_is_not_judged_alone() -> None:
    assert not categories("A teaser for our bakery's new chocolate cake, text: to die for")


def test_reasons_are_told_in_a_language() -> None:
    every = ("sexual", "minors", "violence", "hatred", "self_harm", "figures", "marks")
    verdict = Verdict("refused", (*every, "list:{mug}", "service:", "as it stood in a receipt"))
    english, german = verdict.told(), verdict.told("de")
    assert all(one != other for one, other in zip(english[:-1], german[:-1], strict=True))
    assert english[-1] == german[-1] == "as it stood in a receipt"
    assert "{mug}" in german[-3] and "seine Regeln" in german[-2]
    assert verdict.told("xx") == english


def test_a_name_in_own_footage_is_no_likeness() -> None:
    told = "a teaser of what Angela Merkel says in the talk"
    assert categories(told) == ["figures"] and not categories(told, likeness=False)
    judged = Moderation().judge(GenerationRequest("teaser", told, 10.0), {})
    assert judged.verdict == "passed"


def test_all_text_of_a_request_is_judged() -> None:
    for where in (
        GenerationRequest("ad", "a lamp", 15.0, script=("It shows a beheading.",)),
        GenerationRequest("ad", "a lamp", 15.0, title="Pikachu lamp"),
    ):
        assert Moderation().judge(where, {}).verdict == "refused"


def test_a_verdict_is_about_one_request_and_its_pictures() -> None:
    request, other = (GenerationRequest("ad", text, 15.0) for text in ("a lamp", "a lamp!"))
    judge = Moderation().judge
    assert judge(request, {}).cleared == judge(request, {}).cleared
    pictures = ({}, {"1.jpg": b"a"}, {"1.jpg": b"b"}, {"2.jpg": b"b"})
    digests = {judge(other, {}).cleared, *(judge(request, one).cleared for one in pictures)}
    assert len(digests) == 5


def test_the_list_of_the_owner(tmp_path: Path) -> None:
    phrases = tmp_path / "refused.txt"
    phrases.write_text("# never\n\nBlue   Mug\n", "utf-8")
    judged = Moderation(phrases).judge(GenerationRequest("ad", "our blue\nmug", 15.0), {})
    assert judged.told() == ["the owner of this library refuses 'Blue Mug'"]
    assert judged.told("de") == ["wem diese Bibliothek gehört, lehnt „Blue Mug“ ab"]
    phrases.write_bytes(b"\xff\xfe")
    with pytest.raises(RefusedRequest, match="cannot be read"):
        Moderation(phrases).judge(GenerationRequest("ad", "x", 15.0), {})
    with pytest.raises(RefusedRequest, match="cannot be read"):
        Moderation(tmp_path / "none").judge(GenerationRequest("ad", "x", 15.0), {})


def test_a_service_is_asked_beside_the_rules(service: VideoServer) -> None:
    judge = Moderation(None, moderation_service(f"{service.address}/v1", "m", "sk-secret")).judge
    fine = judge(GenerationRequest("text_to_video", "a dog", 5.0), {})
    assert (fine.verdict, fine.by) == ("passed", "rules and a moderation service")
    refused = judge(GenerationRequest("text_to_video", "a forbidden dog", 5.0), {})
    assert refused.told() == ["a moderation service refuses it: x"]


def test_where_the_service_does_not_answer_nothing_passes() -> None:
    judge = Moderation(None, moderation_service("http://127.0.0.1:9/v1", "m", "sk-secret")).judge
    with pytest.raises(ProviderUnavailable, match="nothing passes without it") as caught:
        judge(GenerationRequest("text_to_video", "a dog", 5.0), {})
    assert "secret" not in str(caught.value)


def test_a_refusal_is_kept_and_final(studio: Studio) -> None:
    job = studio.propose("Pikachu runs through Berlin")
    assert job.state == "refused" and job.moderation.reasons and job.error
    with pytest.raises(RefusedRequest, match="refused already"):
        studio.jobs.approve(job.id, "ada")
    assert studio.runner.run(job.id).state == "refused" and not studio.service.submitted
    assert not list(studio.jobs.folder(job.id).glob("inputs/*"))
