"""Rows of one video in the catalog, made from its files, as the statements that write them."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC
from itertools import zip_longest
from typing import Any

from tools.audio.loudness import KINDS, loudest, segments
from tools.clock import Clock
from tools.errors import NotIndexed
from tools.media import ScreenText, Utterance, follows, speaker_of
from tools.store.catalog_file import Statement
from tools.store.coverage import coverage, covered
from tools.store.dense import FOLDER, without_parts
from tools.store.embeddings import CoarseKind, coarse_vectors
from tools.store.names import NAMES, Names
from tools.store.records import EVENTS, SIGHTINGS, screen_text
from tools.store.recovery import ABOUT, RECORD
from tools.store.store import Store
from tools.text.tokens import is_character, stem, stems, surface_forms

Text = Utterance | ScreenText
TEXT_STAGES = ("subtitles", "screen", "speech", "speakers")
VECTOR_STAGES = (
    "keyframes", "pass", "sound", "pictures", "vectors", "sightings", "audio_events", "crops",
)  # fmt: skip
FOLLOWING_WORDS = 8
"""Words of the next utterance, at most, in which a phrase may end."""
INDEXED = {"words": "video, forms, speaker, characters", "letters": "raw"}
"""Columns of the full-text indexes, by table."""


def stamp(store: Store, video: str) -> str:
    """Times of a video's manifest, names and dense samples, equal where nothing changed.

    Empty without a manifest. Nothing is read. A video whose manifest was lost has a stamp too.
    """
    folder = store.folder(video)
    times: list[int] = []
    for path in (folder / RECORD, folder / ABOUT, folder / FOLDER, folder / NAMES):
        try:
            stat = path.stat()
            times += (stat.st_mtime_ns, stat.st_ino)
        except (FileNotFoundError, NotADirectoryError):
            times += (0, 0)
    return json.dumps(times) if any(times[:4]) else ""


def text_stamp(store: Store, video: str) -> str:
    """Checksums of the files of words, how many texts each dense sample holds, and names."""
    samples = [len(one.texts) for one in store.dense_samples(video)]
    parts = [store.stamp(video, *TEXT_STAGES), samples, _askable(store, video)]
    given = asdict(store.names(video))
    return json.dumps([*parts, given] if given != asdict(Names()) else parts)


def vector_stamp(store: Store, video: str) -> str:
    """Checksums of the files of pictures and sound, frames of each dense sample, and the clock."""
    samples = [(one.second, len(one.attributes)) for one in store.dense_samples(video)]
    clock = store.clock(video)
    return json.dumps([store.stamp(video, *VECTOR_STAGES), samples, clock and clock.row()])


def _askable(store: Store, video: str) -> bool:
    """True once what is said can be shown with a picture."""
    return "keyframes" in store.manifest(video)["stages"]


def replacing(store: Store, video: str, known: Sequence[str]) -> list[Statement]:
    """Statements that write a video's rows; `known` are its stamps of texts and vectors, if any.

    Words and vectors that did not change stay. NotIndexed while a stage is made again, Damaged
    where a file is not what was written.
    """
    before, metadata, part = stamp(store, video), store.get(video), coverage(store, video)
    texts = text_stamp(store, video)
    vectors = vector_stamp(store, video)
    statements: list[Statement] = []
    if changed := texts not in known[:1]:
        statements += [*_text_deletion(video), *_texts(store, video)]
    if vectors not in known[1:]:
        statements += [("DELETE FROM coarse WHERE video = ?", [video])]
        statements += [("DELETE FROM traits WHERE video = ?", [video]), *_traits(store, video)]
        statements += [*_coarse(store, video, "scenes"), *_coarse(store, video, "crops")]
        statements += [("DELETE FROM sightings WHERE video = ?", [video])]
        statements += _sightings(store, video)
        changed = True
    if changed:
        statements += [("DELETE FROM coarse WHERE video = ? AND kind = 'passages'", [video])]
        statements += _coarse(store, video, "passages")
    coming = any(share < 1 for share in part.ready.values())
    row: list[Any] = [video, metadata.title, metadata.title.casefold(), metadata.duration]
    row += [metadata.width is not None, covered(part), coming, before, texts, vectors, 0]
    clock = store.clock(video)
    row.append(json.dumps(clock.row()) if clock and clock.is_relied_on else None)
    row.append(metadata.stages["sightings"].state == "done")
    sql = f"INSERT OR REPLACE INTO videos VALUES ({', '.join('?' * len(row))})"
    return [*statements, (sql, row)]


def deletion(video: str) -> list[Statement]:
    """Statements that delete every row of a video."""
    every = ("coarse WHERE video", "traits WHERE video", "sightings WHERE video")
    every = (*every, "videos WHERE id")
    return [*_text_deletion(video), *((f"DELETE FROM {where} = ?", [video]) for where in every)]


def build(items: Sequence[str], kind: str) -> list[Any]:
    """Build utterances (`speech`, `sound`) or on-screen texts (`screen`) from their rows."""
    rows = json.loads(f"[{','.join(items)}]")  # at once, which is faster than one by one
    return [screen_text(row) if kind == "screen" else Utterance(**row) for row in rows]


def _text_deletion(video: str) -> list[Statement]:
    gone: list[Statement] = []
    for table, columns in INDEXED.items():
        sql = f"INSERT INTO {table}({table}, rowid, {columns}) SELECT 'delete', row, {columns}"
        gone.append((f"{sql} FROM texts WHERE video = ?", [video]))
    for table in ("texts", "terms"):
        gone.append((f"DELETE FROM {table} WHERE video = ?", [video]))
    return gone


def _texts(store: Store, video: str) -> list[Statement]:
    statements: list[Statement] = []
    if not _askable(store, video):
        return statements
    by_kind: dict[str, Sequence[Text]] = {
        "speech": store.utterances(video),
        "screen": without_parts(store.screen_text(video), store.dense_samples(video)),
        "sound": store.captioned_sounds(video),
    }
    for kind, items in by_kind.items():
        counts: Counter[str] = Counter()
        for item, follower in zip_longest(items, items[1:]):
            forms = [stem(word) for word in surface_forms(item.text)]
            counts.update(stems(f"{item.text} {speaker_of(item)}"))
            own = len(forms)
            if kind == "speech" and follower and follows(item, follower):
                after = surface_forms(follower.text)[:FOLLOWING_WORDS]
                forms += [stem(word) for word in after]
            raw = "".join(surface_forms(item.text)) if kind == "screen" else ""
            speaker = " ".join(stems(speaker_of(item)))
            row = [video, kind, item.start, json.dumps(asdict(item)), own, " ".join(forms)]
            characters = " ".join(dict.fromkeys(filter(is_character, item.text)))
            sql = "INSERT INTO texts VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            statements.append((sql, [*row, speaker, raw, characters]))
        rows = [[word, video, kind, count] for word, count in counts.items()]
        statements += [("INSERT INTO terms VALUES (?, ?, ?, ?)", row) for row in rows]
    titled = Counter(stems(store.get(video).title))
    sql = "INSERT INTO terms VALUES (?, ?, 'title', ?)"
    statements += [(sql, [word, video, count]) for word, count in titled.items()]
    for table, columns in INDEXED.items():
        sql = f"INSERT INTO {table}(rowid, {columns}) SELECT row, {columns} FROM texts"
        statements.append((f"{sql} WHERE video = ?", [video]))
    return statements


def _coarse(store: Store, video: str, kind: CoarseKind) -> list[Statement]:
    if (made := coarse_vectors(store, video, kind)) is None:
        return []
    blobs = made.milliseconds.astype("<i8").tobytes(), made.array.astype("<f2").tobytes()
    row = [video, kind, made.provider, made.array.shape[1], *blobs]
    return [("INSERT INTO coarse VALUES (?, ?, ?, ?, ?, ?)", row)]


def _traits(store: Store, video: str) -> list[Statement]:
    """Extremes of a video's frames and sound, by which it is found among others.

    Colours, light and saturation are 0 to 1, motion the unit of the decode pass; loudness is dB
    above the surroundings, a kind of sound the seconds of its longest segment.
    """
    values: dict[str, float] = {}
    for one in store.attributes(video):
        seen = {f"colour {name}": share for name, share in one.colours.items()}
        seen |= {"bright": one.brightness, "dark": 1 - one.brightness, "moving": one.motion}
        seen |= {"colourful": one.saturation, "grey": 1 - one.saturation, "still": -one.motion}
        values |= {name: max(value, values.get(name, value)) for name, value in seen.items()}
    with suppress(NotIndexed):
        rows = store.signals(video, "sound")
        for name, kinds in (("loudest", KINDS[1:]), ("outburst", KINDS[2:])):
            if peaks := loudest(rows, kinds, 1):
                values[name] = peaks[0].above
        for segment in segments(rows):
            length = segment.end - segment.start
            values[segment.kind] = max(length, values.get(segment.kind, 0.0))
    for one in store.words(video, EVENTS):
        values[one.kind] = max(one.end - one.start, values.get(one.kind, 0.0))
    sql = "INSERT INTO traits VALUES (?, ?, ?)"
    return [(sql, [name, video, round(value, 4)]) for name, value in values.items()]


def _sightings(store: Store, video: str) -> list[Statement]:
    sql = "INSERT INTO sightings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    clock = store.clock(video)
    statements: list[Statement] = []
    for one in store.words(video, SIGHTINGS):
        row = [video, one.label, one.colour, one.start, one.end, json.dumps(asdict(one))]
        row.append(_wall(clock, one.start))
        _, left, top, right, bottom = zip(*one.boxes, strict=True) if one.boxes else [()] * 5
        bounds = [min(left), min(top), max(right), max(bottom)] if one.boxes else [None] * 4
        statements.append((sql, [*row, *bounds]))
    return statements


def _wall(clock: Clock | None, seconds: float) -> float | None:
    """Local time at a second of a video, in seconds from 1970; None where no clock is known."""
    if clock is None or not clock.is_relied_on:
        return None
    return clock.wall(seconds).replace(tzinfo=UTC).timestamp()


def rows(database: sqlite3.Connection, video: str) -> list[list[Any]]:
    """Every row of a video, to be compared with those of another catalog."""
    found: list[list[Any]] = []
    for sql in (
        "SELECT title, duration, pictured, covered, coming, texts, vectors, clock, tracked "
        "FROM videos WHERE id = ?",
        "SELECT kind, item, own, forms, speaker, raw, characters "
        "FROM texts WHERE video = ? ORDER BY row",
        "SELECT stem, kind, count FROM terms WHERE video = ? ORDER BY stem, kind",
        "SELECT kind, provider, milliseconds, vectors FROM coarse WHERE video = ? ORDER BY kind",
        "SELECT name, value FROM traits WHERE video = ? ORDER BY name",
        "SELECT label, colour, start, end, wall, item "
        "FROM sightings WHERE video = ? ORDER BY rowid",
    ):
        found.append(database.execute(sql, [video]).fetchall())
    return found
