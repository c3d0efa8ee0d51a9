"""P4: what is not there is not found, and what is there is."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tools.library import Library
from tools.text.tokens import content_words

ASKED = ("What is said about {}?", "When is {} mentioned?", "Where do they speak of {}?",
         "Does anybody mention {}?")  # fmt: skip
ABSENT = """
    volcano violin parliament mortgage penguin algebra sushi tractor vampire cathedral oxygen lawyer
    passport dinosaur chess ballet tuberculosis mayonnaise pharaoh helicopter credit surgery
    democracy spaghetti trumpet rocket dentist carpet cinnamon giraffe marathon saxophone
    satellite umbrella wallpaper xylophone yoghurt zebra bacteria chocolate divorce election
    festival guitar hospital insurance jazz kangaroo laboratory museum needle orchestra pyramid
    quarantine recipe statistics theatre university vaccine wedding cake dog cat bus camera piano
    horse newspaper soldier tennis"""
"""Things that are neither said nor shown in the sample."""


async def test_what_is_absent_is_not_found_and_what_is_there_is(
    with_sample: Callable[[Path], Library],
    tmp_path: Path,
    times: Callable[[int], int],
    chance: random.Random,
    row: Any,
) -> None:
    library = with_sample(tmp_path / "home")
    (video,) = (one.id for one in library.list())
    said = " ".join(one.text for one in library.utterances(video))
    present = {word for word in content_words(said) if len(word) > 4}
    absent = {word for word in ABSENT.split() if word not in said.lower()}
    n = times(100)
    async with open_agent(Settings(home=library.home)) as agent:
        for words, there in ((absent, False), (present, True)):
            asked = [form.format(word) for word in sorted(words) for form in ASKED]
            wrong: list[str] = []
            for question in chance.sample(asked, n):
                *_, answer = [event async for event in ask(agent, question)]
                assert isinstance(answer, Answer)
                wrong += [question] if answer.found != there else []
            assert len(wrong) <= max(1, 0.05 * n), wrong
            what = "what is said" if there else "what is not said"
            row("P4", f"a question about {what}", n, n - len(wrong),
                f"{len(wrong)} {'not ' if there else ''}found")  # fmt: skip
