"""The videos of one owner, read from their folders. Files are the truth; reading needs no lock."""

import contextlib
import json
import re
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from tools import evidence as make
from tools.embed import Vectors
from tools.errors import Damaged, NotIndexed, UnknownVideo
from tools.files.checksums import CHECK, is_sealed_picture
from tools.files.durable import discard, is_locked
from tools.files.rows import Rows
from tools.media import (
    Attributes,
    Evidence,
    Frame,
    Scene,
    ScreenText,
    Stage,
    Utterance,
    Video,
)
from tools.store import dense
from tools.store import manifest as manifests
from tools.store.manifest import Manifest, Manifests
from tools.store.original import Originals, place
from tools.store.records import HEARD, READ, SUBTITLES, builder, frame_image, past
from tools.store.recovery import ABOUT, RECORD
from tools.transcript.diarization import SpeakerTurn, label_speakers

STAGES = (
    "probe", "subtitles", "keyframes", "pass", "sound", "screen", "pictures", "speech", "speakers",
    "vectors",
)  # fmt: skip
CACHED = 256
"""Stage files held in memory, parsed."""
CANDIDATES = 10
"""Videos that an ambiguous name is told to mean, at most."""
_T = TypeVar("_T")


class Store:
    """One owner's videos. Safe for many readers; writing is the business of `ingest`."""

    def __init__(self, home: Path, owner: str = "local") -> None:
        self.home, self.owner = home.absolute(), owner
        self.root = self.home / "libraries" / owner
        self.trash = self.root / "removed"
        self._cache: OrderedDict[tuple[str, str, tuple[int, int]], Any] = OrderedDict()
        self._manifests = Manifests(self.root / "videos")
        self._guard = threading.Lock()
        self._originals = Originals()

    # Names and videos

    def folder(self, video: str) -> Path:
        """Where all of one video lies."""
        return self.root / "videos" / video

    def list(self) -> "list[Video]":
        """Every video that a manifest makes visible, by title; Damaged where one lost its own."""
        found: list[Video] = []
        for folder in self.root.glob("videos/*"):
            if any((folder / name).exists() for name in (RECORD, ABOUT)):
                with contextlib.suppress(UnknownVideo):  # removed while we look
                    found.append(self._video(folder.name))
        return sorted(found, key=lambda video: (video.title.casefold(), video.id))

    def get(self, ref: str) -> Video:
        """A video by its id, the start of one (4 characters or more) or a title that is unique."""
        if re.fullmatch(r"[0-9a-f]{16}", ref) and (self.folder(ref) / "manifest.json").exists():
            return self._video(ref)
        videos = self.list()
        matches = [v for v in videos if len(ref) >= 4 and v.id.startswith(ref)]
        matches = matches or [v for v in videos if v.title.casefold() == ref.casefold()]
        if len(matches) == 1:
            return matches[0]
        if matches:
            named = ", ".join(f"{v.id} ({v.title})" for v in matches[:CANDIDATES])
            raise UnknownVideo(f"{ref!r} is ambiguous; one of: {named}")
        raise UnknownVideo(
            f"no video {ref!r} in the library: `cuepoint library list` names those that are there"
            if videos
            else f"no video {ref!r}: the library is empty; add one with `cuepoint index FILE`"
        )

    def manifest(self, video: str) -> Manifest:
        """The manifest as it stands; UnknownVideo where there is none, Damaged where it is."""
        return self._manifests.get(video)

    def generation(self, video: str) -> int:
        """Rises with every stage that finishes."""
        return int(self.manifest(video)["generation"])

    def stamp(self, video: str, *stages: str) -> tuple[tuple[str, str], ...]:
        """Changes with the files of these stages, whoever wrote them, and with nothing else."""
        known = self.manifest(video)["stages"]
        files = (known.get(name, {}).get("files", {}) for name in stages)
        return tuple(sorted(entry for each in files for entry in each.items()))

    def _video(self, video: str) -> Video:
        manifest = self.manifest(video)
        stages = {name: Stage() for name in STAGES}
        for name, stage in manifest["stages"].items():
            stages[name] = Stage(
                "waiting" if stage["state"] == "running" else stage["state"],
                1.0 if stage["state"] in ("done", "skipped") else stage.get("progress", 0.0),
                stage.get("provider", ""),
                stage.get("seconds", 0.0),
                stage.get("note", ""),
                stage.get("partial", False),
            )
        left = {name for name, one in stages.items() if one.state not in ("done", "skipped")}
        known = manifest["stages"].keys()
        # A run that came to the end knew all stages of its release: others came with a later one.
        due = left & known if STAGES[-1] in known else left
        state = "queued" if due else "ready"
        if left and is_locked(self.folder(video) / "lock"):
            state = "indexing"
            self._add_progress(video, stages)
        elif any(stage.state == "failed" for stage in stages.values()):
            state = "failed"
        recorded = manifest.get("recorded_at")
        return Video(
            video,
            manifest["title"],
            str(place(self.folder(video), manifest)),
            manifest["duration"],
            manifest["width"],
            manifest["height"],
            manifest["fps"],
            datetime.fromisoformat(recorded) if recorded else None,
            state,
            tuple(manifest["notes"]),
            stages,
        )

    def _add_progress(self, video: str, stages: dict[str, Stage]) -> None:
        try:
            now = json.loads((self.folder(video) / "progress.json").read_bytes())
            stages[now["stage"]] = Stage("running", float(now["fraction"]))
        except (OSError, ValueError, KeyError):
            return  # written without a lock, for show only

    # What the stages stored

    def frames(self, video: str) -> "list[Frame]":
        """Kept frames by time: the keyframes until the decode pass is done; and closer looks."""
        return dense.with_frames(self.sampled(video), self.dense_samples(video))

    def sampled(self, video: str) -> "list[Frame]":
        """The frames of the index alone."""
        name = "frames" if self._has(video, "pass") else "keyframes"
        return self._rows(video, name, lambda row: Frame(**row))

    def attributes(self, video: str) -> "list[Attributes]":
        """Colours, light and motion of each kept frame, by time."""
        name = "attributes" if self._has(video, "pass") else "keyframe_attributes"
        kept = self._rows(video, name, lambda row: Attributes(**row))
        return dense.with_attributes(kept, self.dense_samples(video))

    def dense_samples(self, video: str) -> "list[dense.DenseSample]":
        """Spans that were looked at more closely for a question."""
        try:
            stamp = (self.folder(video) / dense.FOLDER).stat().st_mtime_ns
        except FileNotFoundError:
            return []
        return self.cached(video, f"dense {stamp}", lambda: dense.read_all(self.folder(video)))

    def scenes(self, video: str) -> "list[Scene]":
        """Scenes by time; none until the decode pass is done."""
        return self._rows(video, "scenes", lambda row: Scene(**row))

    def utterances(self, video: str) -> "list[Utterance]":
        """Speech by time: from subtitles, else what was recognised so far; with its speakers."""

        def load() -> list[Utterance]:
            spoken = self.words(video, SUBTITLES) or self.words(video, HEARD)
            turns = self._rows(video, "turns", lambda row: SpeakerTurn(**row))
            return label_speakers(spoken, turns) if turns else spoken

        return self.cached(video, "spoken", load)

    def screen_text(self, video: str) -> "list[ScreenText]":
        """On-screen text by time, as far as it was read; and what closer looks saw."""
        return dense.with_texts(self.words(video, READ), self.dense_samples(video))

    def words(self, video: str, file: str) -> "list[Any]":
        """The utterances, or the texts, of one file."""
        return self._rows(video, Path(file).stem, builder(file))

    def past_words(self, video: str, file: str) -> "list[Any]":
        """Words that could be cited once: those of a file now, and those that were replaced."""
        return [*self.words(video, file), *self.words(video, past(file))]

    def vectors(self, video: str) -> Vectors | None:
        """Text vectors of speech and on-screen text; None until they are made."""
        return self._vectors(video, "vectors")

    def passages(self, video: str) -> Vectors | None:
        """Vectors of what is said around each cue, where a model has read it."""
        has = "passages.npy" in self._manifests.files(video)
        return self._vectors(video, "vectors", "passages") if has else None

    def picture_vectors(self, video: str) -> Vectors | None:
        """Vectors of the kept frames, by their evidence ids; None until they are made."""
        found = self._vectors(video, "pictures")
        return dense.with_vectors(found, self.dense_samples(video)) if found else None

    def _vectors(self, video: str, stage: str, name: str = "") -> Vectors | None:
        if not self._has(video, stage):
            return None
        name = name or stage

        def load() -> Vectors:
            while True:  # until both are of the same run
                before = self._manifests.stamp(video)
                made = self.manifest(video)["stages"][stage]["provider"]
                rows = self._manifests.lines(video, f"{name}.jsonl")
                array = self._manifests.array(video, f"{name}.npy")
                if self._manifests.stamp(video) == before:
                    break
            if any("row" in one for one in rows):  # indexed when what looks the same shared one
                array = array[[one["row"] for one in rows]]
            return Vectors([one["id"] for one in rows], array, made)

        return self.cached(video, name, load)

    def signals(self, video: str, of: str = "signals") -> Rows:
        """One row per decoded frame, or those `of="sound"`; NotIndexed until they are made."""
        if f"{of}.npy" not in self._manifests.files(video):
            raise NotIndexed(f"{video} has no decoded {of}: run `cuepoint index` on its file")
        return self._manifests.array(video, f"{of}.npy")

    def _has(self, video: str, stage: str) -> bool:
        return self.manifest(video)["stages"].get(stage, {}).get("state") == "done"

    def _rows(self, video: str, name: str, build: Callable[[dict[str, Any]], _T]) -> "list[_T]":
        file = f"{name}.jsonl"  # only what the manifest names is visible
        return self.cached(
            video, name, lambda: [build(row) for row in self._manifests.lines(video, file)]
        )

    def cached(self, video: str, name: str, load: Callable[[], _T]) -> _T:
        """What `load` makes of a video as it stands now, held until its manifest changes."""
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
        found: set[str] = set()
        for name in ("keyframes", "frames"):
            found |= {row.image for row in self._rows(video, name, lambda row: Frame(**row))}
        return found

    # Pictures

    def image_at(self, video: str, start: float, end: float | None = None) -> str | None:
        """The picture that shows [start, end) best: the first inside it, else the nearest."""
        frames = self.frames(video)
        first = bisect_left(frames, start, key=_seconds)
        if end is not None and first < len(frames) and frames[first].seconds < end:
            return frames[first].image
        before = bisect_right(frames, start + 1e-3, key=_seconds) - 1
        return frames[max(before, 0)].image if frames else None

    def frame_at(self, video: str, seconds: float) -> Frame:
        """The kept frame at exactly these seconds, made now or earlier."""
        frames = self.frames(video)
        at = bisect_right(frames, seconds - 1e-3, key=_seconds)
        if at < len(frames) and frames[at].seconds < seconds + 1e-3:
            return frames[at]
        image = frame_image(video, seconds)
        if not self.is_kept(image):
            raise UnknownVideo(f"no frame of {video} at {seconds:.3f} s was kept")
        return Frame(video, seconds, image, "asked for")

    def nearest_attributes(self, video: str, seconds: float) -> Attributes | None:
        """Colours and light of the kept frame nearest to a time; the earlier of two as near."""
        found = self.attributes(video)
        at = bisect_left(found, seconds, key=_seconds)
        near = found[max(at - 1, 0) : at + 1]
        return min(near, key=lambda one: abs(one.seconds - seconds), default=None)

    def is_kept(self, image: str) -> bool:
        """True if a frame was decoded once, by a stage or for a question."""
        return any(path.exists() for path in (self.image_path(image), self.asked(image)))

    def facts(self, video: str) -> Evidence:
        """The facts of the whole video, as evidence."""
        probe, scenes = self.manifest(video)["probe"], self.scenes(video)
        measured, image = self.attributes(video), self.image_at(video, 0.0)
        return make.of_video(self._video(video), len(scenes), probe, measured, image)

    def image_path(self, image: str) -> Path:
        """The absolute path of a picture; never outside the library."""
        path = (self.root / image).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise UnknownVideo(f"{image!r} is not a picture of the library")
        return path

    def asked(self, image: str) -> Path:
        """Marker file of a frame decoded on demand: `verify` misses the frame if it is gone."""
        return self.image_path(image).with_suffix(".asked")

    def has_picture(self, image: str) -> bool:
        """Whether a picture is there and what was written."""
        path = self.root / image
        if not path.resolve().is_relative_to(self.root.resolve()):
            return False
        # The first release wrote no checksums, neither into pictures nor into manifests.
        is_old = CHECK not in self.manifest(path.parent.parent.name)
        return path.exists() if is_old else is_sealed_picture(path)

    def original(self, video: str) -> Path:
        """The media file, where it lies; UnreadableMedia when it is gone or another one."""
        return self._originals.find(self.folder(video), self.manifest(video))

    def remove(self, video: str) -> None:
        """Forget a video; a file that was linked stays where it is."""
        with contextlib.suppress(Damaged):  # who cannot have it mended must be rid of it somehow
            self.manifest(video)
        discard(self.folder(video), self.trash)


def _seconds(one: Frame | Attributes) -> float:
    return one.seconds


def save_manifest(store: Store, video: str, manifest: Manifest) -> None:
    """Make what is in a manifest visible. Only for the holder of the video's lock."""
    manifests.write(store.folder(video), manifest)


def as_rows(items: Iterable[Any]) -> "list[dict[str, Any]]":
    """Dataclasses as rows for a file of lines."""
    return [asdict(item) for item in items]
