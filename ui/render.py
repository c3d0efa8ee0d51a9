"""Times, labels and the contract's JSON, for every door.

The only place that turns a picture's relative path into a path, an address or a resource.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from agent.settings import EXTRACTIVE
from tools.clock import Clock
from tools.evidence import MACHINE, is_draft
from tools.generate.job import GenerationJob
from tools.media import Coverage, Evidence, Frame, Scene, Utterance, Video, time_range, timestamp
from ui import texts
from ui.texts import DEFAULT

if TYPE_CHECKING:
    from agent.ask import Answer, NumberedEvidence
    from agent.summary.summarize import Summary
    from tools.library import Library

Door = Literal["path", "http", "mcp"]
KIND_NAMES = {
    "frame": "picture",
    "scene": "scene",
    "speech": "said",
    "screen": "on screen",
    "object": "seen",
    "sound": "sound",
    "motion": "movement",
    "chapter": "chapter",
    "video": "video",
}
STAGE_NAMES = {
    "probe": "looking at the file",
    "subtitles": "subtitles",
    "keyframes": "first pictures",
    "pass": "scenes and frames",
    "provenance": "where it comes from",
    "sound": "sound",
    "audio_events": "music and singing",
    "screen": "on-screen text",
    "clock": "when it was recorded",
    "pictures": "what pictures show",
    "speech": "speech",
    "speakers": "who speaks",
    "sightings": "what moves",
    "crops": "how objects look",
    "vectors": "search",
}
CLOCK_SOURCES = {
    "argument": "given by hand", "screen": "read on the picture", "sidecar": "a file beside it",
    "tag": "the file's own tag", "name": "the file's name", "file": "when the file was written",
}  # fmt: skip
"""Sources of a wall clock in words."""
_NOTES = {
    "drawn": "drawn here from titles and pictures: no model films it",
    "pictures_unchecked": "no picture check is installed: look at it before you show it",
}
"""What a person should know before saying yes, by the note's name."""
_USUAL = re.compile(r"no subtitles|subtitles: [^;]*")
"""Notes of most videos, which are not worth telling."""


def evidence_span(evidence: Evidence) -> str:
    """Time range of evidence; "at least" of text beside a picture that was not read."""
    least = "at least " if evidence.facts.get("at_least") else ""
    return least + time_range(evidence.start, evidence.end)


def printable(text: str) -> str:
    """Text for a terminal: control and invisible characters stand as escapes."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )


def without_paths(library: Library, text: str) -> str:
    """Text in one line without the paths of this machine, for who is elsewhere."""
    for path in (library.root, library.home):
        text = text.replace(f"{path}/", "").replace(str(path), "the library")
    return printable(" ".join(text.split()))


def label(evidence: Evidence, handle: int | None = None) -> str:
    """Evidence as one line: handle, time, kind, text."""
    mark = f"[{handle}] " if handle is not None else ""
    text = f'"{evidence.text}"' if evidence.kind in ("speech", "screen") else evidence.text
    kind = KIND_NAMES[evidence.kind] + (f", {MACHINE}" if is_draft(evidence) else "")
    return f"{mark}{evidence_span(evidence)} {kind}: {text}"


def cost_line(answer: Answer | Summary, language: str = DEFAULT) -> str:
    """Model and cost of an answer: `gpt-5-mini · 1,840 tokens · $0.004 · 3.1 s`."""
    by_rule = answer.model == EXTRACTIVE
    parts = [texts.text(language, "quiet.by_rule") if by_rule else answer.model]
    if any(answer.tokens):
        parts.append(texts.text(language, "quiet.tokens", n=f"{sum(answer.tokens):,}"))
        parts.append(_price(answer.cost_usd, language))
    return " · ".join([*parts, f"{answer.seconds:.1f} s"])


def _price(usd: float | None, language: str) -> str:
    if usd is None:
        return texts.text(language, "quiet.no_price")
    if 0 < usd < 0.001:
        return texts.text(language, "quiet.cheap")
    return f"${usd:.3f}".rstrip("0").rstrip(".")


def searched(answer: Answer, language: str = DEFAULT) -> str:
    """Part of the videos that was searched: `All of it searched`, `speech 40 % …`.

    Empty for an answer of an earlier day, as the index may have grown since, and for one that
    looked for nothing: a greeting, or what can't be done.
    """
    told = partial(texts.text, language)
    count = answer.coverage_total
    shown = answer.evidence or answer.nearest
    if not count or not (answer.found or shown or answer.reason not in (None, "cannot")):
        return ""
    if count["complete"] == count["videos"]:
        return told("quiet.searched", n=count["videos"])
    if count["videos"] == 1 and answer.coverage:
        return _unfinished(answer.coverage[0], told)
    return told("quiet.some", complete=count["complete"], n=count["videos"])


def _unfinished(part: Coverage, told: Callable[..., str]) -> str:
    """Coverage of a video in words: "speech 40 %, 60 % of the text read"."""
    shares = {name: round(100 * share) for name, share in part.ready.items()}
    words = [
        told(f"quiet.{name}", share=shares[name])
        for name in ("frames", "speech", "screen")
        if part.ready[name] < 1
    ]
    if part.ready["screen"] >= 1 and part.screen == "partial":
        words.append(told("quiet.not_all"))
    return ", ".join(words)


def remarks(video: Video) -> list[str]:
    """Findings of indexing: damage, what is missing, what was read of it, and what could not be."""
    found = list(video.notes)
    for name, stage in video.stages.items():
        if stage.state == "failed":
            found.append(f"{STAGE_NAMES.get(name, name)} failed: {stage.note}")
        elif stage.note and (stage.partial or name in ("subtitles", "sound", "speech")):
            found.append(stage.note)
        elif stage.partial:
            found.append(f"{STAGE_NAMES.get(name, name)}: a part is missing")
    return unusual(found)


def unusual(notes: Iterable[str]) -> list[str]:
    """The notes that are worth telling, each once."""
    return [printable(one) for one in dict.fromkeys(notes) if not _USUAL.fullmatch(one)]


def job_lines(job: GenerationJob) -> list[str]:
    """A generation job for people: what, how far, what it costs, what leaves, what came of it."""
    request, price = job.request, "price unknown"
    if job.cost_usd is not None or job.price_usd is not None:
        usd = job.price_usd if job.cost_usd is None else job.cost_usd
        price = f"${usd:.2f}" if usd else "free"
    by = f"{job.provider} {job.model}".strip()
    kind = request.kind.replace("_", " ")
    lines = [f"{job.id}  {job.state}  {kind}, {request.seconds:g} s, by {by}, {price}"]
    lines += [f"  asked for: {request.prompt}"]
    lines += [f"  {one.video} {time_range(one.start, one.end)}" for one in request.moments]
    if not job.over:
        lines += [f"  leaves this machine: {one}" for one in job.leaves_machine]
        lines += [f"  {_NOTES[one]}" for one in job.notes if one in _NOTES]
    lines += [f"  refused: {one}" for one in job.moderation.told()]
    if job.error and not job.moderation.reasons:
        lines.append(f"  {job.error}")
    if job.state == "proposed":
        lines.append(f"  make it: cuepoint jobs approve {job.id[:8]}")
    if job.state == "done":
        lines += [f"  {made.aspect}  {made.path}" for made in job.outputs]
    return lines


def picture_address(library: Library, image: str | None, door: Door) -> str | None:
    """Path, URL or resource of a picture; None where there is none."""
    if image is None:
        return None
    if door == "path":
        return str(library.picture(image))
    _, video, folder, name = image.split("/")
    what = "-".join(str(int(part)) for part in name.removesuffix(".jpg").split("-"))
    kind = folder.removesuffix("s")  # a frame, or a strip of them
    if door == "http":
        return f"/media/{quote(video)}/{kind}/{what}.jpg"
    return f"cuepoint://video/{quote(video)}/{kind}/{what}"


def file_resource(library: Library, path: str) -> str:
    """Resource of a file that is kept with a video; of any other the name alone."""
    file = Path(path)
    folder = library.root / "videos"
    parts = file.relative_to(folder).parts if file.is_relative_to(folder) else ()
    return f"cuepoint://video/{'/'.join(map(quote, parts))}" if len(parts) == 3 else file.name


def _verdict(job: GenerationJob) -> dict[str, Any]:
    return {"verdict": job.moderation.verdict, "reasons": job.moderation.told()}


class Json:
    """The contract's JSON of values, for one library and one door."""

    def __init__(self, library: Library, door: Door = "path") -> None:
        self._library = library
        self._door: Door = door

    def __call__(self, value: Any) -> Any:
        """Convert a dataclass, or several; answers and summaries have methods below."""
        match value:
            case Mapping():
                return {name: self(part) for name, part in value.items()}
            case list() | tuple():
                return [self(part) for part in value]
            case datetime():
                return value.isoformat()
            case Evidence():
                return self.evidence(value)
            case _:
                return self._row(value) if is_dataclass(value) else value

    def evidence(self, evidence: Evidence, handle: int | None = None) -> dict[str, Any]:
        """Evidence, with the handle under which a conversation knows it."""
        video = self._library.get(evidence.video)
        clock = self._library.clock(evidence.video)
        at = clock.wall(evidence.start) if clock and clock.is_relied_on else None
        return {
            **self._row(evidence),
            "title": video.title,
            "image": picture_address(self._library, evidence.image, self._door),
            "handle": handle,
            "score": round(evidence.score, 4),
            "language": evidence.language or None,
            "recorded_at": self(at),
        }

    def answer(self, answer: Answer) -> dict[str, Any]:
        """Answer, with its claims, evidence and coverage."""
        row = self._row(replace(answer, evidence=(), nearest=(), notes=()))
        del row["turn"]  # of the history alone
        return {
            **row,
            "evidence": self._cited(answer.evidence),
            "nearest": self._cited(answer.nearest),
            "notes": [{**self._row(note), "text": note.text} for note in answer.notes],
        }

    def summary(self, summary: Summary) -> dict[str, Any]:
        """Summary, with its claims, events and evidence."""
        row = self._row(replace(summary, evidence=()))
        del row["video"]
        for event in row["events"]:
            del event["reasons"]  # of highlights alone
        return {**row, "evidence": self._cited(summary.evidence)}

    def _row(self, value: Any) -> dict[str, Any]:
        row = {field.name: self(getattr(value, field.name)) for field in fields(value)}
        if tokens := row.get("tokens"):
            row["tokens"] = {"input": tokens[0], "output": tokens[1]}
        match value:
            case Video():
                paths = {"http": f"/media/{value.id}/file", "mcp": f"cuepoint://video/{value.id}"}
                row["path"] = paths.get(self._door, value.path)
            case Frame() | Scene():
                image = picture_address(self._library, value.image, self._door)
                row = {"id": value.id, **row, "image": image}
            case GenerationJob():
                row |= {"path": self._made(value), "moderation": _verdict(value)}
                row["outputs"] = [
                    {**made, "path": self._made(value, n)} for n, made in enumerate(row["outputs"])
                ]
            case Utterance():
                row = {"id": value.id, **row, "language": value.language or None}
                del row["n"]
            case _:
                if self._door == "mcp" and isinstance(row.get("path"), str):
                    row["path"] = file_resource(self._library, row["path"])
        return row

    def _made(self, job: GenerationJob, number: int = 0) -> str | None:
        """Path, or address, of a file that a job made; None before it is done."""
        if job.state != "done" or not job.outputs:
            return None
        path = job.outputs[number].path
        return path if self._door == "path" else f"/media/made/{job.id}/{Path(path).name}"

    def _cited(self, cited: Iterable[NumberedEvidence]) -> list[dict[str, Any]]:
        return [self.evidence(entry.evidence, entry.handle) for entry in cited]


def clock_row(clock: Clock | None) -> dict[str, Any] | None:
    """A video's wall clock as JSON; None where nothing tells when it was recorded."""
    if clock is None:
        return None
    return {
        "source": clock.source,
        "confidence": clock.confidence,
        "begun": clock.begun.isoformat(),
        "segments": [
            {"start": one.start, "at": clock.wall(one.start).isoformat(), "rate": one.rate}
            for one in clock.segments
        ],
        "others": [
            {"source": one.source, "begun": one.begun.isoformat(), "ahead": round(one.ahead, 3)}
            for one in clock.others
        ],
    }


def clock_lines(clock: Clock | None) -> list[str]:
    """A video's wall clock in lines: when it begins, by what, how it runs, and who differs."""
    if clock is None:
        return []
    named = CLOCK_SOURCES[clock.source]
    sure = f"{clock.confidence:.0%} sure" + ("" if clock.is_relied_on else ", not relied on")
    lines = [f"clock: begins {clock.begun:%Y-%m-%d %H:%M:%S} ({named}, {sure})"]
    if abs(clock.segments[0].rate - 1) >= 5e-4:
        lines.append(f"clock: 60 s of the video are {clock.segments[0].rate * 60:.1f} s")
    for at, by in clock.jumps()[:5]:
        lines.append(f"clock: jumps {by:+.0f} s at {timestamp(at)}")
    for one in clock.others:
        says = "says the same" if one.agrees else f"says {one.begun:%Y-%m-%d %H:%M:%S}"
        lines.append(f"clock: {CLOCK_SOURCES[one.source]} {says}")
    return lines
