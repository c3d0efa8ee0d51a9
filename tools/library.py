"""Library: the store, with evidence by id, pictures and coverage."""

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tools import evidence as make
from tools.arguments import End, Start, VideoId
from tools.errors import Damaged, RefusedRequest, UnknownCollection, UnknownVideo
from tools.files.durable import lock
from tools.media import Coverage, Evidence, Kind, Sighting, Video, overlaps
from tools.provenance.evidence import is_of_provenance, of_provenance, provenance_of
from tools.provenance.identity import Signing
from tools.search import chroma
from tools.search.motion import of_movement
from tools.search.sound_search import of_sound
from tools.store import evidence as stored
from tools.store.cameras import Cameras
from tools.store.catalog import Catalog
from tools.store.coverage import coverage
from tools.store.filmstrip import picture_file
from tools.store.names import LONGEST, Names, checked_name, write_names
from tools.store.original import forget_checksum
from tools.store.records import HEARD, READ, SIGHTINGS, SIGNS, SUBTITLES
from tools.store.recovery import RECORD
from tools.store.store import Store, is_video_id
from tools.store.stretches import span_in
from tools.store.video_collections import Collections
from tools.summary.titles import of_chapter
from tools.text.clean import clean

CANDIDATES = 10
"""Videos that the error of an ambiguous name lists, at most."""
_OF_SPAN: dict[Kind, Callable[..., Evidence | None]] = {
    "frame": stored.of_span, "sound": of_sound, "motion": of_movement, "chapter": of_chapter,
}  # fmt: skip
"""Functions that make evidence of a span, by its kind."""


class Library(Store):
    """Videos of one owner, their catalog, and evidence of them. Safe for many readers.

    `signing` is the key that signs what is made of them, and who is trusted.
    """

    signing = Signing()

    def __init__(self, home: Path, owner: str = "local", signing: Signing | None = None) -> None:
        super().__init__(home, owner)
        self.signing = signing or Signing()

    @cached_property
    def catalog(self) -> Catalog:
        """Catalog of these videos."""
        return Catalog(self)

    @cached_property
    def collections(self) -> Collections:
        """Named sets of these videos."""
        return Collections(self)

    @cached_property
    def cameras(self) -> Cameras:
        """Cameras, with their zones and lines."""
        return Cameras(self.collections)

    def area_owner(self, ref: str) -> str:
        """Name of a camera, else id of a video, that zones and lines belong to."""
        try:
            return self.cameras.get(ref).name
        except UnknownCollection:
            return self.get(ref).id

    def titles(self, limit: int = -1) -> dict[str, str]:
        """Titles of the videos by id, ordered by title: of a large library without its files."""
        self._sync()
        return {one.id: one.title for one in self.catalog.entries(limit)}

    def some(self, ids: Iterable[str]) -> list[Video]:
        """Videos by their ids, in this order; one that was removed meanwhile is left out."""
        found: list[Video] = []
        for id in ids:
            with suppress(UnknownVideo):
                found.append(super().get(id))
        return found

    def _sync(self) -> None:
        with suppress(Damaged, RefusedRequest):  # of one video, which is told when it is read
            self.catalog.sync()

    def get(self, ref: str) -> Video:
        """Find a video by its id, the start of one (4 characters or more) or a unique title."""
        if is_video_id(ref) and (self.folder(ref) / RECORD).exists():
            return super().get(ref)
        self._sync()
        found = self.catalog.named(ref)
        if len(found) == 1:
            return super().get(found[0].id)
        if found:
            named = ", ".join(f"{one.id} ({one.title})" for one in found[:CANDIDATES])
            raise UnknownVideo(f"{ref!r} is ambiguous; one of: {named}")
        raise UnknownVideo(
            f"no video {ref!r} in the library: `cuepoint library list` names those that are there"
            if self.catalog.entries(1)
            else f"no video {ref!r}: the library is empty; add one with `cuepoint index FILE`"
        )

    def remove(self, video: str) -> None:
        """Remove a video with every trace of it; a linked original stays where it is.

        Its folder goes first, at once: what is left after a kill goes at the next `sync`,
        and from Chroma when the process that has it open looks.
        """
        super().remove(video)
        forget_checksum(self.root, video)
        with suppress(Damaged):  # which is told where collections are asked for
            self.collections.forget(video)
        self.catalog.remove(video)
        chroma.remove(self.catalog, video)

    def rename(self, video: str, title: str) -> None:
        """Give a video another title; an empty one gives back that of its file."""
        given = checked_name(title) if title.strip() else ""
        self._give_names(video, lambda names: replace(names, title=given))

    def name_speaker(self, video: str, label: str, name: str) -> None:
        """Name a speaker by the label of the transcript; an empty name gives back the label."""
        if label not in self.speakers(video):
            raise RefusedRequest(f"nobody in this video is labelled {clean(label, LONGEST)!r}")
        new = checked_name(name) if name.strip() else ""

        def named(names: Names) -> Names:
            given = {**names.speakers, label: new}
            return replace(names, speakers={key: one for key, one in given.items() if one})

        self._give_names(video, named)

    def speakers(self, video: str) -> dict[str, str]:
        """Names of the speakers of a video by their labels, as they first speak."""
        labels = dict.fromkeys(filter(None, (one.speaker for one in self.labelled(video))))
        names = self.names(video).speakers
        return {label: names.get(label, label) for label in labels}

    def _give_names(self, video: str, change: Callable[[Names], Names]) -> None:
        super().get(video)
        with lock(self.root / "names.lock"):
            self.catalog.mark(video)
            write_names(self.folder(video), change(self.names(video)))
        os.utime(self.folder(video).parent)  # readers of all videos look again
        with suppress(Damaged):
            self.catalog.refresh(video)

    def size(self, video: str) -> int:
        """Bytes that removing a video frees: all but an original that is linked."""
        files = (path for path in self.folder(video).rglob("*") if not path.is_dir())
        return sum(path.lstat().st_size for path in files)

    def picture(self, image: str) -> Path:
        """File of a picture; made again if missing or damaged."""
        return picture_file(self, image)

    def coverage(self, video: str) -> Coverage:
        """Indexed part of a video so far."""
        return coverage(self, video)

    def evidence(self, id: str) -> Evidence:
        """Evidence of an id, also of words replaced since; UnknownVideo if it is gone."""
        parsed = make.parse_id(id)
        if parsed is None:
            raise UnknownVideo(f"{id!r} is not an evidence id")
        kind, video, start, end = parsed
        evidence = None
        if kind in _OF_SPAN:
            evidence = _OF_SPAN[kind](self, video, start, end)
        elif is_of_provenance(id):
            found = provenance_of(self, video, self.signing.trust)
            evidence = of_provenance(self, super().get(video), found)
        elif kind == "video":
            evidence = self.facts(video)
        elif kind == "scene":
            scenes = self.scenes(video)
            number = next((n for n, scene in enumerate(scenes, 1) if scene.id == id), None)
            evidence = stored.of_scene(self, scenes, number) if number else None
        elif kind == "object":
            past = self.past_words(video, SIGHTINGS)
            seen = next((one for one in past if one.id == id), None)
            evidence = self._sighted(seen) if seen else None
        elif kind == "speech":
            evidence = self._speech(id, video, start, end)
        elif kind == "screen":
            past = (self.past_words(video, file) for file in (READ, SIGNS))
            texts = chain(self.screen_text(video), *past)
            text = next((text for text in texts if text.id == id), None)
            evidence = stored.of_words(self, text) if text else None
        if evidence is None:
            raise UnknownVideo(f"{id!r} is no longer in the library")
        return replace(evidence, id=id)  # which an older release may have written otherwise

    def _sighted(self, seen: Sighting) -> Evidence:
        """Evidence of a sighting with its zones, if the file that holds them can be read."""
        with suppress(Damaged):  # which is told where zones are asked for
            drawn = self.cameras.areas()
            return make.of_sighting(seen, drawn.of(seen.video), drawn.camera(seen.video))
        return make.of_sighting(seen)

    def silence(self, video: str) -> str:
        """Reason why a video has no transcript."""
        note = super().get(video).stages["subtitles"].note
        return note or "there is no speech in the index"

    def _speech(self, id: str, video: str, start: float, end: float) -> Evidence | None:
        """Evidence of an utterance, or of a passage of several."""
        past = (self.past_words(video, file) for file in (HEARD, SUBTITLES))
        spoken = [self.utterances(video), *past]
        for utterance in (utterance for words in spoken for utterance in words):
            if utterance.id == id:
                return stored.of_words(self, utterance)
        passages = (make.utterances_filling(words, start, end) for words in spoken)
        return next((stored.of_passage(self, words) for words in passages if words), None)


Title = Annotated[str | None, Field(max_length=200, description="Only with this in the title.")]
Skip = Annotated[int, Field(ge=0, description="Leave out so many, which were listed before.")]
Shown = Annotated[int, Field(ge=1, le=500, description="At most so many.")]


class LibraryCapabilities:
    """Capabilities over the videos of one library, their facts and their scenes."""

    library: Library

    def _library_tools(self) -> list[Callable[..., Any]]:
        return [self.find_scenes, self.find_cuts, self.video_facts, self.list_videos]

    def list_videos(self, title: Title = None, skip: Skip = 0, limit: Shown = 100) -> list[Video]:
        """List the videos of the library, by title, with length and how far they are indexed."""
        named = (title or "").casefold()
        found = [one for one in self.library.list() if named in one.title.casefold()]
        return found[skip : skip + limit]

    def video_facts(self, video: VideoId) -> list[Evidence]:
        """Facts about a whole video: length, size, sound, number of scenes, time of recording."""
        return [self.library.facts(self.library.get(video).id)]

    def find_scenes(self, video: VideoId, start: Start = None, end: End = None) -> list[Evidence]:
        """The scenes of a video, between cuts, in order, with their colours and light."""
        id = self.library.get(video).id
        scenes, span = self.library.scenes(id), span_in(self.library, id, start, end)
        return [
            stored.of_scene(self.library, scenes, number)
            for number, scene in enumerate(scenes, 1)
            if overlaps(scene.start, scene.end, *span)
        ]

    def find_cuts(self, video: VideoId, start: Start = None, end: End = None) -> list[Evidence]:
        """The moments at which one scene ends and the next begins, in order; none in one take."""
        id = self.library.get(video).id
        frames, span = self.library.frames(id), span_in(self.library, id, start, end)
        cuts = [scene.start for scene in self.library.scenes(id)[1:]]
        inside = [cut for cut in cuts if overlaps(cut, cut, *span)]
        first = [bisect_left(frames, cut - 1e-3, key=lambda frame: frame.seconds) for cut in inside]
        return [stored.of_frame(self.library, frames[at]) for at in first if at < len(frames)]
