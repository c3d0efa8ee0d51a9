"""What is known of the videos: the store, evidence by its id, pictures and coverage."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools import evidence as make
from tools.arguments import End, Start, VideoId
from tools.errors import UnknownVideo
from tools.media import Coverage, Evidence, Kind, Video, overlaps
from tools.search.motion import of_movement
from tools.search.sound_search import of_sound
from tools.store import evidence as stored
from tools.store.coverage import coverage
from tools.store.filmstrip import picture
from tools.store.records import HEARD, READ, SUBTITLES
from tools.store.store import Store
from tools.summary.titles import of_chapter


class Library(Store):
    """One owner's videos, explained. Safe for many readers."""

    def picture(self, image: str) -> Path:
        """The file of a picture; made again if it is missing or damaged."""
        return picture(self, image)

    def coverage(self, video: str) -> Coverage:
        """How much of a video is indexed so far."""
        return coverage(self, video)

    def evidence(self, id: str) -> Evidence:
        """The evidence of an id, also of words replaced since; UnknownVideo when it is gone."""
        parsed = make.parse_id(id)
        if parsed is None:
            raise UnknownVideo(f"{id!r} is not an evidence id")
        found = self._evidence(id, *parsed)
        if found is None:
            raise UnknownVideo(f"{id!r} is no longer in the library")
        return found if found.id == id else replace(found, id=id)  # as an older release wrote it

    def _evidence(
        self, id: str, kind: Kind, video: str, start: float, end: float
    ) -> Evidence | None:
        match kind:
            case "frame":
                return stored.of_span(self, video, start, end)
            case "sound":
                return of_sound(self, video, start, end)
            case "motion":
                return of_movement(self, video, start, end)
            case "chapter":
                return of_chapter(self, video, start, end)
            case "video":
                return self.facts(video)
            case "scene":
                scenes = self.scenes(video)
                number = next((n for n, one in enumerate(scenes, 1) if one.id == id), None)
                return stored.of_scene(self, scenes, number) if number else None
            case "speech":
                return self._speech(id, video, start, end)
            case "screen":
                texts = (*self.screen_text(video), *self.past_words(video, READ))
                return next((stored.of_words(self, one) for one in texts if one.id == id), None)
            case "object":
                return None

    def _speech(self, id: str, video: str, start: float, end: float) -> Evidence | None:
        """An utterance, or a passage of several."""
        past = (self.past_words(video, file) for file in (HEARD, SUBTITLES))
        spoken = [self.utterances(video), *past]
        for one in (one for words in spoken for one in words):
            if one.id == id:
                return stored.of_words(self, one)
        passages = (make.passage(words, start, end) for words in spoken)
        return next((stored.of_passage(self, said) for said in passages if said), None)


class LibraryCapabilities:
    """The videos of one library, their facts and their scenes."""

    library: Library

    def _library_tools(self) -> list[Callable[..., Any]]:
        return [self.find_scenes, self.find_cuts, self.video_facts, self.list_videos]

    def list_videos(self) -> list[Video]:
        """List the videos of the library with their length and how far they are indexed."""
        return self.library.list()

    def video_facts(self, video: VideoId) -> list[Evidence]:
        """Facts about a whole video: length, size, sound, number of scenes, time of recording."""
        return [self.library.facts(self.library.get(video).id)]

    def find_scenes(self, video: VideoId, start: Start = None, end: End = None) -> list[Evidence]:
        """The scenes of a video, between cuts, in order, with their colours and light."""
        scenes = self.library.scenes(self.library.get(video).id)
        return [
            stored.of_scene(self.library, scenes, number)
            for number, one in enumerate(scenes, 1)
            if overlaps(one.start, one.end, start, end)
        ]

    def find_cuts(self, video: VideoId, start: Start = None, end: End = None) -> list[Evidence]:
        """The moments at which one scene ends and the next begins, in order; none in one take."""
        id = self.library.get(video).id
        frames = self.library.frames(id)
        cuts = [one.start for one in self.library.scenes(id)[1:]]
        inside = [cut for cut in cuts if overlaps(cut, cut, start, end)]
        first = [bisect_left(frames, cut - 1e-3, key=lambda frame: frame.seconds) for cut in inside]
        return [stored.of_frame(self.library, frames[at]) for at in first if at < len(frames)]
