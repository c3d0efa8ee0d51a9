"""The command `cuepoint feedback`: answers that people rated, as cases to measure answers with."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.cli.common import load_settings, print_json
from ui.render import printable

if TYPE_CHECKING:
    from agent.evaluation.rated import LeftOut


def feedback(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Standard output without it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one list of cases.")] = False,
) -> None:
    """Write the rated answers of the chat as cases for `cuepoint eval --cases FILE`."""
    import asyncio

    from agent.agent import open_agent
    from agent.evaluation.rated import rated_cases
    from tools.files.durable import write_lines

    async def read() -> "tuple[list[dict[str, Any]], list[LeftOut]]":
        async with open_agent(load_settings()) as agent:
            return await rated_cases(agent)

    cases, left = asyncio.run(read())
    if output:
        write_lines(output, cases)
    elif as_json:
        print_json(cases)
    else:
        sys.stdout.write("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases))
    for one in left:
        said = f" ({one.comment})" if one.comment else ""
        sys.stderr.write(printable(f"left out: {one.question}{said}: {one.why}") + "\n")
