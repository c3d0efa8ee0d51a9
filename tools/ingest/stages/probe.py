"""Stages that need no decoding: facts of the container, and subtitles."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.ingest.run import IngestRun, Result
from tools.store.records import SIGNS, SOUNDS, SUBTITLES
from tools.transcript.subtitles import read_sidecar, sidecar_files, stream_track, transcript


def probe(run: IngestRun) -> Result:
    """Facts of the container: length, size, rate, rotation, streams, time of recording."""
    (facts,) = run.decode("tools.video.container:probe")
    picture = facts["video"]
    manifest = run.manifest
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
    """Creation time as ISO 8601; None if it is one that an unset clock writes."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.isoformat() if datetime(1990, 1, 1, tzinfo=UTC) < at < datetime.now(UTC) else None


def subtitles(run: IngestRun) -> Result:
    """Speech from the best subtitle track, in the file or beside it."""
    tracks = [stream_track(event) for event in run.decode("tools.video.tracks:read_subtitles")]
    tracks += [read_sidecar(path, run.path) for path in _sidecars(run)]
    audio = run.manifest["probe"]["audio"]
    language = audio[0]["language"] if audio else None
    best = transcript(run.video, tracks, run.manifest["duration"] or None, language)
    note = "; ".join(best.notes)
    words = (SUBTITLES, best.utterances), (SIGNS, best.signs), (SOUNDS, best.sounds)
    if not any(rows for _, rows in words):
        return Result(state="skipped", note=note or "no subtitles")
    names = run.write_words(*words)
    # Without a word that is said, the sound is still to be listened to.
    state = "done" if best.utterances else "skipped"
    return Result(names, state, "subtitles", note, {"language": best.language})


def _sidecars(run: IngestRun) -> list[Path]:
    return sidecar_files(run.path) if run.manifest["source"]["linked"] else []


def sidecar_stamps(run: IngestRun) -> Any:
    """Names, sizes and times of subtitle files beside the video."""
    return [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in _sidecars(run)]
