"""What a model, a person or a program may do with a library: one public method each.

The docstrings are what a model reads. Search returns evidence, best first, and nothing rather than
something irrelevant.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tools import evidence as make
from tools.arguments import End, Labels, Limit, Query, Second, Start, VideoId, Videos
from tools.errors import RefusedRequest
from tools.library import Library
from tools.media import Evidence, Video, evidence_id
from tools.search.image_search import PictureSearch
from tools.search.sound_search import Sought, find_sounds
from tools.search.text_search import TextSearch, overlaps
from tools.summary.digest import About

if TYPE_CHECKING:
    from tools.embed import TextEmbedder
    from tools.media import ScreenText, Utterance
    from tools.search.image_vectors import ImageEmbedder, VisualSearch
    from tools.search.text_ranking import Corpus, Hit
    from tools.search.vector_index import VectorIndex
    from tools.vision.ocr import TextReader

LABELS = 20


class Toolbox:
    """The capabilities over one library. Safe to call from many threads."""

    def __init__(
        self,
        library: Library,
        index: "VectorIndex | None" = None,
        sees: "Callable[[], ImageEmbedder | None] | None" = None,
        reads: "Callable[[], TextReader | None] | None" = None,
        *,
        blind: Callable[[], str] = str,
        threads: int = 0,
        device: str = "auto",
    ) -> None:
        self.library = library
        self._texts = TextSearch(library, index, threads, device)
        self._pictures = PictureSearch(library, sees, blind)
        self._reads = reads  # makes what reads text on screen, when it is first needed
        self._reader: TextReader | None = None
        self._guard = threading.Lock()

    def tools(self) -> list[Callable[..., Any]]:
        """Every capability, in the order a model should see them."""
        return [
            self.search_transcript,
            self.search_screen_text,
            self.search_frames,
            self.find_similar,
            *((self.classify,) if self._pictures.sees else ()),
            self.find_sounds,
            self.find_words,
            self.read_moment,
            self.read_passage,
            self.look_at,
            self.look_closer,
            self.find_scenes,
            self.find_cuts,
            self.find_actions,
            self.summarize_video,
            self.video_facts,
            self.list_videos,
        ]

    def list_videos(self) -> list[Video]:
        """List the videos of the library with their length and how far they are indexed."""
        return self.library.list()

    def video_facts(self, video: VideoId) -> list[Evidence]:
        """Facts about a whole video: length, size, sound, number of scenes, time of recording."""
        return [self.library.facts(self.library.get(video).id)]

    def search_transcript(
        self,
        query: Query,
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
    ) -> list[Evidence]:
        """Find what is said about something. Use for anything that people talk about."""
        speech, _ = self.corpora(self._scope(videos))
        found = self._texts.hits(speech, query, start, end, limit)
        return [self._scored(hit) for hit in found]

    def search_screen_text(
        self,
        query: Query,
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
    ) -> list[Evidence]:
        """Find text that can be read on screen: titles, slides, signs, captions, code."""
        _, screen = self.corpora(self._scope(videos))
        found = self._texts.hits(screen, query, start, end, limit)
        return [self._scored(hit) for hit in found]

    def search_frames(
        self,
        query: Query,
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
    ) -> list[Evidence]:
        """Find pictures by what they show: things, places, "mostly red", "the most movement"."""
        return self._pictures.by_words(query, self._scope_of(videos), start, end, limit)

    def find_similar(
        self,
        evidence: Annotated[str, Field(description="The id of what the pictures should be like.")],
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
    ) -> list[Evidence]:
        """Find pictures like one that was found before: "more like the second one".

        Without a picture model they are alike in colours only, and their text says so.
        """
        return self._pictures.alike(evidence, self._scope_of(videos), start, end, limit)

    def classify(
        self,
        labels: Annotated[
            list[str],
            Field(min_length=1, max_length=LABELS, description="What it may be; 20 at most."),
        ],
        video: VideoId,
        start: Start = None,
        end: End = None,
    ) -> list[Evidence]:
        """Which of these labels fits the pictures of a video, or of a span of it, if any does."""
        if len(labels) > LABELS:
            raise RefusedRequest(f"a picture is compared with {LABELS} labels at most: name fewer")
        return self._pictures.labelled(labels, self.library.get(video).id, start, end)

    def find_sounds(
        self,
        what: Annotated[Sought, Field(description="outburst: loud and not speech, as cheers are.")],
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
    ) -> list[Evidence]:
        """Find sounds by loudness and kind: moments that stand out, or the longest stretches.

        `other` is music or noise. What made a sound is not known: never say that it is a crowd.
        """
        return find_sounds(self.library, self._scope(videos), what, start, end, limit)

    def find_words(
        self,
        words: Annotated[list[str], Field(min_length=1, description="All must be there.")],
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 50,
    ) -> list[Evidence]:
        """Every place where words or phrases are said or shown, in order of time.

        Use to count, for the first or last mention, and to see whether words occur at all.
        """
        from tools.search.text_ranking import find_words

        speech, screen = self.corpora(self._scope(videos))
        found = [*find_words(words, speech.items), *find_words(words, screen.items)]
        inside = [one for one in found if overlaps(one.start, one.end, start, end)]
        inside.sort(key=lambda one: (one.video, one.start, one.end))
        return [self.library.evidence(one.id) for one in inside[:limit]]

    def read_moment(
        self,
        video: VideoId,
        start: Annotated[Second, Field(description="From this second on.")],
        end: Annotated[Second, Field(description="Before this second.")],
    ) -> list[Evidence]:
        """Everything said and shown in a span of one video, in order of time."""
        from tools.search.moment import moment

        return moment(self.library, self.library.get(video).id, start, max(end, start))

    def read_passage(
        self,
        video: VideoId,
        start: Annotated[float, Field(ge=0, description="Where its first sentence starts.")],
        end: Annotated[float, Field(ge=0, description="Where its last sentence ends.")],
    ) -> list[Evidence]:
        """What is said in a short span as one quotation. Use to cite several sentences at once."""
        id = self.library.get(video).id
        said = make.inside(self.library.utterances(id), start, end)
        return [self.library.evidence(make.passage_id(said))] if said else []

    def look_at(
        self,
        video: VideoId,
        seconds: Annotated[Second, Field(description="The moment, in seconds.")],
    ) -> list[Evidence]:
        """The picture on screen at one moment, with its colours and light."""
        from tools.store.frames import at

        id = self.library.get(video).id
        frame = at(self.library, id, seconds)
        return [self.library.evidence(frame.id)] if frame else []

    def look_closer(
        self,
        video: VideoId,
        start: Annotated[Second, Field(description="From this second on.")],
        end: Annotated[Second, Field(description="Before this second; 12 s later at most.")],
    ) -> list[Evidence | str]:
        """Look at a short span with several pictures a second, and read what they show.

        Use where the pictures so far are too far apart, and for what somebody does: a counter, a
        flash, a gesture. First comes the span as a whole, by which to cite what happens in it. The
        last line says so where the time did not suffice.
        """
        from tools.ingest.on_demand import look

        id = self.library.get(video).id
        visual = self.visual if self.library.picture_vectors(id) else None
        with self._guard:
            if self._reader is None and self._reads:
                self._reader = self._reads()
        embedder = visual.embedder if visual else None
        left_out = look(self.library, id, start, end, self._reader, embedder)
        whole = self.library.evidence(evidence_id("frame", id, start, max(end, start + 0.001)))
        return [whole, *self.read_moment(id, start, end), *([left_out] if left_out else [])]

    def find_scenes(self, video: VideoId, start: Start = None, end: End = None) -> list[Evidence]:
        """The scenes of a video, between cuts, in order, with their colours and light."""
        id = self.library.get(video).id
        scenes = self.library.scenes(id)
        return [
            make.of_scene(one, number, len(scenes), self.library.look_of(id, one.start, one.end))
            for number, one in enumerate(scenes, 1)
            if overlaps(one.start, one.end, start, end)
        ]

    def summarize_video(self, video: VideoId, about: About = "overview") -> list[Evidence | str]:
        """A video in short: what it is about, its chapters, its key events, its highlights.

        Use for questions about the whole. Lines without a label were written of it before.
        """
        from tools.summary.digest import brief

        return brief(self.library, self.library.get(video).id, about)

    def find_actions(
        self, video: VideoId, start: Start = None, end: End = None, labels: Labels = None
    ) -> list[Evidence]:
        """When something moves, how much and where to; with labels, when one of them is seen."""
        from tools.search.motion import find_actions

        one = self.library.get(video)
        visual = self.visual if labels else None
        span = start or 0.0, one.duration if end is None else end
        return find_actions(self.library, one.id, *span, labels or (), visual)

    def find_cuts(self, video: VideoId, start: Start = None, end: End = None) -> list[Evidence]:
        """The moments at which one scene ends and the next begins, in order; none in one take."""
        id = self.library.get(video).id
        frames = self.library.frames(id)
        cuts = [one.start for one in self.library.scenes(id)[1:]]
        inside = [cut for cut in cuts if overlaps(cut, cut, start, end)]
        first = [bisect_left(frames, cut - 1e-3, key=lambda frame: frame.seconds) for cut in inside]
        return [self.library.evidence(frames[at].id) for at in first if at < len(frames)]

    def search(
        self,
        query: str,
        videos: Sequence[str] | None = None,
        *,
        kinds: Sequence[str] = (),
        start: float | None = None,
        end: float | None = None,
        limit: int = 6,
    ) -> list[Evidence]:
        """Evidence of every kind, or of these, best first."""
        ways: dict[str, Callable[..., list[Evidence]]] = {
            "speech": self.search_transcript,
            "screen": self.search_screen_text,
            "frame": self.search_frames,
            "scene": self._search_scenes,
        }
        for kind in kinds:
            if kind not in (*ways, "object"):
                raise RefusedRequest(f"no kind {kind!r}; one of: {', '.join(ways)}, object")
        scope = list(videos) if videos else None
        found = [
            one
            for kind, way in ways.items()
            if (kind in kinds if kinds else kind != "scene")
            for one in way(query, scope, start, end, limit)
        ]
        return _by_moment(sorted(found, key=lambda one: -one.score))[:limit]

    def _search_scenes(
        self,
        query: str,
        videos: list[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """The scenes in which something is said, shown or looks so."""
        from dataclasses import replace

        best: dict[str, Evidence] = {}
        for one in self.search(query, videos, start=start, end=end, limit=4 * limit):
            for scene in self.find_scenes(one.video, one.start, max(one.end, one.start + 1e-3)):
                if scene.id not in best:
                    text = f"{scene.text}: {one.text}"
                    best[scene.id] = replace(scene, score=one.score, text=text)
        return list(best.values())[:limit]

    # What the doors and the model without a language model use beside the tools

    def missing_words(self, question: str, videos: Sequence[str] | None = None) -> list[str]:
        """Which of the question's words are neither said nor shown anywhere in these videos."""
        from tools.search.text_ranking import missing_words

        return missing_words(question, self.corpora(self._scope(videos)))

    @property
    def visual(self) -> "VisualSearch | None":
        """Search by what pictures show; None where nothing that sees is set up."""
        return self._pictures.visual

    def blind(self, videos: Sequence[str]) -> str:
        """Why these are not searched by what they show; empty where pictures of one of them are."""
        return self._pictures.blind(videos)

    def unseen(self, videos: Sequence[str] | None = None) -> list[Video]:
        """Those of some videos that a search by what pictures show passed over."""
        return self._pictures.unseen(self._scope(videos))

    @property
    def embedder(self) -> "TextEmbedder":
        """What made the text vectors of this library, or makes them."""
        return self._texts.embedder

    @property
    def texts(self) -> TextSearch:
        """Search in what is said and shown."""
        return self._texts

    def corpora(self, videos: Sequence[str]) -> "tuple[Corpus[Utterance], Corpus[ScreenText]]":
        """Speech and on-screen text of some videos, prepared for search."""
        return self._texts.corpora(videos)

    def nearest(
        self, query: str, videos: Sequence[str] | None = None, limit: int = 3
    ) -> list[Evidence]:
        """What comes closest to a query that nothing answers: nearest misses, best first."""
        speech, screen = self.corpora(self._scope(videos))
        found = [
            *self._texts.hits(speech, query, None, None, limit, cut=False),
            *self._texts.hits(screen, query, None, None, limit, cut=False),
        ]
        found.sort(key=lambda hit: -hit.score)
        return [self._scored(hit) for hit in found[:limit] if hit.score > 0]

    def _scope_of(self, videos: Sequence[str] | None) -> list[str] | None:
        return self._scope(videos) if videos else None

    def _scope(self, videos: Sequence[str] | None) -> list[str]:
        if videos:
            return [self.library.get(video).id for video in videos]
        return [video.id for video in self.library.list()]

    def _scored(self, hit: "Hit") -> Evidence:
        from dataclasses import replace

        return replace(self.library.evidence(hit.id), score=hit.score)


def _by_moment(found: list[Evidence]) -> list[Evidence]:
    """The best of each moment first, then what lies beside one that is there already."""
    from tools.search.text_ranking import Hit, merge_moments

    hits = [Hit(o.id, o.video, o.start, o.end, o.text, o.score) for o in found]
    first = {moment.hits[0].id for moment in merge_moments(hits)}
    return sorted(found, key=lambda one: one.id not in first)
