"""What a model, a person or a program may do with a library: one public method each.

The docstrings are what a model reads. Search returns evidence, best first, and nothing rather than
something irrelevant.
"""

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tools import evidence as make
from tools.errors import RefusedRequest
from tools.library import Library
from tools.media import Evidence, Video

if TYPE_CHECKING:
    from tools.embed import Embedder
    from tools.index import VectorIndex
    from tools.media import ScreenText, Utterance
    from tools.search import Corpus, Hit

Query = Annotated[str, Field(min_length=1, max_length=400, description="What to look for.")]
Videos = Annotated[
    list[str] | None, Field(description="Ids of the videos to search; all of them without it.")
]
VideoId = Annotated[str, Field(description="The id of one video.")]
Start = Annotated[float | None, Field(ge=0, description="Only from this second on.")]
End = Annotated[float | None, Field(ge=0, description="Only before this second.")]
Limit = Annotated[int, Field(ge=1, le=50, description="At most so many results.")]
CORPORA = 8
"""Sets of videos whose texts are held prepared for search."""
NEIGHBOURS = 4096
"""Texts of a video whose nearness in meaning is asked for: all, but in the longest videos."""
MOMENT_FRAMES = 6


class Toolbox:
    """The capabilities over one library. Safe to call from many threads."""

    def __init__(self, library: Library, index: "VectorIndex | None" = None) -> None:
        self.library = library
        self._index = index
        self._embedder: Embedder | None = None
        self._corpora: OrderedDict[Any, tuple[Corpus[Utterance], Corpus[ScreenText]]] = (
            OrderedDict()
        )
        self._guard = threading.Lock()

    def tools(self) -> list[Callable[..., Any]]:
        """Every capability, in the order a model should see them."""
        return [
            self.search_transcript,
            self.search_screen_text,
            self.search_frames,
            self.find_words,
            self.read_moment,
            self.look_at,
            self.find_scenes,
            self.find_cuts,
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
        found = self._hits(speech, query, start, end, limit)
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
        found = self._hits(screen, query, start, end, limit)
        return [self._scored(hit) for hit in found]

    def search_frames(
        self,
        query: Query,
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
    ) -> list[Evidence]:
        """Find pictures by colour, light and motion: "mostly red", "dark", "the most movement"."""
        from tools.looks import parse_look, rank_frames

        look = parse_look(query)
        if look is None:
            return []
        scope = self._scope(videos)
        looks = [one for video in scope for one in self.library.attributes(video)]
        cuts = {video: [scene.start for scene in self.library.scenes(video)] for video in scope}
        inside = [one for one in looks if _overlaps(one.seconds, one.seconds, start, end)]
        return [self._pictured(hit) for hit in rank_frames(look, inside, limit=limit, cuts=cuts)]

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
        from tools.search import find_words

        speech, screen = self.corpora(self._scope(videos))
        found = [*find_words(words, speech.items), *find_words(words, screen.items)]
        inside = [one for one in found if _overlaps(one.start, one.end, start, end)]
        inside.sort(key=lambda one: (one.video, one.start, one.end))
        return [self.library.evidence(one.id) for one in inside[:limit]]

    def read_moment(
        self,
        video: VideoId,
        start: Annotated[float, Field(ge=0, description="From this second on.")],
        end: Annotated[float, Field(ge=0, description="Before this second.")],
    ) -> list[Evidence]:
        """Everything said and shown in a span of one video, in order of time."""
        id = self.library.get(video).id
        end = max(end, start)
        said = [u for u in self.library.utterances(id) if _overlaps(u.start, u.end, start, end)]
        shown = [t for t in self.library.screen_text(id) if _overlaps(t.start, t.end, start, end)]
        found = [make.of_speech(one, self.library.image_at(id, one.start, one.end)) for one in said]
        found += [make.of_screen(one, self.library.image_at(id, max(one.start, start), one.end))
                  for one in shown]  # fmt: skip
        found += self._pictures(id, start, end)
        return sorted(found, key=lambda one: (one.start, one.end))

    def look_at(
        self,
        video: VideoId,
        seconds: Annotated[float, Field(ge=0, description="The moment, in seconds.")],
    ) -> list[Evidence]:
        """The picture on screen at one moment, with its colours and light."""
        from tools.frames import at

        id = self.library.get(video).id
        frame = at(self.library, id, seconds)
        return [self.library.evidence(frame.id)] if frame else []

    def find_scenes(self, video: VideoId, start: Start = None, end: End = None) -> list[Evidence]:
        """The scenes of a video, between cuts, in order, with their colours and light."""
        id = self.library.get(video).id
        scenes = self.library.scenes(id)
        return [
            make.of_scene(one, number, len(scenes), self.library.look_of(id, one.start, one.end))
            for number, one in enumerate(scenes, 1)
            if _overlaps(one.start, one.end, start, end)
        ]

    def find_cuts(self, video: VideoId, start: Start = None, end: End = None) -> list[Evidence]:
        """The moments at which one scene ends and the next begins, in order; none in one take."""
        id = self.library.get(video).id
        frames = self.library.frames(id)
        cuts = [one.start for one in self.library.scenes(id)[1:]]
        inside = [cut for cut in cuts if _overlaps(cut, cut, start, end)]
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
        from tools.search import missing_words

        return missing_words(question, self.corpora(self._scope(videos)))

    @property
    def embedder(self) -> "Embedder | None":
        """What made the text vectors of this library; None where there are none."""
        if self._embedder is None:
            from tools.embed import load_embedder

            for video in self.library.list():
                if vectors := self.library.vectors(video.id):
                    self._embedder = load_embedder(vectors.provider)
                    break
        return self._embedder

    def nearest(
        self, query: str, videos: Sequence[str] | None = None, limit: int = 3
    ) -> list[Evidence]:
        """What comes closest to a query that nothing answers: nearest misses, best first."""
        speech, screen = self.corpora(self._scope(videos))
        found = [
            *self._hits(speech, query, None, None, limit, cut=False),
            *self._hits(screen, query, None, None, limit, cut=False),
        ]
        found.sort(key=lambda hit: -hit.score)
        return [self._scored(hit) for hit in found[:limit] if hit.score > 0]

    def corpora(self, videos: Sequence[str]) -> "tuple[Corpus[Utterance], Corpus[ScreenText]]":
        """Speech and on-screen text of some videos, prepared for search."""
        from tools.search import Corpus

        key = tuple((video, self.library.generation(video)) for video in videos)
        with self._guard:
            if key in self._corpora:
                self._corpora.move_to_end(key)
                return self._corpora[key]
        said = [one for video in videos for one in self.library.utterances(video)]
        shown = [one for video in videos for one in self.library.screen_text(video)]
        made = Corpus(said), Corpus(shown, noisy=True)
        with self._guard:
            self._corpora[key] = made
            while len(self._corpora) > CORPORA:
                self._corpora.popitem(last=False)
        return made

    def _scope(self, videos: Sequence[str] | None) -> list[str]:
        if videos:
            return [self.library.get(video).id for video in videos]
        return [video.id for video in self.library.list()]

    def _hits(
        self,
        corpus: "Corpus[Any]",
        query: str,
        start: float | None,
        end: float | None,
        limit: int,
        cut: bool = True,
    ) -> "list[Hit]":
        from tools.search import Hit, content_words, find_words, search

        if not corpus.items:
            return []
        if not content_words(query):  # "How are you?" is found as it stands, or not at all
            same = [one for one in find_words([query], corpus.items)
                    if _overlaps(one.start, one.end, start, end)]  # fmt: skip
            return [Hit(o.id, o.video, o.start, o.end, o.text, 1.0) for o in same[:limit]]
        cosines = self._cosines(query, {one.video for one in corpus.items})
        within = {"start": start or 0.0, "end": float("inf") if end is None else end}
        return search(query, corpus, cosines, limit=limit, cut=cut, **within)

    def _cosines(self, query: str, videos: set[str]) -> dict[str, float]:
        """How near in meaning each text is, by evidence id; empty where there are no vectors."""
        from tools.embed import load_embedder
        from tools.index import ExactIndex

        found: dict[str, float] = {}
        asked: Any = None
        for video in videos:
            vectors = self.library.vectors(video)
            if vectors is None:
                continue
            if self._embedder is None or self._embedder.name != vectors.provider:
                self._embedder = load_embedder(vectors.provider)
                asked = None
            if asked is None:
                asked = self._embedder.texts([query])[0]
            index = self._index or ExactIndex()
            generation = self.library.generation(video)
            found |= dict(index.nearest(video, generation, vectors, asked, NEIGHBOURS))
        return found

    def _scored(self, hit: "Hit") -> Evidence:
        from dataclasses import replace

        return replace(self.library.evidence(hit.id), score=hit.score)

    def _pictured(self, hit: "Hit") -> Evidence:
        from dataclasses import replace

        from tools.media import evidence_id

        id = evidence_id("frame", hit.video, hit.start, hit.end)
        return replace(self.library.evidence(id), score=hit.score)

    def _pictures(self, video: str, start: float, end: float) -> list[Evidence]:
        frames = [f for f in self.library.frames(video) if start <= f.seconds < end]
        if not frames:
            before = [f for f in self.library.frames(video) if f.seconds <= start]
            frames = before[-1:]
        step = max(len(frames) / MOMENT_FRAMES, 1.0)
        chosen = [frames[int(i * step)] for i in range(int(len(frames) / step))]
        return [self.library.evidence(one.id) for one in chosen]


def _by_moment(found: list[Evidence]) -> list[Evidence]:
    """The best of each moment first, then what lies beside one that is there already."""
    from tools.search import Hit, merge_moments

    hits = [Hit(o.id, o.video, o.start, o.end, o.text, o.score) for o in found]
    first = {moment.hits[0].id for moment in merge_moments(hits)}
    return sorted(found, key=lambda one: one.id not in first)


def _overlaps(begin: float, finish: float, start: float | None, end: float | None) -> bool:
    """Whether [begin, finish) and [start, end) share a moment; instants count as moments."""
    after = start is None or finish > start or begin >= start
    before = end is None or begin < end or (start == end and begin <= end)
    return after and before
