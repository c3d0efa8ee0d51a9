"""Store of one owner's videos, read from their folders. Reading needs no lock."""

import contextlib
import itertools
import json
import math
import os
import re
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from tools import evidence as make
from tools.clock import Clock
from tools.embed import Vectors
from tools.errors import Damaged, NotIndexed, UnknownVideo
from tools.files.checksums import CHECK, is_intact_picture
from tools.files.durable import is_locked, remove_folder
from tools.files.rows import Rows
from tools.media import Attributes, Evidence, Frame, Scene, ScreenText, Stage, Utterance, Video
from tools.store import dense
from tools.store.clocks import relied_on, stored_clock
from tools.store.manifest import Manifest, Manifests
from tools.store.names import Names, read_names
from tools.store.original import find_original, original_path
from tools.store.records import (
    HEARD,
    PICTURES_READ,
    READ,
    REGION_CHANGES,
    SIGHTINGS,
    SIGNS,
    SOUNDS,
    SUBTITLES,
    frame_image,
    past_file,
    row_builder,
)
from tools.transcript.diarization import SpeakerTurn, label_speakers
from tools.vision.change_times import RegionChange

WEIGHTS = {
    "probe": 1, "subtitles": 2, "keyframes": 6, "pass": 40, "provenance": 1, "sound": 3,
    "audio_events": 1, "screen": 45, "clock": 1, "pictures": 20, "speech": 60, "speakers": 10,
    "sightings": 8, "crops": 2, "vectors": 6,
}  # fmt: skip
"""Usual share of the time of each stage, in their order, for the estimate of what remains."""
STAGES = tuple(WEIGHTS)
CACHED = 256
"""Parsed stage files in memory, at most."""
_seconds = attrgetter("seconds")
_T = TypeVar("_T")


def is_video_id(ref: str) -> bool:
    """True if a text has the form of a video's id."""
    return re.fullmatch(r"[0-9a-f]{16}", ref) is not None


class Store:
    """Videos of one owner. Safe for many readers; only `ingest` writes."""

    def __init__(self, home: Path, owner: str = "local") -> None:
        self.home, self.owner = home.absolute(), owner
        self.root = self.home / "libraries" / owner
        self.trash = self.root / "removed"
        self._cache: OrderedDict[tuple[str, str, tuple[int, int]], Any] = OrderedDict()
        self._manifests = Manifests(self.root / "videos")
        self._guard = threading.Lock()

    # Names and videos

    def folder(self, video: str) -> Path:
        """Folder of one video."""
        return self.root / "videos" / video

    def folders(self) -> "list[str]":
        """Ids of videos that have a folder, whether or not they can be read."""
        try:
            return sorted(one.name for one in os.scandir(self.root / "videos") if one.is_dir())
        except FileNotFoundError:
            return []

    def list(self) -> "list[Video]":
        """Every video with a manifest, by title; Damaged if a manifest is lost."""
        videos: list[Video] = []
        for folder in self.root.glob("videos/*"):
            with contextlib.suppress(UnknownVideo):  # without a manifest, or removed while we look
                videos.append(self._video(folder.name))
        return sorted(videos, key=lambda video: (video.title.casefold(), video.id))

    def get(self, ref: str) -> Video:
        """Video of an id; UnknownVideo if there is none."""
        if not is_video_id(ref):
            raise UnknownVideo(f"no video {ref!r} in the library")
        return self._video(ref)

    def manifest(self, video: str) -> Manifest:
        """Manifest of a video; UnknownVideo without one, Damaged if it cannot be read."""
        return self._manifests.get(video)

    def generation(self, video: str) -> int:
        """Number that rises with every stage that finishes."""
        return int(self.manifest(video)["generation"])

    def manifest_stamp(self, video: str) -> tuple[int, int]:
        """Time and inode of the manifest, which change with every result of a stage."""
        return self._manifests.stamp(video)

    def stamp(self, video: str, *stages: str) -> tuple[tuple[str, str], ...]:
        """Cache key that changes with the files of these stages and with nothing else."""
        entries = self.manifest(video)["stages"]
        files = (entries.get(name, {}).get("files", {}) for name in stages)
        return tuple(sorted(entry for each in files for entry in each.items()))

    def _video(self, video: str) -> Video:
        manifest = self.manifest(video)
        stages = {name: Stage() for name in STAGES}
        stages |= {name: _stage(entry) for name, entry in manifest["stages"].items()}
        left = {name for name, s in stages.items() if s.state not in ("done", "skipped")}
        # A run that came to the end knew all stages of its release: others came with a later one.
        due = left & manifest["stages"].keys() if STAGES[-1] in manifest["stages"] else left
        state = "queued" if due else "ready"
        if left and is_locked(self.folder(video) / "lock"):
            state = "indexing"
            with contextlib.suppress(OSError, ValueError, KeyError):  # written without a lock
                now = json.loads((self.folder(video) / "progress.json").read_bytes())
                if now["stage"] in left:
                    stages[now["stage"]] = Stage("running", float(now["fraction"]))
        elif any(stage.state == "failed" for stage in stages.values()):
            state = "failed"
        size = manifest["width"], manifest["height"], manifest["fps"], relied_on(self.clock(video))
        path = str(original_path(self.folder(video), manifest))
        facts = self.names(video).title or manifest["title"], path, manifest["duration"]
        return Video(video, *facts, *size, state, tuple(manifest["notes"]), stages)

    def clock(self, video: str) -> Clock | None:
        """Wall clock of a video, by its best source; None where nothing tells."""
        return self.cached(video, "clock", lambda: stored_clock(self.manifest(video)))

    def names(self, video: str) -> Names:
        """Names that a person gave to a video and its speakers."""
        return read_names(self.folder(video))

    # What the stages stored

    def frames(self, video: str) -> "list[Frame]":
        """Kept frames by time, dense samples included."""
        return dense.with_frames(self.index_frames(video), self.dense_samples(video))

    def index_frames(self, video: str) -> "list[Frame]":
        """Frames of the index alone: the keyframes until the decode pass is done."""
        name = "frames" if self._has(video, "pass") else "keyframes"
        return self._rows(video, name, lambda row: Frame(**row))

    def attributes(self, video: str) -> "list[Attributes]":
        """Colours, light and motion of each kept frame, by time."""
        name = "attributes" if self._has(video, "pass") else "keyframe_attributes"
        kept = self._rows(video, name, lambda row: Attributes(**row))
        return dense.with_attributes(kept, self.dense_samples(video))

    def dense_samples(self, video: str) -> "list[dense.DenseSample]":
        """Dense samples, each of one second; a damaged one is left out."""
        folder = self.folder(video) / dense.FOLDER
        try:
            stamp = folder.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        return self.cached(video, f"dense {stamp}", lambda: dense.read_all(folder))

    def scenes(self, video: str) -> "list[Scene]":
        """Scenes by time; none until the decode pass is done."""
        return self._rows(video, "scenes", lambda row: Scene(**row))

    def utterances(self, video: str) -> "list[Utterance]":
        """Speech by time, with speakers: of the subtitles, else what is recognised so far."""
        names = self.names(video).speakers

        def load() -> list[Utterance]:
            spoken = self.labelled(video)
            return [replace(o, speaker=names.get(o.speaker or "", o.speaker)) for o in spoken]

        if not names:
            return self.labelled(video)
        return self.cached(video, f"spoken by {sorted(names.items())}", load)

    def labelled(self, video: str) -> "list[Utterance]":
        """Speech by time, its speakers as the file or the recogniser labels them."""

        def load() -> list[Utterance]:
            spoken = self.words(video, SUBTITLES) or self.words(video, HEARD)
            turns = self._rows(video, "turns", lambda row: SpeakerTurn(**row))
            return label_speakers(spoken, turns) if turns else spoken

        return self.cached(video, "spoken", load)

    def screen_text(self, video: str) -> "list[ScreenText]":
        """On-screen text by time, as far as it was read, with signs that subtitles put there.

        Dense samples are included.
        """
        read = dense.with_texts(self.words(video, READ), self.dense_samples(video))
        signs = self.words(video, SIGNS)
        return sorted([*read, *signs], key=lambda one: (one.start, one.end)) if signs else read

    def captioned_sounds(self, video: str) -> "list[Utterance]":
        """Sounds that captions name, by time."""
        return self.words(video, SOUNDS)

    def unread_spans(self, video: str) -> "list[tuple[float, float]]":
        """Spans, in seconds, of pictures whose text was not read; none once all were."""

        def load() -> list[tuple[float, float]]:
            rows = self._manifests.lines(video, PICTURES_READ)
            starts = [*(row["seconds"] for row in rows), math.inf]
            spans = zip(rows, itertools.pairwise(starts), strict=True)
            return [span for row, span in spans if row["lines"] is None]

        return self.cached(video, PICTURES_READ, load)

    def share_read(self, video: str) -> float:
        """Share of the pictures to read whose text was read; 1 once all were."""
        rows = self._manifests.lines(video, PICTURES_READ)
        return sum(row["lines"] is not None for row in rows) / len(rows) if rows else 1.0

    def file_chapters(self, video: str) -> "list[tuple[float, str]]":
        """Chapters that the file itself holds, as start in seconds and title, as they stand."""
        rows = self.manifest(video)["stages"].get("subtitles", {}).get("chapters", ())
        return [(row["start"], row["title"]) for row in rows]

    def words(self, video: str, file: str) -> "list[Any]":
        """Utterances or screen texts of one file."""
        return self._rows(video, Path(file).stem, row_builder(file))

    def past_words(self, video: str, file: str) -> "list[Any]":
        """Words that may have been cited: those of a file now, and those that it replaced."""
        return [*self.words(video, file), *self.words(video, past_file(file))]

    def vectors(self, video: str) -> Vectors | None:
        """Text vectors of speech and on-screen text; None until they are made."""
        return self._vectors(video, "vectors")

    def vector_provider(self, video: str) -> str:
        """Name of the embedder of the text vectors; empty until they are made."""
        stage = self.manifest(video)["stages"].get("vectors", {})
        return stage["provider"] if stage.get("state") == "done" else ""

    def passages(self, video: str) -> Vectors | None:
        """Vectors of passages around each cue; None unless an embedder of passages made them."""
        has = "passages.npy" in self._manifests.files(video)
        return self._vectors(video, "vectors", "passages") if has else None

    def index_picture_vectors(self, video: str) -> Vectors | None:
        """Vectors of the frames of the index alone, by evidence id; None until they are made."""
        return self._vectors(video, "pictures")

    def crop_vectors(self, video: str) -> Vectors | None:
        """Vectors of the best views of tracked objects, by evidence id; None until made."""
        return self._vectors(video, "crops")

    def picture_vectors(self, video: str) -> Vectors | None:
        """Vectors of the kept frames, dense samples included; None until they are made."""
        vectors = self.index_picture_vectors(video)
        return dense.with_vectors(vectors, self.dense_samples(video)) if vectors else None

    def _vectors(self, video: str, stage: str, name: str = "") -> Vectors | None:
        if not self._has(video, stage):
            return None
        name = name or stage

        def load() -> Vectors:
            while True:  # until both are of the same run
                before = self._manifests.stamp(video)
                provider = self.manifest(video)["stages"][stage]["provider"]
                rows = self._manifests.lines(video, f"{name}.jsonl")
                array = self._manifests.array(video, f"{name}.npy")
                if self._manifests.stamp(video) == before:
                    break
            return Vectors([row["id"] for row in rows], array, provider)

        return self.cached(video, name, load)

    def signals(self, video: str, of: str = "signals") -> Rows:
        """Signals, a row per decoded frame, or those `of="sound"`; NotIndexed until they exist."""
        if f"{of}.npy" not in self._manifests.files(video):
            raise NotIndexed(f"{video} has no decoded {of}: run `cuepoint index` on its file")
        return self._manifests.array(video, f"{of}.npy")

    def region_changes(self, video: str) -> "list[RegionChange]":
        """Changes of small regions with their frames, by time."""

        def build(row: dict[str, Any]) -> RegionChange:
            return RegionChange(row["seconds"], (*row["box"],), row["blocks"])

        known = f"{REGION_CHANGES}.jsonl" in self._manifests.files(video)
        return self._rows(video, REGION_CHANGES, build) if known else []

    def _has(self, video: str, stage: str) -> bool:
        return self.manifest(video)["stages"].get(stage, {}).get("state") == "done"

    def _rows(self, video: str, name: str, build: Callable[[dict[str, Any]], _T]) -> "list[_T]":
        def load() -> list[_T]:
            return [build(row) for row in self._manifests.lines(video, f"{name}.jsonl")]

        return self.cached(video, name, load)

    def cached(self, video: str, name: str, load: Callable[[], _T]) -> _T:
        """Get or load a value of a video; the cache entry is valid until the manifest changes."""
        key = (video, name, self._manifests.stamp(video))
        with self._guard:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        value = load()
        with self._guard:
            self._cache[key] = value
            while len(self._cache) > CACHED:
                self._cache.popitem(last=False)
        return value

    def pictures(self, video: str) -> set[str]:
        """Every picture that a stage's rows name."""
        names = ("keyframes", "frames")
        named = {f.image for name in names for f in self._rows(video, name, lambda r: Frame(**r))}
        return named | {one.image for one in self.words(video, SIGHTINGS) if one.image}

    # Pictures

    def image_at(self, video: str, start: float, end: float | None = None) -> str | None:
        """Picture of the first frame inside [start, end), else of the nearest."""
        frames = self.frames(video)
        first = bisect_left(frames, start, key=_seconds)
        if end is not None and first < len(frames) and frames[first].seconds < end:
            return frames[first].image
        before = bisect_right(frames, start + 1e-3, key=_seconds) - 1
        return frames[max(before, 0)].image if frames else None

    def frame_at(self, video: str, seconds: float) -> Frame:
        """Frame at exactly these seconds, of the index or decoded on demand."""
        frames = self.frames(video)
        at = bisect_right(frames, seconds - 1e-3, key=_seconds)
        if at < len(frames) and frames[at].seconds < seconds + 1e-3:
            return frames[at]
        image = frame_image(video, seconds)
        if not self.is_kept(image):
            raise UnknownVideo(f"no frame of {video} at {seconds:.3f} s was kept")
        return Frame(video, seconds, image, "asked for")

    def is_kept(self, image: str) -> bool:
        """True if a frame was decoded once, by a stage or for a question."""
        return self.image_path(image).exists() or self.on_demand_marker(image).exists()

    def facts(self, video: str) -> Evidence:
        """Facts of the whole video, as evidence."""
        probe, scenes = self.manifest(video)["probe"], self.scenes(video)
        measured, image = self.attributes(video), self.image_at(video, 0.0)
        return make.of_video(self._video(video), len(scenes), probe, measured, image)

    def image_path(self, image: str) -> Path:
        """The absolute path of a picture; never outside the library."""
        path = (self.root / image).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise UnknownVideo(f"{image!r} is not a picture of the library")
        return path

    def on_demand_marker(self, image: str) -> Path:
        """Marker file of a frame decoded on demand: `verify` misses the frame if it is gone."""
        return self.image_path(image).with_suffix(".asked")

    def has_picture(self, image: str) -> bool:
        """True if a picture is there and intact."""
        path = self.root / image
        if not path.resolve().is_relative_to(self.root.resolve()):
            return False
        # The first release wrote no checksums, neither into pictures nor into manifests.
        is_old = CHECK not in self.manifest(path.parent.parent.name)
        return path.exists() if is_old else is_intact_picture(path)

    def original(self, video: str) -> Path:
        """Path of the media file; UnreadableMedia if it is gone or another one."""
        return find_original(self.folder(video), self.manifest(video))

    def remove(self, video: str) -> None:
        """Remove a video from the library; a linked original stays where it is."""
        with contextlib.suppress(Damaged):  # a video beyond repair can be removed too
            self.manifest(video)
        remove_folder(self.folder(video), self.trash)


def _stage(entry: Manifest) -> Stage:
    facts = {n: entry[n] for n in ("provider", "seconds", "note", "partial") if n in entry}
    if entry["state"] in ("done", "skipped"):
        return Stage(entry["state"], 1.0, **facts)
    state = "waiting" if entry["state"] == "running" else entry["state"]
    return Stage(state, entry.get("progress", 0.0), **facts)
