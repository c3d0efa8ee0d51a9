"""Subtitle tracks, inside the file or beside it, and the choice of the one to quote.

A video often carries several tracks, and the wrong one misquotes everybody in it. The notes name
the track that was read and those that were not.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tools.media import ScreenText, Utterance, numbered
from tools.text.clean import clean
from tools.text.languages import short_code
from tools.transcript import other_formats
from tools.transcript.cues import Cue, utterances, without_styling
from tools.transcript.sound_captions import heard_sounds, split_sounds
from tools.transcript.substation import Event, Sign, events_of, header_of, split
from tools.transcript.timed_text import lines_of, subrip, webvtt

SIDECAR_TYPES = {".srt", ".vtt", ".ass", ".ssa", *other_formats.READ, *other_formats.UNREAD}
MAX_BYTES = 20 << 20
MAX_CUES = 50_000
CONVERT = "convert it to SubRip (.srt)"
MAX_SIDECARS = 32
FIRST_SIGN = 1000
"""Number before that of the first sign of a span."""


@dataclass(frozen=True)
class Track:
    """A subtitle track; `trouble` tells why cues are missing."""

    name: str
    language: str = ""
    cues: tuple[Cue, ...] = ()
    partial: bool = False
    translated: bool = False
    automatic: bool = False
    hearing_impaired: bool = False
    preferred: bool = False
    trouble: str = ""
    signs: tuple[Sign, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """Utterances of one provider, and the signs and sounds of captions.

    `language` is a short code or empty.
    """

    utterances: tuple[Utterance, ...] = ()
    notes: tuple[str, ...] = ()
    language: str = ""
    signs: tuple[ScreenText, ...] = ()
    sounds: tuple[Utterance, ...] = ()


def transcript(
    video: str, tracks: Sequence[Track], duration: float | None, audio_language: str | None = None
) -> Transcript:
    """Transcript of the best track; duration in seconds, None if unknown."""
    chosen, notes = choose_track(tracks, audio_language)
    placed = chosen if chosen and chosen.signs else next((t for t in tracks if t.signs), None)
    signs = _placed(video, placed.signs if placed else (), duration)
    if placed and placed is not chosen:
        notes.append(f"signs on the picture: {placed.name}")
    if chosen is None:
        return Transcript(notes=tuple(notes), signs=signs)
    cues, sounds = split_sounds(chosen.cues)
    for track in () if sounds else tracks:
        if track.hearing_impaired and not sounds:
            sounds = split_sounds(track.cues)[1]
    spoken, repairs = utterances(video, cues, duration)
    if chosen.trouble:
        notes.append(f"{chosen.name}: {chosen.trouble}")
    known = tuple(replace(utterance, language=chosen.language) for utterance in spoken)
    heard = heard_sounds(video, sounds, duration)
    return Transcript(known, (*notes, *repairs), chosen.language, signs, heard)


def _placed(video: str, signs: Sequence[Sign], duration: float | None) -> tuple[ScreenText, ...]:
    """Signs as text on screen, as far as they lie inside the video."""
    limit = duration or float("inf")
    made = (
        ScreenText(video, max(sign.start, 0.0), min(sign.end, limit), sign.text, sign.box)
        for sign in signs
        if sign.text and max(sign.start, 0.0) < min(sign.end, limit)
    )
    # Text that is read from the picture is numbered from 1 in the same span.
    return tuple(replace(sign, n=sign.n + FIRST_SIGN) for sign in numbered(made))


def sidecar_files(video: Path) -> list[Path]:
    """Subtitle files beside a video with its name, with or without marks such as a language."""
    try:
        paths = list(video.parent.iterdir())
    except OSError:
        return []
    prefix = f"{video.stem.casefold()}."
    files = {path: f"{path.stem.casefold()}." for path in paths}
    # `talk.part2.srt` belongs to `talk.part2.mp4` where there is one, not to `talk.mp4`.
    others = {name for path, name in files.items() if path.suffix.lower() not in SIDECAR_TYPES}
    longer = tuple(name for name in others - {prefix} if name.startswith(prefix))
    return sorted(
        path
        for path, name in files.items()
        if path.suffix.lower() in SIDECAR_TYPES
        and name.startswith(prefix)
        and not name.startswith(longer)
        and path.is_file()
    )[:MAX_SIDECARS]


def read_sidecar(path: Path, video: Path) -> Track:
    """Read a subtitle file as a track; failures stand in its `trouble`."""
    marks = path.stem[len(video.stem) :]
    track = _marked(Track(clean(path.name, 80), _language(marks)), marks)
    if path.suffix.lower() in other_formats.UNREAD:
        return replace(track, trouble=CONVERT)
    try:
        if path.stat().st_size > MAX_BYTES:
            return replace(track, trouble=f"larger than {MAX_BYTES >> 20} MB, not read")
        text = _decoded(path.read_bytes(), track.language)
    except OSError as error:
        return replace(track, trouble=f"cannot be read: {error.strerror}")
    cues, signs, unread = _parsed(text, path.suffix.lower(), track.partial)
    rare = path.suffix.lower() in other_formats.READ
    trouble = "" if cues or signs else CONVERT if rare else "holds no subtitles"
    if cues and unread:
        times = "1 cue has times" if unread == 1 else f"{unread} cues have times"
        trouble = f"{times} that cannot be read, left out"
    if len(cues) > MAX_CUES:
        trouble = f"only the first {MAX_CUES} cues were read"
    return replace(track, cues=tuple(cues[:MAX_CUES]), signs=tuple(signs), trouble=trouble)


def stream_track(event: Mapping[str, Any]) -> Track:
    """Track of an event of `tools.video.tracks.read_subtitles`."""
    title = clean(event["title"] or "", 80)
    track = Track(
        f"stream {event['stream']}" + (f" {title!r}" if title else ""),
        # In prose, two letters are more often a word: `it`, `no`, `is`.
        _language(event["language"] or "") or _language(title, 4),
        partial=event["partial"],
        hearing_impaired=event["hearing_impaired"],
        preferred=event["preferred"],
    )
    if not event["text"]:
        return replace(track, trouble=f"pictures, not text ({event['codec']})")
    track = _marked(track, title)
    if event["codec"] in ("ass", "ssa"):
        # A packet holds number, layer, style, name, three margins, effect and text.
        rows = [(start, end, text.split(",", 8)) for start, end, text in event["cues"]]
        events = [
            Event(start, end, row[2], row[3], row[7], row[8])
            for start, end, row in rows
            if len(row) == 9
        ]
        cues, signs = split(events, header_of(lines_of(event["header"])), track.partial)
    else:
        cues = [without_styling(start, end, text, False) for start, end, text in event["cues"]]
        signs = list[Sign]()
    trouble = event["trouble"] or ("" if cues or signs else "empty")
    return replace(track, cues=tuple(cues), signs=tuple(signs), trouble=trouble)


def _decoded(data: bytes, language: str) -> str:
    """Text in the encoding that its mark, the zeros of UTF-16, or else its bytes tell."""
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-8":
            encoding = _encoding(data, language)
        return data.decode(encoding, "replace")


ENCODINGS = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 koi8_r cp932 gb18030 big5 cp949 euc_jp"
)
"""Encodings to guess from where a text is no Unicode."""
CENTRAL = "bs cs hr hu pl ro sk sl sq sr"
"""Languages that Windows wrote as cp1250."""


def _encoding(data: bytes, language: str) -> str:
    from charset_normalizer import from_bytes

    # Times and numbers are ASCII in every encoding and only dilute what there is to guess from.
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())[:100_000]
    best = from_bytes(telling, cp_isolation=list[str](ENCODINGS.split())).best()
    guess = best.encoding if best else "cp1252"
    if guess not in ("cp1250", "cp1252"):
        return guess
    # These differ in a few letters, which the guess is too coarse to weigh.
    central = set("šžŠŽ¹³º") & set(telling.decode("cp1252", "replace"))
    return "cp1250" if language in CENTRAL.split() or (central and not language) else "cp1252"


def _parsed(text: str, suffix: str, partial: bool) -> tuple[list[Cue], list[Sign], int]:
    """Cues and signs of a file, and how many more cues have times that cannot be read."""
    if suffix in other_formats.READ:
        return other_formats.other_cues(text, suffix), [], 0
    lines = lines_of(text)
    if text.lstrip().startswith("WEBVTT"):
        cues, unread = webvtt(lines)
        return cues, [], unread
    if suffix in (".ass", ".ssa") or any(line.startswith("[Script Info]") for line in lines[:20]):
        cues, signs = split(events_of(lines), header_of(lines), partial)
        return cues, signs, 0
    cues, unread = subrip(lines)
    return cues, [], unread


PARTIAL = re.compile(r"\b(forced|signs?|songs?|foreign|commentary|lyrics|karaoke)\b", re.I)
TRANSLATED = re.compile(
    r"\b(machine|translat(?:ed|ion|e)|auto-?translated|mt|deepl|google)\b", re.I
)
AUTOMATIC = re.compile(r"\b(auto|automatic|autogenerated|generated|asr)\b", re.I)
IMPAIRED = re.compile(r"\b(sdh|cc|hi|hearing)\b", re.I)
PAIR = re.compile(r"\b([A-Za-z]{2})-([a-z]{2}|(?i:orig))\b")
"""`en-de` is how downloaders name English made from German by machine, `de-orig` what it is made
from; `pt-PT` is a region."""


def _language(text: str, shortest: int = 2) -> str:
    words = (word for word in re.split(r"[\W_]+", text.casefold()) if len(word) >= shortest)
    return next((code for word in words if (code := short_code(word))), "")


def _marked(track: Track, marks: str) -> Track:
    """Track with the marks of a file name or title."""
    marks = marks.replace("_", " ")
    pair = PAIR.search(marks)
    target, source = (pair[1].lower(), pair[2].lower()) if pair else ("", "")
    return replace(
        track,
        partial=track.partial or bool(PARTIAL.search(marks)),
        translated=bool(TRANSLATED.search(marks) or (source != target and short_code(source))),
        automatic=bool(AUTOMATIC.search(marks)),
        # `hi` is Hindi as well: a mark only where another language is named
        hearing_impaired=track.hearing_impaired
        or (bool(IMPAIRED.search(marks)) and track.language != "hi"),
        preferred=track.preferred or source == "orig",
    )


def choose_track(
    tracks: Sequence[Track], audio_language: str | None = None
) -> tuple[Track | None, list[str]]:
    """Choose the track to read; returns it with notes on it and on the others.

    In this order: full before signs only, not machine-translated, in the language of the sound, not
    generated, preferred by the container, not made for the hard of hearing.
    """
    heard = _language(audio_language or "")
    # Signs are often not marked as such: they are few.
    least = max(map(_seconds, tracks), default=0.0) / 4
    partial = [track.partial or _seconds(track) < least for track in tracks]

    def faults(at: int) -> tuple[float, ...]:
        track = tracks[at]
        known = 2 if heard and track.language == heard else not (heard and track.language)
        first = partial[at], track.translated, -known, track.automatic
        return *first, not track.preferred, track.hearing_impaired

    def described(at: int) -> str:
        track = tracks[at]
        marks = (
            (True, track.language),
            (track.translated, "machine translation"),
            (track.automatic and not track.translated, "automatic"),
            (track.cues and partial[at], "signs or comments only"),
            (track.hearing_impaired, "for the hard of hearing"),
            (at != best, track.trouble),
        )
        told = ", ".join(mark for stands, mark in marks if stands and mark)
        return track.name + (f" ({told})" if told else "")

    readable = [at for at, track in enumerate(tracks) if track.cues]
    best = min(readable, key=faults, default=-1)  # the first of equals
    chosen = tracks[best] if readable else None
    notes: list[str] = []
    if chosen:
        notes.append(f"subtitles: {described(best)}")
        if chosen.translated:
            notes.append("these subtitles are a machine translation, not what is said")
        elif heard and chosen.language and chosen.language != heard:
            notes.append(f"the sound is in {heard!r}, the subtitles are in {chosen.language!r}")
    if others := [described(at) for at in range(len(tracks)) if at != best]:
        notes.append(f"other subtitles, not read: {'; '.join(others)}"[:1000])
    return chosen, notes


def _seconds(track: Track) -> float:
    return sum(min(max(cue.end - cue.start, 0.5), 10.0) for cue in track.cues if cue.text)
