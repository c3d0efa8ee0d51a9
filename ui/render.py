"""What every door shows: times, labels, and the JSON of the contract.

The only place that turns a picture's relative path into a path, an address or a resource.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from agent.settings import EXTRACTIVE
from tools.integrity.verify import Problem
from tools.library import Library
from tools.media import Coverage, Evidence, Frame, Scene, Utterance, Video
from tools.media import clock as tenths

if TYPE_CHECKING:
    from agent.ask import Answer
    from agent.grounding.review import Claim
    from agent.summary.language_model import CostEstimate
    from agent.summary.summarize import Summary, SummaryEvent

Door = Literal["path", "http", "mcp"]
KINDS = {
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


def clock(seconds: float) -> str:
    """Seconds as 0:42, 1:02:03; tenths only where they are not zero."""
    return tenths(max(seconds, 0.0)).removesuffix(".0")


def span(start: float, end: float) -> str:
    """A time, or two with a dash."""
    return clock(start) if end - start < 0.05 else f"{clock(start)}\N{EN DASH}{clock(end)}"


def printable(text: str) -> str:
    """A path or a message for a terminal: what it would obey, or not show, stands as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )


def label(one: Evidence, handle: int | None = None) -> str:
    """One line: handle, time, kind, and the words."""
    mark = f"[{handle}] " if handle is not None else ""
    text = f'"{one.text}"' if one.kind in ("speech", "screen") else one.text
    return f"{mark}{span(one.start, one.end)} {KINDS[one.kind]}: {text}"


def cost(answer: "Answer | Summary") -> str:
    """What an answer took: `gpt-5-mini · 1,203 tokens in, 88 out · 0.000477 USD · 2.1 s`."""
    parts = [answer.model]
    if any(answer.tokens):
        given, written = answer.tokens
        parts.append(f"{given:,} tokens in, {written:,} out")
        usd = answer.cost_usd
        parts.append("price unknown" if usd is None else f"{usd:.6f} USD")
    return " · ".join([*parts, f"{answer.seconds:.1f} s"])


def picture(library: Library, image: str | None, door: Door) -> str | None:
    """Where a door finds a picture; None where there is none."""
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


def _claim(one: "Claim") -> dict[str, Any]:
    return {**asdict(one), "citations": list(one.citations)}


def _event(one: "SummaryEvent") -> dict[str, Any]:
    cited = list(one.citations)
    return {"start": one.start, "end": one.end, "text": one.text, "citations": cited}


class Json:
    """The contract's JSON for one library and one door."""

    def __init__(self, library: Library, door: Door = "path") -> None:
        self._library = library
        self._door: Door = door

    def video(self, one: Video) -> dict[str, Any]:
        """Video, with its stages."""
        where = one.path if self._door == "path" else f"/media/{one.id}/file"
        return {
            **asdict(one),
            "path": f"cuepoint://video/{one.id}" if self._door == "mcp" else where,
            "recorded_at": one.recorded_at.isoformat() if one.recorded_at else None,
            "notes": list(one.notes),
            "stages": {name: asdict(stage) for name, stage in one.stages.items()},
        }

    def frame(self, one: Frame) -> dict[str, Any]:
        """Frame, with its id."""
        return {"id": one.id, **asdict(one), "image": self._picture(one.image)}

    def scene(self, one: Scene) -> dict[str, Any]:
        """Scene, with its id."""
        return {"id": one.id, **asdict(one), "image": self._picture(one.image)}

    def utterance(self, one: Utterance) -> dict[str, Any]:
        """Utterance, with its id."""
        row = {"id": one.id, **asdict(one), "language": one.language or None}
        del row["n"]
        return row

    def evidence(self, one: Evidence, handle: int | None = None) -> dict[str, Any]:
        """Evidence, with the handle under which a conversation knows it."""
        recorded = None
        video = self._library.get(one.video)
        if video.recorded_at:
            recorded = (video.recorded_at + timedelta(seconds=one.start)).isoformat()
        return {
            **asdict(one),
            "title": video.title,
            "image": self._picture(one.image),
            "handle": handle,
            "score": round(one.score, 4),
            "language": one.language or None,
            "recorded_at": recorded,
        }

    def coverage(self, one: Coverage) -> dict[str, Any]:
        """Coverage."""
        return {**asdict(one), "notes": list(one.notes), "ready": dict(one.ready)}

    def answer(self, one: "Answer") -> dict[str, Any]:
        """Answer, with its claims, evidence and coverage."""
        given, written = one.tokens
        return {
            "question": one.question,
            "answer": one.answer,
            "found": one.found,
            "claims": [_claim(c) for c in one.claims],
            "evidence": [self.evidence(c.evidence, c.handle) for c in one.evidence],
            "nearest": [self.evidence(c.evidence, c.handle) for c in one.nearest],
            "coverage": [self.coverage(c) for c in one.coverage],
            "model": one.model,
            "tokens": {"input": given, "output": written},
            "cost_usd": one.cost_usd,
            "seconds": one.seconds,
            "thread": one.thread,
            "notes": [
                {"why": note.why, "unkept": list(note.unkept), "text": note.text}
                for note in one.notes
            ],
        }

    def summary(self, one: "Summary") -> dict[str, Any]:
        """Summary, with its claims, events and evidence."""
        given, written = one.tokens
        return {
            "overview": [_claim(c) for c in one.overview],
            "chapters": [
                {
                    "start": chapter.start,
                    "end": chapter.end,
                    "title": chapter.title,
                    "claims": [_claim(c) for c in chapter.claims],
                }
                for chapter in one.chapters
            ],
            "events": [_event(event) for event in one.events],
            "highlights": [
                {**_event(event), "reasons": list(event.reasons)} for event in one.highlights
            ],
            "evidence": [self.evidence(c.evidence, c.handle) for c in one.evidence],
            "coverage": [self.coverage(c) for c in one.coverage],
            "model": one.model,
            "tokens": {"input": given, "output": written},
            "cost_usd": one.cost_usd,
            "seconds": one.seconds,
        }

    def plan(self, one: "CostEstimate | None") -> dict[str, Any]:
        """What a summary takes at most; without a language model nothing."""
        given, written = one.tokens if one else (0, 0)
        return {
            "model": one.model if one else EXTRACTIVE,
            "calls": one.calls if one else 0,
            "cached": one.cached if one else 0,
            "tokens": {"input": given, "output": written},
            "cost_usd": one.cost_usd if one else 0.0,
        }

    def problem(self, one: Problem) -> dict[str, Any]:
        """One finding of `verify`."""
        return asdict(one)

    def _picture(self, image: str | None) -> str | None:
        return picture(self._library, image, self._door)
