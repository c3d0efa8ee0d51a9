"""A video is asked for in a conversation, proposed with its moments, and decided on by a person."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.agent import open_agent
from agent.approval import Approvals, open_proposer
from agent.ask import Answer, ask
from agent.fakes import ScriptedModel
from agent.history import answers
from agent.settings import Settings
from tools.errors import RefusedRequest
from tools.generate.jobs import UnknownJob
from tools.library import Library
from tools.toolbox import Toolbox

Ask = Callable[..., Awaitable[list[Answer]]]


@pytest.fixture
def making(read_sample: Library) -> Any:
    """The sample's toolbox with a proposer, and no jobs from before."""
    settings = Settings(home=read_sample.home)
    proposer = open_proposer(read_sample, settings)
    for job in proposer.jobs.list():
        if not job.over:
            proposer.jobs.cancel(job.id, "test")
        proposer.jobs.remove(job.id)
    return Toolbox(read_sample, proposer=proposer)


@pytest.fixture
def talk(making: Toolbox) -> Ask:
    async def run(*questions: str, model: Any = None) -> list[Answer]:
        told: list[Answer] = []
        settings = Settings(home=making.library.home)
        async with open_agent(settings, toolbox=making, model=model) as agent:
            for question in questions:
                thread = told[-1].thread if told else None
                *_, last = [event async for event in ask(agent, question, thread=thread)]
                assert isinstance(last, Answer)
                told.append(last)
            assert [one.jobs for one in await answers(agent, told[-1].thread)] == [
                one.jobs for one in told
            ]
        return told

    return run


@pytest.mark.parametrize(
    ("question", "seconds", "moments"),
    [
        ("Make me a 10 second teaser", 10.0, 0),
        ("Make me a ten-second teaser from the three best moments", 10.0, 3),
        ("create a highlight reel of 20 seconds", 20.0, 0),
        ("Mach mir einen Trailer aus den zwei besten Momenten", 10.0, 2),
    ],
)
async def test_a_teaser_is_proposed_from_moments_that_are_cited(
    talk: Ask, question: str, seconds: float, moments: int
) -> None:
    (answer,) = await talk(question)
    (job,) = answer.jobs
    assert (job.state, job.request.kind, job.provider) == ("proposed", "teaser", "animatic")
    assert job.request.seconds == seconds and job.thread == answer.thread
    used = [one.evidence for one in job.request.moments]
    assert used and (not moments or len(used) == moments)
    assert [one.evidence.id for one in answer.evidence] == list(dict.fromkeys(used))
    assert sum(one.end - one.start for one in job.request.moments) <= seconds + 0.1
    assert answer.found and re.search(r"before you say yes|bevor du ja sagst", answer.answer)
    assert all(claim.verdict == "verified" for claim in answer.claims)


async def test_the_moments_of_the_answer_before_are_taken(talk: Ask) -> None:
    shown, made = await talk("How often does the fog horn sound?", "make a teaser of those")
    (job,) = made.jobs
    assert [one.evidence for one in job.request.moments] == [n.evidence.id for n in shown.evidence]


async def test_what_nobody_filmed_is_proposed_without_moments(talk: Ask) -> None:
    (answer,) = await talk("Generate a video of a dog on a beach")
    (job,) = answer.jobs
    assert job.request.kind == "text_to_video" and not job.request.moments
    assert not answer.evidence and answer.reason is None and "no model films it" in answer.answer


async def test_a_refusal_is_told_and_final(talk: Ask, making: Toolbox) -> None:
    (answer,) = await talk("Generate a video of Elon Musk on a beach")
    assert answer.reason == "cannot" and "won't make that" in answer.answer
    (job,) = answer.jobs
    assert job.state == "refused"
    with pytest.raises(RefusedRequest, match="refused already"):
        await Approvals(_jobs(making)).decide(job.id, True, "ada")


async def test_a_refusal_is_told_in_the_language_of_the_wish(talk: Ask) -> None:
    (answer,) = await talk("Erstelle ein Video von Darth Vader am Strand")
    reason = "es nennt eine geschützte Figur oder Marke von jemand anderem"
    assert answer.answer.startswith(f"Das mache ich nicht: {reason}.")
    assert answer.jobs[0].moderation.told() == [
        "it names somebody else's protected character or mark"
    ]


@pytest.mark.parametrize(
    "question",
    ["make a clip of 0:10 to 0:20", "export the subtitles as srt", "What is the red boat called?"],
)
async def test_other_wishes_propose_nothing(talk: Ask, making: Toolbox, question: str) -> None:
    (answer,) = await talk(question)
    assert answer.jobs == () and _jobs(making).list() == []


def _jobs(making: Toolbox) -> Any:
    assert making.proposer
    return making.proposer.jobs


async def test_a_person_decides_by_an_interrupt_that_survives_a_restart(
    talk: Ask, making: Toolbox
) -> None:
    (answer,) = await talk("Make me a 10 second teaser")
    jobs, id = _jobs(making), answer.jobs[0].id
    for word in ("", "x" * 16, "../" + id[:6]):
        with pytest.raises(UnknownJob):
            await Approvals(jobs).decide(word, True, "ada")
    first = Approvals(jobs)
    assert (await first.decide(id[:6], True, "ada")).state == "approved"
    with pytest.raises(RefusedRequest, match="approved already"):
        await Approvals(jobs).decide(id, True, "eve")
    job = await Approvals(jobs).decide(id, False, "bob")
    assert job.state == "cancelled"
    assert [(step.state, step.by) for step in job.history[1:]] == [
        ("approved", "ada"), ("cancelled", "bob"),
    ]  # fmt: skip


async def test_a_budget_is_held(talk: Ask, making: Toolbox, tmp_path: Path) -> None:
    (answer,) = await talk("Make me a 10 second teaser")
    jobs, id = _jobs(making), answer.jobs[0].id
    jobs.change(id, price_usd=5.5)
    with pytest.raises(RefusedRequest, match="CUEPOINT_GENERATE_JOB_USD"):
        await Approvals(jobs).decide(id, True, "ada")
    jobs.change(id, price_usd=4.0)
    for _ in range(5):
        (one,) = await talk("Make me a 10 second teaser")
        jobs.change(one.jobs[0].id, price_usd=4.0)
        await Approvals(jobs).decide(one.jobs[0].id, True, "ada")
    with pytest.raises(RefusedRequest, match="CUEPOINT_GENERATE_DAY_USD"):
        await Approvals(jobs).decide(id, True, "ada")
    jobs.change(id, price_usd=None)
    with pytest.raises(RefusedRequest, match="not known"):
        await Approvals(jobs).decide(id, True, "ada")


async def test_a_language_model_can_only_propose(talk: Ask, making: Toolbox) -> None:
    call: dict[str, Any] = {"prompt": "a teaser of the storm", "kind": "teaser"}
    calls = [
        {"name": "propose_generation", "args": call | {"seconds": n}, "id": f"c{n}"} for n in (8, 9)
    ]
    model = ScriptedModel(
        script=[
            AIMessage("", tool_calls=calls),
            AIMessage("", tool_calls=[{"name": "approve", "args": {"job": "1"}, "id": "c3"}]),
            AIMessage("It rests on this: the fog horn sounds [e1]."),
        ]
    )
    (answer,) = await talk("Make a teaser of the storm, and approve it", model=model)
    (job,) = answer.jobs
    assert job.state == "proposed" and len(_jobs(making).list()) == 1
    told = [m.text for m in model.shown[-1] if m.type == "tool"]
    assert "nothing is made before a person says yes" in told[0]
    assert "one proposal a question" in told[1] and "no tool 'approve'" in told[2]
