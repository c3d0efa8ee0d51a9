"""Stages of sound: loudness and voice activity, speech recognition, diarization."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tools.audio.events import AudioEvent, events_version, load_events
from tools.audio.loudness import RATE, chunks, speech_spans
from tools.evidence import MACHINE
from tools.files import durable as files
from tools.ingest.run import IngestRun, Result
from tools.media import DOUBTFUL, SPEECHLESS, Utterance
from tools.models.registry import fingerprint, intact_folder, suggested
from tools.store.records import EVENTS, HEARD, SUBTITLES
from tools.transcript import hallucinations
from tools.transcript.asr import WHISPER, Chunk, whisper_folder
from tools.transcript.diarization import SpeakerTurn, load_diarizer, missing_requirement
from tools.transcript.recognisers import (
    AUTO,
    better_transcribers,
    load_transcriber,
    resolve_transcriber,
    unheard,
)

SAMPLES = "sound.pcm"
ENDS_EARLY = 1.0
"""Seconds that the sound may be shorter than the video without a note."""
DROPPED = 100
"""Dropped lines of hallucinations that are kept in the manifest, at most."""


def sound(run: IngestRun) -> Result:
    """Decode the sound once: rows of loudness and speech, and samples for later stages."""
    if not run.manifest["probe"]["audio"]:
        return Result(state="skipped")
    last = _decode_sound(run)
    if not last["rows"]:
        trouble = last["trouble"]
        note = f"the sound cannot be decoded: {trouble}" if trouble else "the sound track is empty"
        return Result(state="skipped", note=note)
    notes = run.manifest["notes"]
    if last["damaged"]:
        count = f"{last['damaged']} place" + "s" * (last["damaged"] > 1)
        notes.append(f"damaged: {count} of the sound could not be decoded ({last['trouble']})")
    if last["end"] < run.manifest["duration"] - ENDS_EARLY:
        notes.append(f"the sound ends at {last['end']:.1f} s")
    run.mark_waiting()
    files.move_into_place(run.scratch / "sound.npy", run.folder / "sound.npy")
    return Result(("sound.npy",), "done", "silero")


def _decode_sound(run: IngestRun) -> dict[str, Any]:
    duration = float(run.manifest["duration"])
    last: dict[str, Any] = {}
    given = {"samples": str(run.scratch / SAMPLES), "rows": str(run.scratch / "sound.npy")}
    for last in run.decode("tools.video.audio:listen", **given):
        if "seconds" in last and duration and run.stage == "sound":
            run.report(min(last["seconds"] / duration, 1.0))
    return last


def audio_events(run: IngestRun) -> Result:
    """Tell music and singing from other sound, where a model for it is installed."""
    if run.manifest["stages"]["sound"]["state"] != "done":
        return Result(state="skipped")
    detector = load_events(run.providers.sounds)
    if detector is None:
        return Result(state="skipped")
    _need_samples(run)
    progress = detector.events(run.video, run.scratch / SAMPLES)
    while True:
        try:
            run.report(next(progress))
        except StopIteration as finished:
            events: list[AudioEvent] = finished.value
            break
    return Result(run.write_words((EVENTS, events)), "done", detector.name)


def event_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for other sound, and once there is a model, or another version of it."""
    sound = run.manifest["stages"].get("sound", {}).get("files", {})
    return [1, run.providers.sounds, events_version(), sound]


def speech(run: IngestRun) -> Result:
    """Recognise speech, chunk by chunk, each visible as it is done; skipped with subtitles."""
    stages = run.manifest["stages"]
    if stages["subtitles"]["state"] == "done":
        return Result(state="skipped")
    if run.providers.transcriber == "none":
        return Result(state="skipped", note="speech is not recognised: that is switched off")
    if stages["sound"]["state"] != "done":
        return Result(state="skipped")
    rows = run.library.signals(run.video, "sound")
    voiced, spans = speech_spans(rows), chunks(rows)
    if not spans:
        return Result(state="skipped", note=SPEECHLESS)
    chosen = run.providers
    name = resolve_transcriber(chosen.transcriber, run.models, *_machine(run))
    if why := unheard(name, chosen.speech_language):
        return Result(state="skipped", note=why)
    transcriber = load_transcriber(
        name, run.models, *_machine(run), chosen.device, chosen.speech_language
    )
    _need_samples(run)
    done, lost = int(run.resumed.get("chunks", 0)), int(run.resumed.get("lost", 0))
    languages = Counter[str](run.resumed.get("languages", {}))
    dropped: list[str] = list(run.resumed.get("dropped", []))
    utterances: list[Utterance] = run.resumed_words(HEARD) if done else []
    while done < len(spans):
        batch = spans[done : done + transcriber.batch_size]
        recognised = transcriber.transcribe(
            [read_chunk(run.scratch / SAMPLES, span, voiced) for span in batch],
            _most_common(languages),
        )
        done += len(batch)
        for chunk in recognised:
            utterances += hallucinations.utterances(
                run.video, chunk.words, transcriber.name, chunk.language
            )
            dropped = [*dropped, *chunk.dropped][:DROPPED]
            lost += len(chunk.dropped)
            if chunk.words:
                languages[chunk.language] += len(chunk.words)
        fraction = done / len(spans)
        run.report(fraction)
        facts = {"chunks": done, "languages": languages, "dropped": dropped, "lost": lost}
        run.checkpoint(HEARD, utterances.copy, fraction, **facts)
    note = _note(transcriber.name, utterances, languages, lost)
    facts = {"language": _most_common(languages), "languages": languages, "dropped": dropped}
    return Result(run.write_words((HEARD, utterances)), "done", transcriber.name, note, facts)


def _most_common(languages: Counter[str]) -> str:
    return max(languages, key=lambda code: languages[code], default="")


def _need_samples(run: IngestRun) -> None:
    """Decode the sound again if the stage before was done by an earlier run."""
    if not (run.scratch / SAMPLES).exists():
        _decode_sound(run)


def read_chunk(
    samples: Path, span: tuple[float, float], voiced: list[tuple[float, float]]
) -> Chunk:
    """Chunk of a span, in seconds, of a file of int16 samples."""
    first, last = (round(at * RATE) for at in span)
    sound = np.fromfile(samples, np.int16, last - first, offset=2 * first)
    inside = tuple(
        (max(start, span[0]), min(end, span[1]))
        for start, end in voiced
        if start < span[1] and end > span[0]
    )
    return Chunk(span[0], sound.astype(np.float32) / np.float32(32768), inside)


def _note(name: str, spoken: list[Utterance], languages: Counter[str], dropped: int) -> str:
    notes: list[str] = []
    if name == "draft":
        better = f"a speech model hears better: cuepoint models pull {suggested('speech').name}"
        notes.append(f"speech was {MACHINE}, as if it were English; {better}")
    elif len(languages) > 1:
        notes.append(f"spoken in {', '.join(code for code, _ in languages.most_common())}")
    doubtful = sum(utterance.confidence < DOUBTFUL for utterance in spoken)
    if doubtful and name != "draft":
        notes.append(f"{doubtful} of {len(spoken)} utterances are uncertain")
    if dropped:
        notes.append(f"{dropped} pieces of recognised speech were dropped as made up")
    return "; ".join(notes)


def _machine(run: IngestRun) -> tuple[int, int]:
    """Cores to use, and bytes of memory of the machine."""
    cores = run.providers.threads or os.cpu_count() or 1
    return cores, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def speech_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for another recogniser, other sound, or when subtitles came or went.

    `auto` means another one on another machine: the work of a better one is not redone.
    """
    name = resolve_transcriber(run.providers.transcriber, run.models, *_machine(run))
    stages = run.manifest["stages"]
    sources = [stages.get(stage, {}).get("files", {}) for stage in ("subtitles", "sound")]
    old = stages.get("speech", {})
    language = run.providers.speech_language
    spoken = [language] if language != "auto" else []  # indexes of before know no choice
    same = old.get("state") == "done" and [old["from"][2], *old["from"][4:]] == [sources, *spoken]
    if same and run.providers.transcriber in AUTO and old["provider"] in better_transcribers(name):
        return old["from"]
    weights = fingerprint(whisper_folder(run.models, name.removeprefix(WHISPER)))
    return [2, name, sources, weights, *spoken]


def speakers(run: IngestRun) -> Result:
    """Tell speakers apart, if there are models for it; nobody is named by guessing."""
    stages = run.manifest["stages"]
    if stages["sound"]["state"] != "done" or not run.library.utterances(run.video):
        return Result(state="skipped")
    diarizer = load_diarizer(run.providers.diarizer, run.models, run.providers.threads)
    if diarizer is None:
        return Result(state="skipped")
    intact_folder(run.library.home, "speakers")
    _need_samples(run)
    progress = diarizer.turns(run.scratch / SAMPLES)
    while True:
        try:
            run.report(next(progress))
        except StopIteration as finished:
            turns: list[SpeakerTurn] = finished.value
            break
    run.mark_waiting()
    files.write_lines(run.folder / "turns.jsonl", (turn._asdict() for turn in turns))
    count = len({turn.speaker for turn in turns})
    note = f"{count} speaker{'s' * (count != 1)}, told apart by their voices"
    return Result(("turns.jsonl",), "done", diarizer.name, note)


def turn_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for other weights, other sound, or once there is speech."""
    sound = run.manifest["stages"].get("sound", {}).get("files", {})
    spoken = any(run.library.words(run.video, file) for file in (SUBTITLES, HEARD))
    weights = None if missing_requirement(run.models) else fingerprint(run.models / "speakers")
    return [2, run.providers.diarizer, weights, sound, spoken]
