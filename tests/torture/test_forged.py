"""P3: claims that a model forges are never shown as verified, and true ones are kept.

Both are made by a generator with a seed from what an index of made, sample and real videos holds,
and go through the whole graph; a claim is kept where it is verified or weak.
"""

import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage
from PIL import Image, ImageDraw, ImageFont

from agent.agent import Agent, open_agent
from agent.ask import Answer, ask
from agent.fakes import ScriptedModel
from agent.grounding.pixels import PixelCheck
from agent.llm.limits import Limits
from agent.settings import Settings
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence
from tools.models.providers import BARE
from tools.toolbox import Toolbox
from tools.vision.colour import COLOURS

N = 400
CARDS = [((200, 30, 30), "HARBOUR OPENS AT 9"), ((30, 60, 220), "KEEP LEFT HERE"),
         ((20, 160, 40), "PIER 4 IS CLOSED"), ((240, 220, 40), "TICKETS 12 EURO")]  # fmt: skip
LINES = [
    "First you salt the water, two spoons of it.",
    "We do not put oil into the water.", "The oven goes to 220 degrees for twenty minutes.",
    "A tomato costs 1,200 lire on this market.", "Nobody here ever washes mushrooms.",
    "The chain has 116 links and a lock.",
    "My sister cannot eat mushrooms at all.",
    "Keep three cups of the water for later.",
]  # fmt: skip
WORDS = ["engine", "violin", "passport", "ladder", "cathedral", "bishop", "copper"]
REPORTED = ("It is said that {}", "The speaker explains that {}", "According to the speaker, {}")


def paint(seconds: float) -> np.ndarray:
    """Four cards of three seconds, each of one colour with a line of text."""
    colour, text = CARDS[min(int(seconds / 3 + 1e-6), 3)]
    picture = Image.new("RGB", (640, 360), colour)
    font = ImageFont.load_default(44)
    dark = sum(colour) > 400
    ImageDraw.Draw(picture).text((40, 150), text, (0, 0, 0) if dark else (255, 255, 255), font)
    return np.asarray(picture)


def subtitles(path: Path, lines: list[str], each: float) -> None:
    """Subtitles beside a video, one line after another."""

    def at(seconds: float) -> str:
        return f"00:{int(seconds // 60):02}:{seconds % 60:06.3f}".replace(".", ",")

    cues = [f"{n + 1}\n{at(n * each)} --> {at((n + 1) * each - 0.1)}\n{line}\n"
            for n, line in enumerate(lines)]  # fmt: skip
    path.with_suffix(".srt").write_text("\n".join(cues))


@pytest.fixture(scope="module")
def toolbox(
    tmp_path_factory: pytest.TempPathFactory, encode: Callable[..., Path],
    with_sample: Callable[[Path], Library], media_if_any: Path | None,
) -> Toolbox:  # fmt: skip
    """Cards that are read, a talk, the sample; and where they are, a real talk and reading."""
    folder = tmp_path_factory.mktemp("forged")
    library = with_sample(folder / "home")
    cards, talk = folder / "four cards.mp4", folder / "The market kitchen.mp4"
    encode(cards, paint, 12.0, fps=5)
    ingest(library, cards, providers=replace(BARE, text_reader="auto"))
    said = LINES
    if media_if_any:
        ingest(library, media_if_any / "derived" / "grid_talk_33s.mp4", providers=BARE)
        read = (media_if_any / "speech" / "long_transcript.txt").read_text("utf-8").splitlines()
        said = LINES + [line.strip() for line in read if line.strip()]
    encode(talk, lambda seconds: paint(9.0), 4.0 * len(said), fps=2)
    subtitles(talk, said, 4.0)
    ingest(library, talk, providers=BARE)
    return Toolbox(library)


@asynccontextmanager
async def talking(
    toolbox: Toolbox, home: Path, draw: random.Random
) -> AsyncIterator[tuple[Agent, "Forge"]]:
    """An agent in a conversation in which everything was retrieved, and a forge for its claims."""
    videos = toolbox.list_videos()
    whole = [("read_moment", {"video": v.id, "start": 0, "end": v.duration}) for v in videos]
    whole += [(name, {"video": v.id}) for name in ("find_scenes", "video_facts") for v in videos]
    calls = [{"name": n, "args": args, "id": str(i)} for i, (n, args) in enumerate(whole)]
    looks = ScriptedModel(script=[AIMessage(content="", tool_calls=calls), AIMessage(content="-")])
    settings = Settings(home=home, limits=Limits(tool_calls=len(calls) + 1))
    async with open_agent(settings, toolbox=toolbox, model=looks) as one:
        await answered(one, "What is there?")
    asked = [message for message in looks.shown[-1] if message.type == "human"]
    seen = asked[-1].additional_kwargs["cuepoint"]["seen"]
    model = ScriptedModel(script=[])
    async with open_agent(settings, toolbox=toolbox, model=model) as one:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("agent.graph.is_poor", lambda *_: False)  # or the rules would answer
            yield one, Forge(toolbox, seen, draw)


async def answered(one: Agent, question: str, videos: tuple[str, ...] = ()) -> Answer:
    *_, last = [event async for event in ask(one, question, thread="t", videos=videos)]
    assert isinstance(last, Answer)
    return last


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def lower(text: str) -> str:
    text = text.rstrip(".")
    return text if text.split()[0] in ("I", "A") or text.isupper() else text[0].lower() + text[1:]


class Forge:
    """Claims about what was retrieved, with the labels that a model saw."""

    def __init__(self, toolbox: Toolbox, seen: list[str], draw: random.Random) -> None:
        self.seen, self.draw, self.library = seen, draw, toolbox.library
        pool = [self.library.evidence(id) for id in seen]
        self.told = [o for o in pool if o.kind in ("speech", "screen") and _plain(o.text)]
        self.pictures = [o for o in pool if o.kind in ("frame", "scene") and "mostly" in o.text]
        self.facts = [o for o in pool if o.kind == "video"]

    def label(self, one: Evidence) -> str:
        return f"[e{self.seen.index(one.id) + 1}]"

    def when(self, one: Evidence) -> str:
        return clock(self.draw.uniform(one.start, one.end))

    def wrapped(self, text: str, one: Evidence) -> str:
        """A statement as a model may put it: quoted, reported, with or without its time."""
        at, label = self.when(one), self.label(one)
        end = clock(one.end)
        return self.draw.choice([
            f'At {at} it says "{text.rstrip(".")}" {label}.',
            f"{at}: “{text.rstrip('.')}” {label}",
            f'The words "{text.rstrip(".")}" occur from {clock(one.start)} to {end} {label}.',
            f"{text.rstrip('.')} {label}.",
            f"At {one.start:.1f} seconds: {lower(text)} {label}.",
            self.draw.choice(REPORTED).format(lower(text)) + f" {label}.",
        ])  # fmt: skip

    # True claims

    def true(self) -> str:
        kinds = [self.statement] * 4 + [self.part] * 2 + [self.topic, self.turned, self.digits]
        kinds += [self.look, self.look, self.fact, self.twice]
        while True:
            claim = self.draw.choice(kinds)()
            if claim:
                return claim

    def statement(self) -> str:
        one = self.draw.choice(self.told)
        return self.wrapped(one.text, one)

    def part(self) -> str:
        one = self.draw.choice(self.told)
        said = one.text.rstrip(".").split()
        if len(said) < 8:
            return ""
        if self.draw.random() < 0.5:
            ends = f"{' '.join(said[:3])} … {' '.join(said[-3:])}"
            return f"At {self.when(one)}: “{ends}” {self.label(one)}."
        return f'It is said that "{" ".join(said[: self.draw.randint(4, 7)])}" {self.label(one)}.'

    def topic(self) -> str:
        one = self.draw.choice(self.told)
        named = [w.strip(".,") for w in one.text.split() if len(w) > 4]
        label = self.label(one)
        return f"At {self.when(one)} the talk turns to {' and '.join(named[:2])} {label}." * (
            len(named) > 1 and not _denied(one.text)
        )

    def turned(self) -> str:
        """The parts of a sentence the other way round."""
        one = self.draw.choice(self.told)
        first, comma, second = one.text.rstrip(".").partition(", ")
        return (
            f"{second[0].upper()}{second[1:]}, {lower(first)} {self.label(one)}." if comma else ""
        )

    def digits(self) -> str:
        one = self.draw.choice(self.told)
        names = {"two": "2", "three": "3", "four": "4", "twenty": "20"}
        text = re.sub(r"\w+", lambda m: names.get(m[0], m[0]), one.text)
        return self.wrapped(text, one).replace('"', "").replace("“", "") if text != one.text else ""

    def look(self) -> str:
        one = self.draw.choice(self.pictures)
        most = re.findall(r"mostly (\w+)", one.text)[0]
        some = re.findall(r"(?:some|much) (\w+)", one.text)
        shapes = [f"At {self.when(one)} the picture is mostly {most}", f"There is a lot of {most}"]
        shapes += [f"There is some {colour} in the picture" for colour in some]
        shapes += [f"{one.text[0].upper()}{one.text[1:]}"]
        return f"{self.draw.choice(shapes)} {self.label(one)}."

    def fact(self) -> str:
        one = self.draw.choice(self.facts)
        video = self.library.get(one.video)
        scenes = len(self.library.scenes(one.video))
        return self.draw.choice([
            f"The video is {video.duration:.0f} seconds long",
            f"It has {scenes} scenes" if scenes > 1 else "It has no cuts",
            f"Its pictures are {video.width} x {video.height} pixels",
        ]) + f" {self.label(one)}."  # fmt: skip

    def pair(self) -> tuple[str, Evidence, Evidence] | None:
        """A word that stands in two places of one video."""
        one = self.draw.choice(self.told)
        for word in self.draw.sample(one.text.strip(".").split(), len(one.text.split())):
            same = [o for o in self.told if o.video == one.video and word in o.text.split()]
            apart = [o for o in same if abs(o.start - one.start) > 2]
            if len(word) > 3 and word.isalpha() and apart:
                other = self.draw.choice(apart)
                if len(re.findall(rf"(?i)\b{word}\b", one.text + " " + other.text)) == 2:
                    return word, one, other
        return None

    def twice(self, often: str = "twice") -> str:
        if not (found := self.pair()):
            return ""
        word, a, b = found
        said = self.draw.choice([f'"{word}" comes up', f"The word {word} is mentioned"])
        first, second = (f"at {clock(one.start)} {self.label(one)}" for one in (a, b))
        return f"{said} {often}, {first} and {second}."

    # Forged claims: the sentence, and the video that the question is about, if it is about one

    def forged(self, kind: str) -> tuple[str, str]:
        while True:
            claim, scope = getattr(self, f"forged_{kind}")()
            if claim:
                return claim, scope

    def forged_handle(self) -> tuple[str, str]:
        made = self.draw.choice(["e{}", "{}"]).format(self.draw.randint(900, 999))
        return re.sub(r"\[e\d+\]", f"[{made}]", self.true()), ""

    def forged_video(self) -> tuple[str, str]:
        one = self.draw.choice(self.told)
        other = self.draw.choice([o for o in self.told if o.video != one.video])
        title = self.library.get(other.video).title
        text, label = one.text.rstrip("."), self.label(one)
        return self.draw.choice([
            (self.wrapped(one.text, one), other.video),
            (f'It says "{text}" {self.label(other)}.', ""),
            (f"{text} {self.label(other)}.", ""),
            (f"In “{title}” it says “{text}” {label}.", ""),
        ])  # fmt: skip

    def forged_time(self) -> tuple[str, str]:
        one = self.draw.choice([*self.told, *self.pictures])
        shift = self.draw.choice([2, 5, 30])
        before = one.start >= shift + 1 and self.draw.random() < 0.5
        at = one.start - shift if before else one.end + shift
        first, last = (at - 1, at) if before else (at, at + 1)
        text, label = one.text.rstrip("."), self.label(one)
        return self.draw.choice([
            f'At {clock(at)} it says "{text}" {label}.',
            f"At {at:.1f} seconds: {text} {label}.",
            f"From {clock(first)} to {clock(last)}: {text} {label}.",
            f"{text} ({clock(at)}) {label}.",
        ]), ""  # fmt: skip

    def forged_negated(self) -> tuple[str, str]:
        one = self.draw.choice(self.told)
        text, label = one.text.rstrip("."), self.label(one)
        said = text.split()
        at = self.draw.randint(1, len(said))
        inserted = " ".join([*said[:at], self.draw.choice(["not", "never"]), *said[at:]])
        shapes = [f"It is not true that {lower(text)}", f"Nobody says that {lower(text)}",
                  f"The speaker denies that {lower(text)}", f'It never says "{text}"',
                  f'At {self.when(one)} it says "{inserted}"', inserted]  # fmt: skip
        for word, other in (("do not", "do"), ("Nobody", "Everybody"), ("cannot", "can")):
            if word in text:
                turned = text.replace(word, other)
                shapes = [f'It says "{turned}"', turned, f"It is said that {lower(turned)}"]
        return f"{self.draw.choice(shapes)} {label}.", ""

    def forged_number(self) -> tuple[str, str]:
        if self.draw.random() < 0.2:
            return self.twice(self.draw.choice(["three times", "four times", "5 times"])), ""
        one = self.draw.choice([*self.told, *self.facts])
        if one.kind == "video":
            claim = self.fact()
            other = re.sub(r"\d+(?= (seconds|scenes|x))", lambda m: str(int(m[0]) + 3), claim)
            return (other, "") if other != claim else ("", "")
        pattern = r"\b\d[\d,]*|\b(?:two|three|four|twenty)\b"
        text = re.sub(pattern, lambda m: str(self.draw.randint(300, 999)), one.text, count=1)
        return (self.wrapped(text, one), "") if text != one.text else ("", "")

    def forged_colour(self) -> tuple[str, str]:
        one = self.draw.choice([*self.pictures, *self.pictures, *self.told])
        own = [name for name in COLOURS if re.search(rf"\b{name}\b", one.text)]
        other = self.draw.choice([name for name in COLOURS if name not in own])
        if one.kind in ("speech", "screen"):
            text = one.text.replace(own[0], other) if own else one.text
            return (self.wrapped(text, one), "") if text != one.text else ("", "")
        looks = self.library.attributes(one.video)
        inside = [o.colours.get(other, 0) for o in looks if one.start <= o.seconds <= one.end]
        if not inside or max(inside) > 0.05:
            return "", ""
        most = re.findall(r"mostly (\w+)", one.text)[0]
        return self.draw.choice([
            f"At {self.when(one)} the picture is mostly {other}", f"The picture is {other}",
            f"There is a lot of {other} in the scene", one.text.replace(most, other),
        ]) + f" {self.label(one)}.", ""  # fmt: skip

    def forged_swapped(self) -> tuple[str, str]:
        one = self.draw.choice(self.told)
        said = one.text.rstrip(".").split()
        at = [i for i, word in enumerate(said) if len(word) > 3 and word.isalpha()]
        if not at or (_denied(one.text) and len(at) < 2):
            return "", ""
        said[self.draw.choice(at)] = self.draw.choice(WORDS)
        return self.wrapped(" ".join(said), one), ""


def _plain(text: str) -> bool:
    return not re.search(r'["“?:!…]|\. ', text) and len(text.split()) > 1


def _denied(text: str) -> bool:
    return bool(re.search(r"\b(not|Nobody|cannot|no|never)\b", text))


KINDS = ("handle", "video", "time", "negated", "number", "colour", "swapped")


async def judged(one: Agent, claims: list[str], scope: str = "") -> list[tuple[str, str]]:
    """The verdicts that people see on these claims, said ten at a time, and the reasons."""
    found: list[tuple[str, str]] = []
    for at in range(0, len(claims), 10):
        some = claims[at : at + 10]
        said = AIMessage(content="\n".join(f"- {claim}" for claim in some))
        one.model.script = [said]  # type: ignore[attr-defined]
        answer = await answered(one, "What is there?", (scope,) if scope else ())
        assert len(answer.claims) == len(some), (some, answer.claims)
        found += [(claim.verdict, claim.why) for claim in answer.claims]
    return found


def test_a_real_talk_is_forged(media: Path, toolbox: Toolbox) -> None:
    assert "grid_talk_33s" in {video.title for video in toolbox.list_videos()}


@pytest.mark.parametrize("like", [False, True], ids=["blind", "all alike"])
async def test_no_forged_claim_is_shown_as_verified(
    toolbox: Toolbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chance: random.Random,
    row: Any, like: bool,
):  # fmt: skip
    """Also where a picture model finds that every picture shows whatever is claimed of it."""
    if like:
        monkeypatch.setattr(PixelCheck, "shows", lambda *_: True)
    async with talking(toolbox, tmp_path, chance) as (one, forge):
        made = [(kind, *forge.forged(kind)) for kind in (KINDS * N)[:N]]
        counts: Counter[tuple[str, str]] = Counter()
        for scope in sorted({scope for _, _, scope in made}):
            some = [(kind, claim) for kind, claim, about in made if about == scope]
            verdicts = await judged(one, [claim for _, claim in some], scope)
            for (kind, claim), (verdict, why) in zip(some, verdicts, strict=True):
                assert verdict != "verified", (kind, claim)
                assert why, (kind, claim)
                counts[kind, verdict] += 1
    assert counts.total() == N
    weak = sum(count for (_, verdict), count in counts.items() if verdict == "weak")
    what = "a forged claim" + (", and a picture model that is fooled" if like else "")
    row("P3", what, N, N, f"0 verified, {weak} weak, {N - weak} unsupported")
    assert all(counts[kind, "weak"] == 0 for kind in ("handle", "time"))


async def test_true_claims_are_kept(
    toolbox: Toolbox, tmp_path: Path, chance: random.Random, row: Any
):
    async with talking(toolbox, tmp_path, chance) as (one, forge):
        claims = [forge.true() for _ in range(N)]
        verdicts = await judged(one, claims)
    counts = Counter(verdict for verdict, _ in verdicts)
    lost = [(c, v) for c, v in zip(claims, verdicts, strict=True) if v[0] == "unsupported"]
    assert len(lost) <= 0.02 * N, lost
    assert counts["verified"] >= 0.8 * N
    kept = N - len(lost)
    row("P3", "a true claim", N, kept, f"{counts['verified']} verified, {counts['weak']} weak")
