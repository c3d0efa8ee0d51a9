"""The command `cuepoint check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import RefusedRequest
from ui.cli.common import AsJson, load_settings, open_library, print_result
from ui.cli.indexing import indexed_video
from ui.render import Json, label, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.ask import Answer
    from tools.toolbox import Toolbox

MOST_BYTES = 1 << 20
_TOLD = {"verified": "confirmed", "weak": "not confirmed", "unsupported": "not supported"}
"""Verdicts in the words of people."""


def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Text to check; without one, input.")
    ] = None,
    video: Annotated[
        list[str] | None, typer.Option(metavar="VIDEO", help="Check against these videos alone.")
    ] = None,
    thread: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="[1] is the first moment of this conversation."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a text with citations ([1], ids, times, quotes) against the library, by rule."""
    from agent.audit import check_text
    from tools.toolbox import open_toolbox

    library = open_library()
    toolbox = open_toolbox(library, load_settings().providers)
    ids = [indexed_video(library, one, as_json).id for one in video or ()]
    answer = check_text(toolbox, _read(file), ids, _handles(toolbox, thread) if thread else ())

    def lines() -> Iterator[str]:
        for claim in answer.claims:
            why = f" ({claim.why})" if claim.why else ""
            marks = "".join(f"[{handle}]" for handle in claim.citations)
            yield printable(f"{_TOLD[claim.verdict]}: {claim.text} {marks}{why}")
        for cited in answer.evidence or answer.nearest:
            yield f"  {label(cited.evidence, cited.handle)}"
        yield _counted(answer)

    print_result(as_json, lambda: Json(library).answer(answer), lines())


def _read(file: Path | None) -> str:
    name = file.name if file else "the input"
    try:
        with file.open("rb") if file else sys.stdin.buffer as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise RefusedRequest(f"{name!r} cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise RefusedRequest(f"{name!r} has more than {MOST_BYTES >> 20} MB: check a part of it")
    return data.decode("utf-8", "replace")


def _handles(toolbox: Toolbox, thread: str) -> list[str]:
    import asyncio

    from agent.agent import open_agent
    from agent.history import handles

    async def known() -> list[str]:
        async with open_agent(load_settings(), toolbox=toolbox) as agent:
            return await handles(agent, thread)

    return asyncio.run(known())


def _counted(answer: Answer) -> str:
    counts = [sum(claim.verdict == verdict for claim in answer.claims) for verdict in _TOLD]
    told = zip(counts, _TOLD.values(), strict=True)
    return ", ".join(f"{count} {words}" for count, words in told) or "it claims nothing"
