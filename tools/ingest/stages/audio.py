"""Sound: where it is silent, spoken or loud, and what is said where there are no subtitles."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.audio.loudness import RATE, chunks, speech_spans
from tools.files import durable as files
from tools.ingest.stages.step import Result
from tools.media import DOUBTFUL, Utterance
from tools.models.registry import fingerprint, intact_folder
from tools.store.records import HEARD, SUBTITLES
from tools.transcript import hallucinations
from tools.transcript.asr import WHISPER, Chunk, whisper_folder
from tools.transcript.diarization import SpeakerTurn, load_diarizer, missing_requirement
from tools.transcript.recognisers import (
    AUTO,
    better_transcribers,
    load_transcriber,
    resolve_transcriber,
)

if TYPE_CHECKING:
    from tools.ingest.run import Work

SAMPLES = "sound.pcm"
ENDS_EARLY = 1.0
"""Seconds that the sound may be shorter than the video without a word about it."""


def sound(work: Work) -> Result:
    """The one audio pass: rows of loudness and speech, and samples for the stage after it."""
    if not work.manifest["probe"]["audio"]:
        return Result(state="skipped")
    rows_file = work.scratch / "sound.npy"
    last = _listen(work, rows_file)
    if not last["rows"]:
        trouble = last["trouble"]
        said = f"the sound cannot be decoded: {trouble}" if trouble else "the sound track is empty"
        return Result(state="skipped", note=said)
    notes = work.manifest["notes"]
    if last["damaged"]:
        count = f"{last['damaged']} place" + "s" * (last["damaged"] > 1)
        notes.append(f"damaged: {count} of the sound could not be decoded ({last['trouble']})")
    if last["end"] < work.manifest["duration"] - ENDS_EARLY:
        notes.append(f"the sound ends at {last['end']:.1f} s")
    work.take_back()
    files.adopt(rows_file, work.folder / "sound.npy")
    return Result(("sound.npy",), "done", "silero")


def _listen(work: Work, rows: Path) -> dict[str, Any]:
    duration = float(work.manifest["duration"])
    last: dict[str, Any] = {}
    for last in work.child.call(
        "tools.video.audio:listen",
        path=str(work.path),
        samples=str(work.scratch / SAMPLES),
        rows=str(rows),
    ):
        if "seconds" in last and duration and work.stage == "sound":
            work.say("sound", "running", min(last["seconds"] / duration, 1.0))
    return last


def speech(work: Work) -> Result:
    """What is said, chunk by chunk, each visible as it is done; subtitles say it better."""
    stages = work.manifest["stages"]
    if stages["subtitles"]["state"] == "done":
        return Result(state="skipped")
    if work.providers.transcriber == "none":
        return Result(state="skipped", note="speech is not recognised: that is switched off")
    if stages["sound"]["state"] != "done":
        return Result(state="skipped")
    rows = work.library.signals(work.video, "sound")
    voiced, pieces = speech_spans(rows), chunks(rows)
    if not pieces:
        return Result(state="skipped", note="nobody speaks in the sound")
    transcriber = load_transcriber(
        work.providers.transcriber, work.models, *_machine(work), work.providers.device
    )
    _samples(work)
    done, languages = int(work.partial.get("chunks", 0)), Counter[str]()
    languages.update(work.partial.get("languages", {}))
    dropped: list[str] = list(work.partial.get("dropped", []))
    lost = int(work.partial.get("lost", 0))
    found: list[Utterance] = work.so_far(HEARD) if done else []
    while done < len(pieces):
        batch = pieces[done : done + transcriber.batch_size]
        heard = transcriber.transcribe(
            [_chunk(work, span, voiced) for span in batch],
            languages.most_common(1)[0][0] if languages else "",
        )
        done += len(batch)
        for one in heard:
            found += hallucinations.utterances(
                work.video, one.words, transcriber.name, one.language
            )
            dropped = [*dropped, *one.dropped][:DROPPED]
            lost += len(one.dropped)
            if one.words:
                languages[one.language] += len(one.words)
        fraction = done / len(pieces)
        work.say("speech", "running", fraction)
        work.checkpoint(
            HEARD,
            found.copy,
            fraction,
            chunks=done,
            languages=languages,
            dropped=dropped,
            lost=lost,
        )
    note = _note(transcriber.name, found, languages, lost)
    language = languages.most_common(1)[0][0] if languages else ""
    facts = {"language": language, "languages": languages, "dropped": dropped}
    return Result(work.finish(HEARD, found), "done", transcriber.name, note, facts)


def _samples(work: Work) -> None:
    """What the sound stage left, or where that was done by an earlier run, the same again."""
    if not (work.scratch / SAMPLES).exists():
        _listen(work, work.scratch / "sound.npy")


DROPPED = 100
"""Lines on hallucinations that are kept, at most."""


def _chunk(work: Work, span: tuple[float, float], voiced: list[tuple[float, float]]) -> Chunk:
    first, last = (round(at * RATE) for at in span)
    samples: NDArray[np.float32] = (
        np.fromfile(work.scratch / SAMPLES, np.int16, last - first, offset=2 * first)
    ).astype(np.float32)
    samples /= 32768
    inside = tuple(
        (max(start, span[0]), min(end, span[1]))
        for start, end in voiced
        if start < span[1] and end > span[0]
    )
    return Chunk(span[0], samples, inside)


def _note(name: str, found: list[Utterance], languages: Counter[str], dropped: int) -> str:
    notes: list[str] = []
    if name == "draft":
        notes.append("speech is a draft: words may be wrong, and English is all that it knows")
    elif len(languages) > 1:
        notes.append(f"spoken in {', '.join(code for code, _ in languages.most_common())}")
    doubtful = sum(one.confidence < DOUBTFUL for one in found)
    if doubtful and name != "draft":
        notes.append(f"{doubtful} of {len(found)} utterances are uncertain")
    if dropped:
        notes.append(f"{dropped} pieces of recognised speech were dropped as made up")
    return "; ".join(notes)


def _machine(work: Work) -> tuple[int, int]:
    """Cores to use, and bytes of memory."""
    cores = work.providers.threads or os.cpu_count() or 1
    return cores, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def speech_sources(work: Work) -> Any:
    """Speech is recognised again by another recogniser, or when subtitles came or went.

    What `auto` stands for changes with the machine: a better one than that is not undone.
    """
    name = resolve_transcriber(work.providers.transcriber, work.models, *_machine(work))
    stages = work.manifest["stages"]
    sources = [stages.get(one, {}).get("files", {}) for one in ("subtitles", "sound")]
    old = stages.get("speech", {})
    same = old.get("state") == "done" and old["from"][2] == sources
    if same and work.providers.transcriber in AUTO and old["provider"] in better_transcribers(name):
        return old["from"]
    return [2, name, sources, fingerprint(whisper_folder(work.models, name.removeprefix(WHISPER)))]


def speakers(work: Work) -> Result:
    """Who speaks when, where the models for it are there; nobody is named by guessing."""
    stages = work.manifest["stages"]
    if stages["sound"]["state"] != "done" or not work.library.utterances(work.video):
        return Result(state="skipped")
    threads = work.providers.threads
    diarizer = load_diarizer(work.providers.diarizer, work.models, threads)
    if diarizer is None:
        return Result(state="skipped")
    intact_folder(work.library.home, "speakers")
    _samples(work)
    turning = diarizer.turns(work.scratch / SAMPLES)
    while True:
        try:
            work.say("speakers", "running", next(turning))
        except StopIteration as finished:
            turns: list[SpeakerTurn] = finished.value
            break
    work.take_back()
    files.write_lines(work.folder / "turns.jsonl", (turn._asdict() for turn in turns))
    count = len({turn.speaker for turn in turns})
    note = f"{count} speaker{'s' * (count != 1)}, told apart by their voices"
    return Result(("turns.jsonl",), "done", diarizer.name, note)


def turn_sources(work: Work) -> Any:
    """Speakers are told apart again by other weights, for other sound, or once they have words."""
    sound = work.manifest["stages"].get("sound", {}).get("files", {})
    spoken = any(work.library.words(work.video, file) for file in (SUBTITLES, HEARD))
    weights = None if missing_requirement(work.models) else fingerprint(work.models / "speakers")
    return [2, work.providers.diarizer, weights, sound, spoken]
