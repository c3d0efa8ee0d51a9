"""Answers as Slack's blocks: text, frames, moments to play, buttons."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agent.ask import Answer, NumberedEvidence
from tools.generate.job import GenerationJob
from tools.media import Evidence
from ui.render import cost_line, evidence_span, job_lines, label, searched
from ui.slack_bot.reading import ACTIONS, DECISIONS
from ui.slack_bot.words import entities, escaped, say

SECTION, BLOCKS, ALTERNATIVE, FALLBACK = 3000, 50, 2000, 3000
"""Limits of Slack: characters of a section, blocks of a message, characters of an alternative
text; and what we let the text of a notification have."""
PICTURES = 10
"""Frames of one answer."""
Blocks = list[dict[str, Any]]
Link = Callable[[Evidence], str | None]
"""Address of the page that plays evidence; None where nobody could reach it."""


def shown(answer: Answer) -> Sequence[NumberedEvidence]:
    """Evidence of an answer, or what came closest."""
    return answer.evidence or answer.nearest


def words_of(answer: Answer) -> str:
    """Text of an answer, with what doubt there is before it."""
    text = escaped(answer.answer)
    return f"{say('unsure')}\n{text}" if answer.reason == "unsure" else text


def answer_blocks(
    answer: Answer, link: Link, pictures: Mapping[int, str], titles: Mapping[str, str]
) -> Blocks:
    """Blocks of an answer.

    `pictures` are files of Slack by handle, `titles` of the videos by id; a video is named where
    there are several.
    """
    blocks = sections(words_of(answer))
    several = len({one.evidence.video for one in shown(answer)}) > 1
    rows: list[str] = []
    for one in shown(answer):
        name = titles.get(one.evidence.video, "") if several else ""
        if file := pictures.get(one.handle):
            told = f"{name} · " if name else ""
            blocks.append(image(file, told + label(one.evidence, one.handle)))
        rows.append(moment(one.evidence, link, one.handle, name))
    blocks += sections("\n".join(rows))
    foot = " · ".join(filter(None, (searched(answer), cost_line(answer))))
    blocks.append(context(escaped(foot)))
    if shown(answer):
        buttons = [_button(name, str(answer.turn)) for name in ACTIONS]
        blocks.append({"type": "actions", "elements": buttons})
    for job in answer.jobs:
        blocks += job_blocks(job, str(answer.turn))
    return blocks


def job_blocks(job: GenerationJob, value: str) -> Blocks:
    """Blocks of a video that is proposed, with the buttons of who decides."""
    first, *rest = job_lines(job)
    told = sections(escaped("\n".join([first.partition("  ")[2], *rest])))
    if job.state not in ("proposed", "unknown"):
        return told
    buttons = [_button(name, value) for name in DECISIONS]
    return [*told, {"type": "actions", "elements": buttons}]


def moment(evidence: Evidence, link: Link, handle: int | None = None, title: str = "") -> str:
    """A moment as a line, with its time as a link that plays it where there is one."""
    line = escaped(label(evidence, handle)[:600])
    if address := link(evidence):
        span = escaped(evidence_span(evidence))
        line = line.replace(span, f"<{entities(address)}|{span}>", 1)
    return f"{escaped(title)} · {line}" if title else line


def sections(text: str) -> Blocks:
    """Sections of a text, cut at lines or words so that each is short enough for Slack."""
    return [{"type": "section", "text": _mrkdwn(part)} for part in pieces(text, SECTION)]


def pieces(text: str, size: int) -> list[str]:
    """Pieces of an escaped text of a size at most; no `&lt;` and no link is cut in two."""
    found: list[str] = []
    while text := text.strip():
        if len(text) <= size:
            return [*found, text]
        end = max(text.rfind("\n", 1, size), 0) or max(text.rfind(" ", size // 2, size), 0) or size
        inside = re.search(r"<[^<>]*$|&[a-z]{0,3}$", text[:end])
        if inside and inside.start() > 0:
            end = inside.start()
        found.append(text[:end].rstrip())
        text = text[end:]
    return found


def messages(blocks: Blocks) -> Iterable[Blocks]:
    """Blocks by message: no more than Slack takes in one."""
    for start in range(0, len(blocks), BLOCKS):
        yield blocks[start : start + BLOCKS]


def image(file: str, text: str) -> dict[str, Any]:
    """Picture that was uploaded, with its alternative text."""
    return {"type": "image", "alt_text": text[:ALTERNATIVE], "slack_file": {"id": file}}


def context(text: str) -> dict[str, Any]:
    """A quiet line of an escaped text."""
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}  # nothing in it becomes a link


def _button(name: str, value: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": say(name)}
    return {"type": "button", "action_id": name, "text": text, "value": value}
