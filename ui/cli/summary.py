"""The commands `cuepoint summary` and `cuepoint caption`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from agent.settings import EXTRACTIVE
from tools.media import time_range, timestamp
from ui.cli.common import (
    AsJson,
    VideoRef,
    choice,
    load_settings,
    open_library,
    print_result,
)
from ui.cli.indexing import indexed_video
from ui.render import Json, label, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.grounding.review import Claim
    from agent.summary.language_model import CostEstimate, ModelSummarizer
    from agent.summary.summarize import Summary, SummaryEvent
    from tools.library import Library


def summary(
    video: VideoRef,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what a language model would cost, and stop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell a video in short: overview, chapters, events, highlights, each with its moments."""
    from agent.summary.summarize import summarize

    library = open_library()
    indexed = indexed_video(library, video, as_json)
    summarizer = _summarizer(library, as_json)
    if plan:
        from agent.summary.language_model import CostEstimate
        from tools.summary.digest import digest

        estimate = CostEstimate(EXTRACTIVE, calls=0, cached=0, tokens=(0, 0), cost_usd=0.0)
        if summarizer:
            estimate = summarizer.estimate(library, indexed.id, digest(library, indexed.id))
        print_result(as_json, lambda: Json(library)(estimate), [_plan_line(estimate)])
        return
    made = summarize(library, indexed.id, summarizer)
    lines = _summary_lines(indexed.title, made)
    print_result(as_json, lambda: Json(library).summary(made), lines, made)


def caption(
    video: VideoRef,
    style: Annotated[str, typer.Option(help="brief, detailed or narrative.")] = "brief",
    as_json: AsJson = False,
) -> None:
    """Caption a video: one sentence, a paragraph, or what happens in the order of time."""
    from agent.summary.summarize import STYLES
    from agent.summary.summarize import caption as write

    choice("style", style, STYLES)
    library = open_library()
    id = indexed_video(library, video, as_json).id
    answer = write(library, id, style, _summarizer(library, as_json))
    evidence = (f"  {label(cited.evidence, cited.handle)}" for cited in answer.evidence)
    lines = [answer.answer, *evidence]
    print_result(as_json, lambda: Json(library).answer(answer), lines, answer)


def _summarizer(library: Library, quiet: bool) -> ModelSummarizer | None:
    """Summarizer with the language model of the settings; None where there is none."""
    from agent.llm.provider import load_model
    from tools.toolbox import open_toolbox

    settings = load_settings()
    model = load_model(settings, open_toolbox(library, settings.providers))
    if model._llm_type == EXTRACTIVE:
        return None
    from agent.agent import model_name
    from agent.llm.catalog import model_info
    from agent.llm.limits import Spending
    from agent.summary.language_model import ModelSummarizer

    return ModelSummarizer(
        model,
        spending=Spending(library.root / "spending.json", settings.limits),
        info=model_info(model_name(model), settings.model_table, settings.openai_base_url),
        wait=settings.limits.model_wait,
        on_progress=lambda part: None if quiet else print(f"told: {part}", file=sys.stderr),
    )


def _plan_line(plan: CostEstimate) -> str:
    if plan.model == EXTRACTIVE:
        return "no language model is set up: the summary quotes the video and costs nothing"
    given, written = plan.tokens
    cost = "price unknown" if plan.cost_usd is None else f"{plan.cost_usd:.4f} USD"
    calls = "1 call" if plan.calls == 1 else f"{plan.calls} calls"
    return (
        f"{plan.model}: {calls}, at most {given:,} tokens in and {written:,} out, {cost}; "
        f"{plan.cached} told already"
    )


def _summary_lines(title: str, summary: Summary) -> Iterable[str]:
    from agent.summary.summarize import with_citations

    def sentence(cited: Claim | SummaryEvent) -> str:
        return printable(with_citations(cited.text, cited.citations))

    def claims(claims: Iterable[Claim], indent: str) -> Iterable[str]:
        for claim in claims:
            doubt = "" if claim.verdict == "verified" else f" ({claim.verdict})"
            yield f"{indent}{sentence(claim)}{doubt}"

    yield f"{printable(title)}  {timestamp(summary.coverage[0].duration)}"
    yield from claims(summary.overview, "  ")
    yield "\nChapters"
    for chapter in summary.chapters:
        yield f"  {time_range(chapter.start, chapter.end)}  {printable(chapter.title)}"
        yield from claims(chapter.claims, "      ")
    for name, events in (("Events", summary.events), ("Highlights", summary.highlights)):
        if events:
            yield f"\n{name}"
        for event in events:
            why = f" ({', '.join(event.reasons)})" if event.reasons else ""
            yield f"  {time_range(event.start, event.end)}{why}  {sentence(event)}"
