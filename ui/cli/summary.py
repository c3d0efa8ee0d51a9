"""The commands that tell a video in short: `cuepoint summary`, `cuepoint caption`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.common import AsJson, VideoRef, open_library, print_json, settings
from ui.cli.indexing import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.ask import Answer
    from agent.grounding.review import Claim
    from agent.summary.language_model import CostEstimate, ModelSummarizer
    from agent.summary.summarize import Summary, SummaryEvent
    from tools.library import Library


def add_to(app: typer.Typer) -> None:
    """Make them commands of a program."""
    app.command()(summary)
    app.command()(caption)


def summary(
    video: VideoRef,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what a language model would cost, and stop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell a video in short: overview, chapters, events, highlights, each with its moments."""
    from agent.summary.summarize import summarize
    from ui.render import Json

    library = open_library()
    one = resolve(library, video, as_json)
    summarizer = _summarizer(library, as_json)
    if plan:
        from tools.summary.digest import digest

        made = summarizer.estimate(library, one.id, digest(library, one.id)) if summarizer else None
        if as_json:
            print_json(Json(library).plan(made))
        else:
            print(_planned(made))
        return
    found = summarize(library, one.id, summarizer)
    if as_json:
        print_json(Json(library).summary(found))
    else:
        print("\n".join(_told(one.title, found)))
        _say_cost(found)


def caption(
    video: VideoRef,
    style: Annotated[str, typer.Option(help="brief, detailed or narrative.")] = "brief",
    as_json: AsJson = False,
) -> None:
    """Caption a video: one sentence, a paragraph, or what happens in the order of time."""
    from agent.summary.summarize import STYLES
    from agent.summary.summarize import caption as write
    from ui.render import Json, label

    if style not in STYLES:
        raise typer.BadParameter(f"no style {style!r}; one of: {', '.join(STYLES)}")
    library = open_library()
    one = resolve(library, video, as_json)
    answer = write(library, one.id, style, _summarizer(library, as_json))
    if as_json:
        print_json(Json(library).answer(answer))
        return
    cited = (f"  {label(one.evidence, one.handle)}" for one in answer.evidence)
    print("\n".join([answer.answer, *cited]))
    _say_cost(answer)


def _summarizer(library: Library, quiet: bool) -> ModelSummarizer | None:
    """The language model of the settings as a summarizer; None where there is none."""
    from agent.llm.provider import load_model
    from agent.settings import EXTRACTIVE
    from tools.toolbox import open_toolbox

    chosen = settings()
    model = load_model(chosen, open_toolbox(library, chosen.providers))
    if model._llm_type == EXTRACTIVE:
        return None
    from agent.llm.limits import Spending
    from agent.summary.language_model import ModelSummarizer

    def say(told: str) -> None:
        if not quiet:
            sys.stderr.write(f"told: {told}\n")

    spending = Spending(library.root / "spending.json", chosen.limits)
    return ModelSummarizer(model, spending=spending, table=chosen.model_table, on_progress=say)


def _say_cost(found: Answer | Summary) -> None:
    from ui.render import cost, printable

    if any(found.tokens):
        sys.stderr.write(printable(cost(found)) + "\n")


def _planned(plan: CostEstimate | None) -> str:
    if plan is None:
        return "no language model is set up: the summary quotes the video and costs nothing"
    given, written = plan.tokens
    cost = "price unknown" if plan.cost_usd is None else f"{plan.cost_usd:.4f} USD"
    calls = "1 call" if plan.calls == 1 else f"{plan.calls} calls"
    return (
        f"{plan.model}: {calls}, at most {given:,} tokens in and {written:,} out, {cost}; "
        f"{plan.cached} told already"
    )


def _told(title: str, found: Summary) -> Iterable[str]:
    from ui.render import clock, printable, span

    whole = found.coverage[0].duration
    yield f"{printable(title)}  {clock(whole)}"
    yield from _claims(found.overview)
    yield "\nChapters"
    for one in found.chapters:
        yield f"  {span(one.start, one.end)}  {printable(one.title)}"
        yield from _claims(one.claims, "      ")
    yield from _events("Events", found.events)
    yield from _events("Highlights", found.highlights)


def _claims(claims: Sequence[Claim], indent: str = "  ") -> Iterable[str]:
    from agent.summary.summarize import with_citations
    from ui.render import printable

    for one in claims:
        doubt = "" if one.verdict == "verified" else f" ({one.verdict})"
        yield f"{indent}{printable(with_citations(one.text, one.citations))}{doubt}"


def _events(name: str, events: Sequence[SummaryEvent]) -> Iterable[str]:
    from agent.summary.summarize import with_citations
    from ui.render import printable, span

    if events:
        yield f"\n{name}"
    for one in events:
        why = f" ({', '.join(one.reasons)})" if one.reasons else ""
        text = printable(with_citations(one.text, one.citations))
        yield f"  {span(one.start, one.end)}{why}  {text}"
