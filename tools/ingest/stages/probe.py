"""What the container tells without decoding: its facts, and its subtitles."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.ingest.stages.step import Result
from tools.transcript.subtitles import read_sidecar, sidecar_files, stream_track, transcript

if TYPE_CHECKING:
    from tools.ingest.run import Work


def probe(work: Work) -> Result:
    """Facts of the container: length, size, rate, rotation, streams, time of recording."""
    (facts,) = work.child.call("tools.video.container:probe", path=str(work.path))
    picture = facts["video"]
    manifest = work.manifest
    manifest["probe"] = facts
    manifest["duration"] = facts["duration"] or 0.0
    for name in ("width", "height", "fps"):
        manifest[name] = picture[name] if picture else None
    if manifest["recorded_at"] is None:
        manifest["recorded_at"] = _plausible(facts["creation_time"])
    notes: list[str] = []
    if not facts["audio"]:
        notes.append("no sound")
    if picture is None:
        notes.append("sound only: there is no picture")
    elif picture["variable"]:
        notes.append("variable frame rate")
    manifest["notes"] = notes
    return Result(provider="ffmpeg")


def _plausible(text: str | None) -> str | None:
    """A creation time as ISO 8601, unless it is what an unset clock writes."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.isoformat() if datetime(1990, 1, 1, tzinfo=UTC) < at < datetime.now(UTC) else None


def subtitles(work: Work) -> Result:
    """Speech from the best subtitle track, in the file or beside it."""
    events = work.child.call("tools.video.tracks:read_subtitles", path=str(work.path))
    tracks = [stream_track(event) for event in events]
    tracks += [read_sidecar(path, work.path) for path in _sidecars(work)]
    audio = work.manifest["probe"]["audio"]
    found = transcript(
        work.video,
        tracks,
        work.manifest["duration"] or None,
        audio[0]["language"] if audio else None,
    )
    note = "; ".join(found.notes)
    if not found.utterances:
        return Result((), "skipped", "", note or "no subtitles")
    names = work.finish("speech.jsonl", found.utterances)
    return Result(names, "done", found.provider, note, {"language": found.language})


def _sidecars(work: Work) -> list[Path]:
    return sidecar_files(work.path) if work.manifest["source"]["linked"] else []


def sidecar_stamps(work: Work) -> Any:
    """What tells that a subtitle file beside the video came, went or changed."""
    return [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in _sidecars(work)]
