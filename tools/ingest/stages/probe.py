"""Stages that need no decoding: facts of the container, and subtitles."""

from pathlib import Path
from typing import Any

from tools.clock.sources import plausible
from tools.ingest.run import IngestRun, Result
from tools.store.records import SIGNS, SOUNDS, SUBTITLES
from tools.transcript.given import given_files, given_name
from tools.transcript.subtitles import read_sidecar, sidecar_files, stream_track, transcript

TOLD = 5
"""Jumps of a kind that are told one by one, at most."""


def probe(run: IngestRun) -> Result:
    """Facts of the container: length, size, rate, rotation, streams, time of recording."""
    (facts,) = run.decode("tools.video.container:probe")
    (clock,) = run.decode("tools.video.timeline:clock")
    picture = facts["video"]
    manifest = run.manifest
    manifest["probe"] = facts
    manifest["duration"] = clock["duration"] or 0.0
    for name in ("width", "height", "fps"):
        manifest[name] = picture[name] if picture else None
    if manifest["recorded_at"] is None:
        tagged = plausible(facts["creation_time"])
        manifest["recorded_at"] = tagged and tagged.isoformat()
    notes: list[str] = []
    if not facts["audio"]:
        notes.append("no sound")
    if picture is None:
        notes.append("sound only: there is no picture")
    elif picture["variable"]:
        notes.append("variable frame rate")
    manifest["notes"] = notes + _others(facts) + _jumps(clock["jumps"])
    return Result(provider="ffmpeg")


def _others(facts: dict[str, Any]) -> list[str]:
    """Notes on further programmes, pictures and sound tracks, which are not looked at."""
    notes: list[str] = []
    if others := facts["other_programmes"]:
        named = [f"{number} {name!r}" if name else str(number) for number, name in others]
        more = f" and {len(named) - TOLD} more" if len(named) > TOLD else ""
        rest = ", ".join(named[:TOLD]) + more
        own = f"programme {facts['programme'][0]}" if facts["programme"] else "what is in none"
        notes.append(
            f"the file holds several programmes: {own} is read, not {rest}; "
            f"`ffmpeg -i FILE -map 0:p:{others[0][0]} -c copy OTHER.ts` takes {others[0][0]} out"
        )
    if (more := facts["pictures"] - 1) > 0:
        notes.append(f"one picture of {more + 1} is looked at")
    tracks, heard = facts["audio"], facts["heard"]
    if heard is not None and len(tracks) > 1:
        named = [track["language"] or "unnamed" for track in tracks]
        rest = ", ".join(name for number, name in enumerate(named) if number != heard)
        notes.append(f"one sound track of {len(tracks)} is heard: {named[heard]}, not {rest}")
    return notes


def _jumps(jumps: list[list[float]]) -> list[str]:
    """Notes on where the file's own clock jumps; many of a kind are told together."""
    anew = [f"{at:.1f} s" for at, by in jumps if by < 0]
    notes = [
        f"the file's clock skips {by:.1f} s at {at:.1f} s: that time is not in the file and not"
        " covered; seconds count what is there"
        for at, by in jumps
        if by > 0
    ]
    if anew:
        more = f" and {len(anew) - TOLD} more" if len(anew) > TOLD else ""
        notes.append(
            f"recordings were joined: the file's clock begins anew at {', '.join(anew[:TOLD])}"
            f"{more}; seconds count on"
        )
    return notes if len(notes) <= TOLD else [*notes[:TOLD], f"{len(notes) - TOLD} more like these"]


def subtitles(run: IngestRun) -> Result:
    """Speech, signs and sounds of the best subtitle track, and the file's own chapters."""
    tracks = [stream_track(event) for event in run.decode("tools.video.tracks:read_subtitles")]
    tracks += [stream_track(event) for event in run.decode("tools.video.captions:read_captions")]
    tracks += [read_sidecar(path, named) for path, named in _sidecars(run)]
    facts = run.manifest["probe"]
    heard = facts.get("heard")  # not known of what an older release indexed
    language = facts["audio"][heard or 0]["language"] if facts["audio"] else None
    best = transcript(run.video, tracks, run.manifest["duration"] or None, language)
    note = "; ".join(best.notes)
    words = (SUBTITLES, best.utterances), (SIGNS, best.signs), (SOUNDS, best.sounds)
    chapters = list(run.decode("tools.video.tracks:read_chapters"))
    facts = {"language": best.language, "chapters": chapters}
    if not any(rows for _, rows in words):
        return Result(state="skipped", note=note or "no subtitles", facts=facts)
    names = run.write_words(*words)
    # Without a word that is said, the sound is still to be listened to.
    state = "done" if best.utterances else "skipped"
    return Result(names, state, "subtitles", note, facts)


def _sidecars(run: IngestRun) -> list[tuple[Path, Path]]:
    """Subtitle files beside a linked video and those given for it, each with the video's name."""
    beside = sidecar_files(run.path) if run.manifest["source"]["linked"] else []
    given = ((path, given_name(path, run.manifest["title"])) for path in given_files(run.folder))
    return [*given, *((path, run.path) for path in beside)]


def sidecar_stamps(run: IngestRun) -> Any:
    """Names, sizes and times of subtitle files beside the video."""
    return [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p, _ in _sidecars(run)]
