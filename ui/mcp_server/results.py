"""Results of tools: structured content, its twin in text, one contact sheet, links to frames."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.toolbelt import fence, job_line, video_line
from tools.errors import VideoError
from tools.generate.job import GenerationJob
from tools.media import Evidence, Video, time_range
from ui.mcp_server.pictures import Tiles, data_address, pictured, sheet_of
from ui.render import STAGE_NAMES, picture_address, searched, unusual
from ui.web.job_status import JobStatus

if TYPE_CHECKING:
    from agent.ask import Answer
    from ui.mcp_server.door import Door

MOST_TEXT, MOST_DATA = 19_500, 150_000
"""Characters of the text of a result, and of the JSON of a list."""
FRAMES, MOST_FRAMES = 6, 300_000
"""Pictures for the app, and characters of them all."""
UNSURE = "Closest moments, not confirmed:"
"""Beginning of the text of an answer that is none for certain."""
DECIDES = "A person says yes or no: in the chat, or by `cuepoint jobs approve`. No tool can."
_LABELS = re.compile(r"(?:\[e\d+\])+ ")
"""Citations inside the reasons of a verdict."""
_DOUBTS = {"weak": "not confirmed", "unsupported": "not supported"}


@dataclass(frozen=True)
class Link:
    """A resource that a result names."""

    uri: str
    title: str
    media_type: str = "image/jpeg"


@dataclass(frozen=True)
class Result:
    """Result of a tool. `sheet` is a JPEG; `meta` is for the app, and for no model."""

    text: str
    data: Mapping[str, Any] | None = None
    sheet: bytes | None = None
    links: tuple[Link, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])
    failed: bool = False


def of_values(door: Door, values: Any, notes: Sequence[str] = ()) -> Result:
    """Result of a capability. Reads files."""
    if not isinstance(values, list):
        data = door.json(values)
        if isinstance(values, JobStatus):
            return Result(_job_line(values), data)
        if isinstance(values, GenerationJob):
            return Result(f"{job_line(values)}\n{DECIDES}", data)
        data = data if isinstance(data, dict) else {"result": data}
        return Result(_cut(json.dumps(data, ensure_ascii=False, indent=1)), data)
    rows, kept = [door.json(value) for value in values], 0
    lines: list[str] = []
    room, space = MOST_TEXT - sum(map(len, notes)) - 300, MOST_DATA
    for number, (value, row) in enumerate(zip(values, rows, strict=True), 1):
        line = _line(door, number, value, row)
        room, space = room - len(line) - 1, space - len(json.dumps(row))
        if room < 0 or space < 0:
            break
        lines.append(line)
        kept = number
    data: dict[str, Any] = {"result": rows[:kept]}
    if left_out := len(values) - kept:
        data["left_out"] = left_out
        lines.append(f"({left_out} more had no room here: ask for a shorter span, or for less)")
    if notes:
        data["notes"] = list(notes)
    shown = [one for one in values[:kept] if isinstance(one, Evidence)]
    numbers = [n for n, one in enumerate(values[:kept], 1) if isinstance(one, Evidence)]
    tiles = pictured(door.library, shown, numbers)
    sheet, seen = sheet_of(door.library, tiles)
    told = [*(lines or ["Nothing found."]), *notes, *_sheet_line(seen)]
    return Result("\n".join(told), data, sheet, _links(door, tiles))


def of_answer(door: Door, answer: Answer) -> Result:
    """Result of a question or of an audit. Reads files."""
    cited = answer.evidence or answer.nearest
    tiles = pictured(door.library, [one.evidence for one in cited], [one.handle for one in cited])
    sheet, seen = sheet_of(door.library, tiles)
    text = _bounded([*_answer_lines(door, answer), *_sheet_line(seen)])
    frames = {
        one.id: address
        for _, one, image in tiles[:FRAMES]
        if (address := data_address(door.library, image))
    }
    meta: dict[str, Any] = {"cuepoint/frames": _within(frames, MOST_FRAMES)}
    if door.address:
        meta["cuepoint/links"] = {one.evidence.id: door.moment(one.evidence) for one in cited}
    data = door.json.answer(answer)
    return Result(text, data, sheet, _links(door, tiles), meta)


def _answer_lines(door: Door, answer: Answer) -> Iterator[str]:
    """Text of an answer: the answer first, then what it rests on, then what was not covered."""
    near = not answer.evidence
    if answer.reason == "unsure":
        yield UNSURE
    yield answer.answer
    cited = answer.evidence or answer.nearest
    if cited:
        yield ""
        yield "Closest moments:" if near else "Evidence:"
    for one in cited:
        play = f" · play {door.moment(one.evidence)}" if door.address else ""
        label = f"[{one.handle}]"
        yield f"{door.agent.belt.line(label, one.evidence)} · id {one.evidence.id}{play}"
    yield ""
    for claim in answer.claims:
        if claim.verdict != "verified":
            marks = "".join(f"[{handle}]" for handle in claim.citations)
            why = f" ({_LABELS.sub('it ', claim.why)})" if claim.why else ""
            yield f"{_DOUBTS[claim.verdict].capitalize()}: {fence(claim.text)} {marks}{why}"
    if told := searched(answer):
        yield f"Searched: {told}."
    for part in answer.coverage:
        yield from _limits(door, part.video)
    yield from (note.text for note in answer.notes)
    if answer.thread:
        yield f"To go on with this conversation, pass thread {answer.thread!r}."


def _limits(door: Door, id: str) -> Iterator[str]:
    """Findings of indexing that limit what can be answered of a video, and what is to come."""
    try:
        video = door.library.get(id)
    except VideoError:  # removed meanwhile
        return
    stages, title = video.stages, fence(video.title)
    notes = [*video.notes, *(one.note for one in stages.values() if one.note)]
    if told := "; ".join(unusual(notes)):
        yield f"Limits of {title}: {told}."
    coming = [name for name, one in stages.items() if one.state in ("waiting", "running")]
    if coming:
        named = ", ".join(STAGE_NAMES.get(name, name) for name in coming)
        at_work = video.state == "indexing" or door.is_indexing(id)
        how = "it is being read" if at_work else "add_video with its file goes on with it"
        yield f"Not read yet of {title}: {named}; {how}."


def _job_line(job: JobStatus) -> str:
    """State of a job, and what to do next."""
    told = f"{fence(job.title)}: {job.state}, {job.progress:.0%}"
    left = f", about {job.seconds_left:.0f} s left" if job.seconds_left else ""
    stage = f", {job.stage}" if job.stage else ""
    ask = f"It can be asked about as video {job.video}."
    again = f"Call job_status with id {job.id} to hear more."
    advice = {
        "ready": f"All of it is indexed. {ask}",
        "askable": f"{ask} The rest is still being read. {again}",
        "failed": f"{job.error}. Add it again once that is mended.",
        "stopped": "The person stopped it.",
        "paused": f"The disk is full: the person can make room. {again}",
    }
    return f"{told}{stage}{left}. {advice.get(job.state, again)}"


def _line(door: Door, number: int, value: Any, row: Any) -> str:
    match value:
        case Evidence():
            return door.agent.belt.line(f"{number} [{value.id}]", value)
        case Video():
            notes = f" · {'; '.join(value.notes)}" if value.notes else ""
            return video_line(value) + notes
        case str():
            return fence(value)
        case _:
            return json.dumps(row, ensure_ascii=False)


def _sheet_line(tiles: Tiles) -> list[str]:
    """Twin of the contact sheet in text."""
    shown = ", ".join(f"{number} = {time_range(e.start, e.end)}" for number, e, _ in tiles)
    return [f"The picture beside this shows, by number: {shown}."] if tiles else []


def _links(door: Door, tiles: Tiles) -> tuple[Link, ...]:
    return tuple(
        Link(address, f"{number}: {time_range(one.start, one.end)}")
        for number, one, _ in tiles
        if (address := picture_address(door.library, one.image, "mcp"))
    )


def _within(pictures: Mapping[str, str], room: int) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, address in pictures.items():
        room -= len(address)
        if room >= 0:
            kept[name] = address
    return kept


def _bounded(lines: Sequence[str]) -> str:
    """Lines as one text; what has no room is counted."""
    kept: list[str] = []
    room = MOST_TEXT - 100
    for number, line in enumerate(lines):
        line = _cut(line)
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*kept, f"({len(lines) - number} more lines had no room here)"])
        kept.append(line)
    return "\n".join(kept)


def _cut(text: str, most: int = MOST_TEXT // 2) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
