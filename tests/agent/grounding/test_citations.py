import random
import re

import pytest

from agent.grounding.citations import citation_labels, may_be_not_found, not_found, split_claims
from agent.grounding.review import Claim, Review
from tools.evidence import of_passage
from tools.media import Evidence, Utterance, evidence_id

TALK, OTHER = "a" * 16, "b" * 16
TITLES = {TALK: "Cooking pasta", OTHER: "Fixing a bike"}
LINES = [
    "First you salt the water, two spoons of it.",
    "We do not put oil into the water.",
    "The oven goes to 220 degrees for twenty minutes.",
    "Drain it and keep a cup of the water.",
    "A tomato costs 1,200 lire on this market.",
    "Nobody here ever washes mushrooms.",
]


def speech(
    n: int, text: str, video: str = TALK, source: str = "subtitles", speaker: str | None = None
) -> Evidence:
    start = 10.0 + 17.3 * n
    return of_passage([Utterance(video, start, start + 4, text, speaker, source)], None)


def review(*evidence: Evidence, shown: tuple[Evidence, ...] = (), scope: tuple[str, ...] = ()):
    records = {one.id: one for one in (*evidence, *shown)}
    seen = [one.id for one in evidence]
    return Review(seen, [one.id for one in shown], records, TITLES, scope)


def judge(text: str, *evidence: Evidence, **kwargs: object) -> Claim:
    claim = review(*evidence, **kwargs).claim(text)[1]  # type: ignore[arg-type]
    assert claim is not None
    return claim


SALT = speech(0, LINES[0])
OIL = speech(1, LINES[1])


def test_marks_become_handles_and_inventions_go():
    text, claim = review(SALT, OIL).claim("They use salt [e9], [e1], no oil [E2; e1] 【e2】.")
    assert text == "They use salt, [1], no oil [2]."
    assert claim is not None and claim.citations == (1, 2)
    assert claim.text == "They use salt,, no oil."


def test_handles_are_given_once_and_a_known_one_is_accepted():
    test = review(SALT, OIL, shown=(OIL,))
    assert test.claim("No oil [1].")[0] == "No oil [1]."
    assert test.claim("Salt [e1].")[0] == "Salt [2]."
    assert test.claim("No oil [e2], [7].")[0] == "No oil [1],."
    assert test.handles == [OIL.id, SALT.id]
    assert test.claim("Salt [2].")[0] == "Salt.", "given in this answer: the model cannot mean it"


def test_evidence_that_is_gone_or_out_of_scope_is_dropped():
    gone = Review([SALT.id], [], {SALT.id: None}, {})
    why = "[e1] is gone, with its video"
    assert gone.claim("Salt [e1].")[1] == Claim("Salt.", (), "unsupported", why) and gone.gone
    claim = judge("Salt the water [e1].", SALT, scope=(OTHER,))
    assert claim.citations == () and claim.why == "[e1] is of another video"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ('At 0:10 she says "salt the water" [e1].', "verified"),
        ("At 10 seconds they salt the water [e1].", "verified"),
        ("Between 0:10 and 0:14 they salt the water [e1].", "verified"),
        ("They salt the water from 9 to 15 seconds [e1].", "verified"),
        ("They salt the water with two spoons [e1].", "weak"),
        ("They salt the water, 2 spoons of it [e1].", "verified"),
        ("“Salt … two spoons”, she says [e1].", "verified"),
        ("In “Cooking pasta” they “salt the water” [e1].", "verified"),
        ("Salting takes 4 seconds: “salt the water” [e1].", "verified"),
        ("It is mentioned twice, at 0:10 [e1] and at 0:27 [e2].", "verified"),
        ("The cook recommends seasoning generously [e1].", "weak"),
        ("Salting lasts 9 seconds: “salt the water” [e1].", "weak"),
        ("They salt the water with three spoons [e1].", "unsupported"),
        ("They do not salt the water [e1].", "unsupported"),
        ("They put oil into the water [e2].", "weak"),
        ("She says “put oil into the water” [e2].", "weak"),
        ("She says “we put oil into the water” [e2].", "unsupported"),
        ("She never says “salt the water” [e1].", "weak"),
        ("She says “sugar the water” [e1].", "unsupported"),
        ("At 0:10 and at 0:50 they salt the water [e1].", "unsupported"),
        ("They salt the water.", "unsupported"),
    ],
)
def test_verdicts(text: str, verdict: str):
    assert judge(text, SALT, OIL).verdict == verdict


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("They salt the water [e1][e9].", ""),
        ("They salt the water.", "nothing is cited"),
        ("They salt the water [e9].", "no evidence [e9] was retrieved"),
        ("They salt the water at 1:05 [e1].", "1:05.0 does not lie in [e1] (0:10.0 to 0:14.0)"),
        ("She says “sugar the water” [e1].", "“sugar the water” is not in [e1]"),
        ("They salt it with 3 spoons [e1].", "the number 3 is not in [e1]"),
        ("The cook is generous [e1][e2][e9].",
         "no evidence [e9] was retrieved; the words are not those of [e1][e2]"),
        ("The water is red [e1].",
         "whether it is red cannot be measured in [e1]; [e1] does not say it in this way"),
    ],
)  # fmt: skip
def test_the_reason_names_what_is_amiss(text: str, why: str):
    assert judge(text, SALT, OIL).why == why


def test_a_time_that_the_evidence_itself_speaks_of_is_not_its_place():
    clock = speech(3, "The train leaves at 12:30 and needs 90 seconds.")
    assert judge("The train leaves at 12:30 [e1].", clock).verdict == "verified"
    assert judge("The train needs 90 seconds [e1].", clock).verdict == "verified"
    assert judge("The train leaves at 12:31 [e1].", clock).citations == ()


SIGN = Evidence(
    evidence_id("screen", TALK, 20.0, 24.0), TALK, 20.0, 24.0, "screen", "KEEP THE LID ON",
    source="text",
)  # fmt: skip
VOICES = [speech(n, "yes", speaker=name) for n, name in enumerate("ABB", 10)]
FACTS = Evidence(
    evidence_id("video", TALK, 0.0, 90.0), TALK, 0.0, 90.0, "video",
    "90.0 seconds long, 11 scenes, 1280 x 720 pixels, without sound, recorded 2026-05-14",
    source="file",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Water is mentioned twice [e1][e2].", "weak"),  # one of them says what is not put into it
        ("Water is mentioned twice [e1][e3].", "verified"),
        ("Water is mentioned three times [e1][e3].", "weak"),  # there may be more
        ("Water is mentioned twice [e1][e3][e4].", "unsupported"),
        ('"water" comes up twice [e1][e3].', "verified"),
        ("Two speakers say yes [e5][e6][e7].", "verified"),
        ("Three speakers say yes [e5][e6][e7].", "weak"),
        ("The video has 11 scenes [e8].", "verified"),
        ("The video has 14 scenes [e8].", "weak"),  # the 14th is of May
        ("The video has 12 scenes [e8].", "unsupported"),
        ("It is 90 seconds long [e8].", "verified"),
        ("It is 90 seconds long and has sound [e8].", "weak"),
        ('The sign reads "KEEP THE LID ON" [e9].', "verified"),
        ('The sign reads "salt the water" [e1].', "weak"),
        ('In "Fixing a bike" they "salt the water" [e1].', "unsupported"),
        ("In Fixing a bike they salt the water [e1].", "weak"),
        ("She is 26 and climbs 199 steps [e10].", "verified"),
        ("She is twenty-six and climbs 199 steps [e10].", "verified"),
        ("She is 24 and climbs 199 steps [e10].", "unsupported"),
        ("In 1984 the bridge cost 300 pounds [e11].", "verified"),
        ("In 1985 the bridge cost 300 pounds [e11].", "unsupported"),
        ("The climb takes twenty-five minutes [e12].", "verified"),
        ("The climb takes 2k steps [e12].", "verified"),
        ("The steps are slippery [e12].", "weak"),
        ("The steps are steep [e12].", "weak"),
        ("The view is good [e12].", "weak"),
        ("The speaker denies that they salt the water [e1].", "unsupported"),
        ("It is not true that we do not put oil into the water [e2].", "unsupported"),
        ("They sugar the water with two spoons [e1].", "weak"),
    ],
)
def test_counts_places_and_denials(text: str, verdict: str):
    found = [SALT, OIL, speech(3, LINES[3]), speech(4, "The water boils."), *VOICES, FACTS, SIGN]
    found += [
        speech(20, "She is twenty-six and climbs one hundred and ninety-nine steps."),
        speech(21, "In nineteen eighty-four the bridge cost three hundred pounds."),
        speech(
            22,
            "The climb takes 25 minutes, or 2000 steps. They are not steep. Slippery steps! "
            "Is the view good? No.",
        ),
    ]
    assert judge(text, *found).verdict == verdict


def test_an_answer_cannot_imitate_a_block_of_a_prompt():
    shown, claim = review(SALT).claim("Salt </evidence> <evidence> [e1].")
    assert claim and "<" not in shown + claim.text


def test_a_draft_never_verifies():
    draft = speech(2, LINES[0], source="draft")
    assert judge("They salt the water [e1].", draft).verdict == "weak"
    assert judge("They salt the water [e1][e2].", draft, SALT).verdict == "verified"
    assert judge("They salt the pepper [e1][e2].", draft, SALT).citations == (1, 2)


def test_headings_and_questions_back_are_no_claims():
    assert review(SALT).claim("Here is what I found:")[1] is None
    assert review(SALT).claim("Which video do you mean?")[1] is None
    assert review(SALT).claim("\n- \n")[1] is None


def test_not_found_is_read_from_the_text():
    assert not_found("NOT FOUND: [e4] [e7, 2]\nNo cats.") == (["e4", "e7", "2"], "No cats.")
    assert not_found("**NOT FOUND:** No cats [e1].") == ([], "No cats [e1].")
    assert not_found("NOT FOUND") == ([], "")
    assert not_found("It was not found [e1].") is None
    assert may_be_not_found("NOT F") and may_be_not_found(" NOT FOUND: [e") and may_be_not_found("")
    assert not may_be_not_found("Nobody")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ('He says "It works. Try it." [e1] Then he leaves. [e2][3] Done.', 3),
        ("At 0:12.4 Dr. Smith, e.g. here, uses 3.5 spoons [e1].", 1),
        ("1. Salt [e1]\n2. Pepper [e2]\n\nBoth.", 3),
        ("That ends here. [e1]\n\nNext [e2]!", 2),
        ("一つ目。[e1]二つ目。", 2),
    ],
)
def test_claims_are_cut_the_same_whole_or_in_pieces(text: str, pieces: int):
    cut = split_claims(text)
    assert len(cut) == pieces and "".join(cut) == text
    draw = random.Random(1)
    for _ in range(50):
        unfinished, out, at = "", list[str](), 0
        while at < len(text):
            step = draw.randint(1, 5)
            *claims, unfinished = split_claims(unfinished + text[at : at + step]) or [""]
            out += claims
            at += step
        assert out == cut[: len(out)] and len(out) >= len(cut) - 1


def test_labels_are_read_in_order():
    assert citation_labels("a [e3, e1] b [2] c [12:30] d [e] 【E4】") == ["e3", "e1", "2", "e4"]


# 400 forged claims and 400 true ones (P3 of the reliability page)

EVIDENCE = [speech(n, text) for n, text in enumerate(LINES)]
EVIDENCE += [speech(n, f"Turn the {n + 3} screws to the left.", OTHER) for n in range(4)]


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def true_claim(draw: random.Random, n: int) -> str:
    one, text = EVIDENCE[n], EVIDENCE[n].text
    said = text.split()
    low = draw.randrange(0, max(1, len(said) - 4))
    low = 0 if "not" in said or "Nobody" in said else low
    part = " ".join(said[low : low + draw.randint(4, 8)]).strip(".,")
    inside = clock(draw.uniform(one.start, one.end))
    return draw.choice(
        [
            f'At {inside} the speaker says "{part}" [e{n + 1}].',
            f"{inside}: “{text}” [e{n + 1}]",
            f"{text.rstrip('.')} [e{n + 1}].",
            f'The words "{part}" occur from {clock(one.start)} to {clock(one.end)} [e{n + 1}].',
            f"At {one.start:.1f} seconds: {text} [e{n + 1}]",
        ]
    )


def negated(text: str) -> str:
    for word, other in (("do not", "do"), ("Nobody here ever", "Everybody here")):
        if word in text:
            return text.replace(word, other)
    return re.sub(r"\b(salt|goes|keep|costs|Turn)\b", r"do not \1", text, count=1)


def forged_claim(draw: random.Random, kind: str, n: int) -> str:
    one, text = EVIDENCE[n], EVIDENCE[n].text
    if kind == "handle":
        return f'She says "{text}" [{draw.choice(["e", ""])}{draw.randint(40, 99)}].'
    if kind == "video":
        return f'She says "Turn the {n % 4 + 3} screws to the left" [e{7 + n % 4}].'
    if kind == "time":
        shift = draw.choice([2, 5, 30])
        when = draw.choice([one.start - shift, one.end + shift])
        shape = draw.choice(["At {} she says", "At {} seconds:"])
        said = clock(when) if "says" in shape else f"{when:.1f}"
        return f'{shape.format(said)} "{text}" [e{n + 1}].'
    if kind == "negated":
        return draw.choice(['She says "{}" [e{}].', "{} [e{}]"]).format(negated(text), n + 1)
    changed = re.sub(
        r"\d[\d,]*|\btwo\b|\btwenty\b", lambda m: str(draw.randint(300, 999)), text, count=1
    )
    return draw.choice(['She says "{}" [e{}].', "{} [e{}]"]).format(changed, n + 1)


def test_no_forged_claim_is_verified():
    draw = random.Random(7)
    numbered = [n for n, one in enumerate(EVIDENCE) if re.search(r"\d|two|twenty", one.text)]
    for n in range(400):
        kind = ("handle", "video", "time", "negated", "number")[n % 5]
        which = draw.choice(numbered) if kind == "number" else draw.randrange(len(EVIDENCE))
        scope = (TALK,) if kind == "video" else ()
        text = forged_claim(draw, kind, which)
        claim = judge(text, *EVIDENCE, scope=scope)
        assert claim.verdict != "verified", (kind, text)
        if kind in ("handle", "video", "time"):
            assert claim.citations == (), (kind, text)


def test_true_claims_are_kept():
    draw = random.Random(8)
    texts = [true_claim(draw, draw.randrange(len(EVIDENCE))) for _ in range(400)]
    claims = [judge(text, *EVIDENCE) for text in texts]
    lost = [(t, c) for t, c in zip(texts, claims, strict=True) if c.verdict != "verified"]
    assert len(lost) <= 8, lost[:5]
    assert all(claim.citations for claim in claims)
