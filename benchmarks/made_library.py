"""Libraries of many made videos, written as an index leaves them: for `benchmarks.scale`.

Each video has words that no other one has, between common ones. Nothing is decoded: what is
measured is how a library is asked.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tools.embed import bundled_embedder, unit_rows
from tools.files.checksums import BLANK, add_picture_checksum
from tools.files.durable import digest, write_bytes, write_lines
from tools.library import Library
from tools.media import evidence_id
from tools.store.manifest import SCHEMA, write_manifest
from tools.store.records import READ, SUBTITLES, frame_image
from tools.store.store import STAGES

CUES, LINES, FRAMES, SCENES = 300, 100, 150, 10
CUE_SECONDS = 4.0
OWN_WORDS = 40
"""Words that only one video has."""
DIMENSIONS = 245
"""Of the drawn vectors of frames, as of `tools.vision.appearance`."""
COMMON = str.split("""
water house people time work year day way man world life hand part child eye woman place week case
point company number group problem fact night road money story result month lot right study book
side kind head service friend father power hour game line end member law car city name team minute
idea kid body information parent face level office door health person art war history party open
morning reason research girl guy moment air teacher force education foot boy age policy process
music market sense nation plan college interest death experience effect use class control field
small large early young important few public bad same able high long great little own old big good
come make know think take see want look find give tell ask seem feel try leave call keep let begin
help show hear play run move live believe bring happen write sit stand lose pay meet include set
learn change lead understand watch follow stop create speak read spend grow open walk win teach
offer remember consider appear buy serve die send build stay fall cut reach kill raise pass sell
""")
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "il")]


def own_words(video: int, seed: int = 1) -> list[str]:
    """Words of one video, which no other one has."""
    drawn = random.Random(f"words {seed} {video}")
    return ["".join(drawn.choices(_SYLLABLES, k=4)) for _ in range(OWN_WORDS)]


def questions(videos: Sequence[int], seed: int = 1) -> list[tuple[int, str]]:
    """A question for each of some videos, about two of its own words that stand in one cue.

    No two are the same, also where a video is asked for several times.
    """
    asked: list[tuple[int, str]] = []
    for number, video in enumerate(videos):
        own = set(own_words(video, seed))
        cue = _cues(video, seed)[(CUES // 3 + 13 * number) % CUES]
        first, second = [word for word in cue.lower().strip(".").split() if word in own][:2]
        asked.append((video, f"What is said about the {first} and the {second}?"))
    return asked


def video_id(video: int, seed: int = 1) -> str:
    """Id of a made video."""
    return hashlib.sha256(f"{seed} {video}".encode()).hexdigest()[:16]


def _cues(video: int, seed: int) -> list[str]:
    drawn, own = random.Random(f"cues {seed} {video}"), own_words(video, seed)
    cues: list[str] = []
    for _ in range(CUES):
        words = [*drawn.sample(COMMON, 7), *drawn.sample(own, 3)]
        drawn.shuffle(words)
        cues.append(" ".join(words).capitalize() + ".")
    return cues


def write_video(library: Library, video: int, seed: int = 1) -> str:
    """Write one video as an index leaves it; returns its id. The catalog is not filled."""
    id, length = video_id(video, seed), CUES * CUE_SECONDS
    folder = library.folder(id)
    (folder / "frames").mkdir(parents=True)
    drawn, own = random.Random(f"video {seed} {video}"), own_words(video, seed)
    speech = [
        {"video": id, "start": n * CUE_SECONDS, "end": (n + 1) * CUE_SECONDS, "text": text}
        for n, text in enumerate(_cues(video, seed))
    ]
    times = np.linspace(0, length - 1, LINES).round(3).tolist()
    lines = [" ".join([*drawn.sample(COMMON, 2), drawn.choice(own)]).title() for _ in times]
    screen = [
        {"video": id, "start": at, "end": at + 8.0, "text": text, "box": [0.1, 0.1, 0.9, 0.2]}
        for at, text in zip(times, lines, strict=True)
    ]
    seconds = np.linspace(0, length - 1, FRAMES).round(3).tolist()
    frames = [
        {"video": id, "seconds": at, "image": frame_image(id, at), "reason": "picture changed"}
        for at in seconds
    ]
    cuts = np.linspace(0, length, SCENES + 1).tolist()
    scenes = [
        {"video": id, "start": start, "end": end, "image": frame_image(id, seconds[n * 15])}
        for n, (start, end) in enumerate(pairwise(cuts))
    ]
    looks = {"colours": {"grey": 1.0}, "brightness": 0.5, "saturation": 0.1, "motion": 0.0}
    rows: dict[str, list[dict[str, Any]]] = {
        SUBTITLES: speech, READ: screen, "frames.jsonl": frames, "scenes.jsonl": scenes,
        "attributes.jsonl": [{"video": id, "seconds": at, **looks} for at in seconds],
        "pictures.jsonl": [{"id": evidence_id("frame", id, at)} for at in seconds],
    }  # fmt: skip
    ids = [evidence_id("speech", id, one["start"], one["end"]) for one in speech]
    ids += [evidence_id("screen", id, one["start"], one["end"]) for one in screen]
    rows["vectors.jsonl"] = [{"id": one} for one in ids]
    for name, some in rows.items():
        write_lines(folder / name, some)
    arrays = {
        "vectors.npy": bundled_embedder().texts([one["text"] for one in (*speech, *screen)]),
        "pictures.npy": _pictures(video, seed),
    }
    for name, array in arrays.items():
        saved = BytesIO()
        np.save(saved, array.astype(np.float32), allow_pickle=False)
        write_bytes(folder / name, saved.getvalue())
    picture = _jpeg(video)
    for frame in frames:
        path = library.root / frame["image"]
        path.write_bytes(add_picture_checksum(path.name, picture))
    files = {
        "subtitles": [SUBTITLES], "pass": ["frames.jsonl", "scenes.jsonl", "attributes.jsonl"],
        "screen": [READ], "pictures": ["pictures.npy", "pictures.jsonl"],
        "vectors": ["vectors.npy", "vectors.jsonl"],
    }  # fmt: skip
    providers = {"pictures": "appearance", "vectors": "wordllama"}
    list_files(folder, f"{own[0].title()} {video}", length, files, providers)
    return id


def list_files(
    folder: Path,
    title: str,
    length: float,
    files: Mapping[str, Sequence[str]],
    providers: Mapping[str, str],
) -> None:
    """Write the manifest of a made video: the files that each stage left, and who made them."""
    stages = {
        name: {
            "state": "done" if name in files or name == "probe" else "skipped",
            "provider": providers.get(name, "made"), "seconds": 0.0, "note": "", "partial": False,
            "from": None, "files": {file: digest(folder / file) for file in files.get(name, ())},
        }
        for name in STAGES
    }  # fmt: skip
    id = folder.name
    probe = {"format": "made", "duration": length, "audio": [], "subtitles": [], "video": None}
    manifest = {
        "schema": SCHEMA, "id": id, "sha256": id * 4, "title": title,
        "notes": [], "stages": stages, "recorded_at": None, "probe": probe, "duration": length,
        "width": 640, "height": 360, "fps": 25.0, "options": {},
        "source": {"path": f"/made/{id}.mp4", "linked": True, "size": 1, "mtime_ns": 1, "inode": 1},
    }  # fmt: skip
    write_manifest(folder, manifest)


def _pictures(video: int, seed: int) -> Any:
    drawn = np.random.default_rng([seed, video])
    centres = np.repeat(drawn.standard_normal((SCENES, DIMENSIONS)), FRAMES // SCENES, axis=0)
    return unit_rows((centres + 0.3 * drawn.standard_normal(centres.shape)).astype(np.float32))


def _jpeg(video: int) -> bytes:
    saved = BytesIO()
    Image.new("RGB", (16, 9), (video % 256, video // 256 % 256, 90)).save(
        saved, "JPEG", comment=BLANK
    )
    return saved.getvalue()


def made(home: Path, videos: int, seed: int = 1) -> Library:
    """A library of so many made videos; those that are there already are kept."""
    library = Library(home)
    for video in range(videos):
        if not (library.folder(video_id(video, seed)) / "manifest.json").exists():
            write_video(library, video, seed)
    return library
