"""Hallucination filter for speech recognition: rules over words and their times.

Recognisers write a sentence where there is none: on silence, on music, and in loops. Sources:
Whisper's own rules (openai/whisper, transcribe.py: no speech, average log probability and
compression ratio), and the sentences that users report ("thank you for watching" every 30 s).
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, zip_longest

from tools.media import DOUBTFUL, Utterance, numbered
from tools.text.clean import clean
from tools.transcript.asr import Word

NO_SPEECH, LOG_PROBABILITY, COMPRESSION = 0.6, -1.0, 2.4
"""Whisper's own thresholds: probability of silence, average log probability, compression ratio."""
MAYBE_NO_SPEECH, SURE = 0.4, 0.55
"""Probability of silence and confidence: words in noise and music lie above the one and below the
other, and hardly any speech does (Whisper base, 40 pieces without speech, and noisy speech)."""
OUTSIDE = 0.3
"""Seconds that a word may lie outside of speech: times are not that exact."""
LONGEST_PHRASE = 12
"""Words of a phrase whose repetitions are searched for, at most."""
PAUSE, SENTENCE, LONGEST = 0.8, 3, 10.0
"""An utterance ends at a pause of PAUSE seconds, with a sentence of SENTENCE words at least, and
before it is LONGEST seconds long."""
ENDS = (".", "?", "!", "…", "。", "？", "！")  # noqa: RUF001
MADE_UP = re.compile(
    r"thank(s| you)( so much)?( all)? for (watching|listening)|(please )?(like and )?subscribe\b"
    r"|see you( all)? (in the )?next (video|time)|(sub)?titles (by|made)|amara\.org"
    r"|vielen dank für|untertitel (von|der|im)|sous-titr|merci d'avoir regardé"
    r"|gracias por ver|subtítulos|sottotitoli|legendas|субтитры|продолжение следует"
    r"|字幕|ご視聴|谢谢(观看|大家)|시청해",
    re.IGNORECASE,
)
"""Credits and farewells of captions in training data, recognised where nothing is said."""


def filter_words(
    words: Sequence[Word],
    voiced: Sequence[tuple[float, float]],
    log_probability: float = 0.0,
    no_speech: float = 0.0,
) -> tuple[list[Word], list[str]]:
    """Filter the words of one chunk; returns words to keep, and reasons for those dropped."""
    if no_speech > NO_SPEECH and log_probability < LOG_PROBABILITY:
        return [], _reason("nothing was said there", words)
    inside = [_within_speech(word, voiced) for word in words]
    outside = [word for word, part in zip(words, inside, strict=True) if not part]
    kept = [word for word in inside if word]
    once = _without_loops(kept)
    dropped = _reason("outside of all speech", outside)
    dropped += _reason("said in a loop", kept[len(once) :])
    text, confidence = _text(once), _confidence(once)
    data = text.encode()
    if data and len(data) / len(zlib.compress(data)) > COMPRESSION:
        return [], [*dropped, *_reason("said in a loop", once)]
    noise = confidence < SURE and (no_speech > MAYBE_NO_SPEECH or len(once) < len(kept))
    if noise or (MADE_UP.search(text) and confidence < DOUBTFUL):
        return [], [*dropped, *_reason("what recognisers write when nothing is said", once)]
    return once, dropped


def _within_speech(word: Word, voiced: Sequence[tuple[float, float]]) -> Word | None:
    """Word that ends in or next to a span of speech, cut at its start; None if it does not.

    Whisper times the end of a word; its start is the end of the word before, pauses included.
    """
    times = (word.start + word.end) / 2, word.end
    near = [s for s, e in voiced if any(s - OUTSIDE <= at <= e + OUTSIDE for at in times)]
    return replace(word, start=min(max(word.start, near[-1]), word.end)) if near else None


def _without_loops(words: Sequence[Word]) -> list[Word]:
    """Remove repetitions of a phrase that are more than people make.

    A word may come three times in a row ("no, no, no"), a longer phrase twice.
    """
    kept = list(words)
    for size in range(1, LONGEST_PHRASE + 1):
        most = 3 if size == 1 else 2
        at = 0
        while at + size * (most + 1) <= len(kept):
            phrase, times = _plain(kept[at : at + size]), 1
            while _plain(kept[at + size * times : at + size * (times + 1)]) == phrase:
                times += 1
            if times > most and any(phrase):
                del kept[at + size : at + size * times]
            at += 1
    return kept


def utterances(
    video: str, words: Sequence[Word], source: str, language: str = ""
) -> list[Utterance]:
    """Group words to utterances that end at pauses and sentences."""
    spoken = (
        Utterance(
            video,
            round(piece[0].start, 3),
            round(max(piece[-1].end, piece[0].start), 3),
            text,
            source=source,
            confidence=round(_confidence(piece), 3),
            language=language,
        )
        for piece in _pieces(words)
        if (text := clean(_text(piece)))
    )
    return list(numbered(spoken))


def _pieces(words: Sequence[Word]) -> Iterator[list[Word]]:
    piece: list[Word] = []
    for word, after in zip_longest(words, words[1:]):
        piece.append(word)
        ends = len(piece) >= SENTENCE and word.text.rstrip("\"'”»)").endswith(ENDS)
        if after is None or ends or after.start - word.end > PAUSE:
            yield piece
            piece = []
        elif after.end - piece[0].start > LONGEST:
            cut = _widest(piece)
            yield piece[:cut]
            piece = piece[cut:]


def _widest(piece: list[Word]) -> int:
    """Index of the word after the longest pause of the second half."""
    half = len(piece) // 2
    gaps = [b.start - a.end for a, b in pairwise(piece[half:])]
    return half + 1 + max(range(len(gaps)), key=gaps.__getitem__) if gaps else len(piece)


def _text(words: Sequence[Word]) -> str:
    return " ".join("".join(word.text for word in words).split())


def _plain(words: Sequence[Word]) -> list[str]:
    return [re.sub(r"\W+", "", word.text.casefold()) for word in words]


def _confidence(words: Sequence[Word]) -> float:
    return sum(word.confidence for word in words) / len(words) if words else 0.0


def _reason(why: str, words: Sequence[Word]) -> list[str]:
    return [f"{why}: {_text(words)[:80]!r} at {words[0].start:.1f} s"] if words else []
