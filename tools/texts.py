"""Search in what is said and shown: by words, and by meaning where there are vectors."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tools.closer import without_parts
from tools.embed import load_embedder
from tools.errors import ProviderUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed import Floats, TextEmbedder, Vectors
    from tools.index import VectorIndex
    from tools.library import Library
    from tools.media import ScreenText, Utterance
    from tools.passages import Nearness
    from tools.search import Corpus, Hit

_log = logging.getLogger(__name__)
CORPORA = 8
"""Sets of videos whose texts are held prepared for search."""
TEXTS = ("subtitles", "screen", "speech", "speakers")
"""The stages whose files these are."""
QUESTIONS = 16
"""Questions whose vectors are held: a turn asks the same one several times."""
NEIGHBOURS = 4096
"""Texts of a video whose nearness in meaning is asked for: all, but in the longest videos."""


class TextSearch:
    """The texts of one library. Safe for many threads."""

    def __init__(
        self, library: Library, index: VectorIndex | None = None, threads: int = 0
    ) -> None:
        self._library = library
        self._index, self._threads = index, threads
        self._provider = ""
        self._told: set[str] = set()
        self._questions: OrderedDict[tuple[str, str], Floats] = OrderedDict()
        self._corpora: OrderedDict[Any, tuple[Corpus[Utterance], Corpus[ScreenText]]] = (
            OrderedDict()
        )
        self._guard = threading.Lock()

    @property
    def embedder(self) -> TextEmbedder | None:
        """What made the text vectors of this library; None where there are none, or it is gone."""
        if not self._provider:
            found = (self._library.vectors(video.id) for video in self._library.list())
            self._provider = next((one.provider for one in found if one), "")
        return self._load(self._provider) if self._provider else None

    def unread(self, videos: Sequence[str]) -> str:
        """Why texts of these are compared by their words only; empty where they are not."""
        stored = [one for video in videos if (one := self._library.vectors(video))]
        for name in dict.fromkeys(one.provider for one in stored):
            try:
                load_embedder(name, self._library.home, self._threads)
            except ProviderUnavailable as error:
                return f"what is said is searched by its words only, as {error}"
        return ""

    def corpora(self, videos: Sequence[str]) -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
        """Speech and on-screen text of some videos, prepared for search."""
        from tools.search import Corpus

        looks = {video: self._library.looks(video) for video in videos}
        # A look only ever adds texts, and a stamp does not tell of it.
        key = tuple(
            (video, self._library.stamp(video, *TEXTS), sum(len(one.texts) for one in looks[video]))
            for video in videos
        )
        with self._guard:
            if key in self._corpora:
                self._corpora.move_to_end(key)
                return self._corpora[key]
        said = [one for video in videos for one in self._library.utterances(video)]
        shown = [
            one
            for video in videos
            for one in without_parts(self._library.screen_text(video), looks[video])
        ]
        made = Corpus(said), Corpus(shown, noisy=True)
        with self._guard:
            self._corpora[key] = made
            while len(self._corpora) > CORPORA:
                self._corpora.popitem(last=False)
        return made

    def hits(
        self,
        corpus: Corpus[Any],
        query: str,
        start: float | None,
        end: float | None,
        limit: int,
        cut: bool = True,
    ) -> list[Hit]:
        """What fits a query in words and meaning, best first; cut leaves out what does not."""
        from tools.search import Hit, content_words, find_words, search

        if not corpus.items:
            return []
        if not content_words(query):  # "How are you?" is found as it stands, or not at all
            same = [one for one in find_words([query], corpus.items)
                    if overlaps(one.start, one.end, start, end)]  # fmt: skip
            return [Hit(o.id, o.video, o.start, o.end, o.text, 1.0) for o in same[:limit]]
        cosines = self._cosines(query, {one.video for one in corpus.items})
        near = self.nearness(corpus.items, query) if corpus.joined else None
        within = {"start": start or 0.0, "end": float("inf") if end is None else end}
        return search(query, corpus, cosines, near, limit=limit, cut=cut, **within)

    def weights(self, corpus: Corpus[Utterance], question: str) -> NDArray[np.float64]:
        """How well the surroundings of each text answer a question: see Weighed.fused."""
        import numpy as np

        from tools.search import weigh

        cosines = self._cosines(question, {one.video for one in corpus.items})
        near = self.nearness(corpus.items, question) if corpus.joined else None
        weighed = weigh(question, corpus, cosines, near)
        return weighed.fused if weighed else np.zeros(len(corpus.items))

    def nearness(self, said: Sequence[Utterance], question: str) -> Nearness | None:
        """How near a question is to cues, which come by video, and what is said around them.

        None where there are no vectors.
        """
        import numpy as np

        from tools import passages

        found: list[NDArray[np.float64]] = []
        readers: set[str] = set()
        for video, group in groupby(said, key=lambda one: one.video):
            cues = list(group)
            stored, read = self._library.vectors(video), self._library.passages(video)
            asked = self._asked(stored, question)
            if stored is None or asked is None:
                found.append(np.zeros((1 + len(passages.WIDTHS), len(cues))))
                continue
            rows = np.zeros((len(cues), len(asked)), np.float32)
            known = {id: place for place, id in enumerate(stored.ids)}
            places = np.array([known.get(one.id, -1) for one in cues])
            rows[places >= 0] = stored.array[places[places >= 0]]
            ours = read if read and read.array.shape[1:] == asked.shape else None
            readers.add(ours.provider if ours else "")
            around = passages.read(ours, cues, asked) if ours else passages.means(cues, rows, asked)
            found.append(np.vstack([(rows @ asked).astype(np.float64), around]))
        near = np.hstack(found) if found else np.zeros((1, 0))
        if not near.any():
            return None
        return passages.Nearness(near[0], near[1:], readers.pop() if len(readers) == 1 else "")

    def _load(self, name: str) -> TextEmbedder | None:
        try:
            return load_embedder(name, self._library.home, self._threads)
        except ProviderUnavailable as error:
            if name not in self._told:
                self._told.add(name)
                _log.warning("text vectors are left aside: %s", error)
            return None

    def _asked(self, stored: Vectors | None, question: str) -> Floats | None:
        """The question as these vectors can be compared with it; None where they cannot."""
        if stored is None:
            return None
        key = stored.provider, question
        with self._guard:
            asked = self._questions.get(key)
        if asked is None:
            if (embedder := self._load(stored.provider)) is None:
                return None
            asked = embedder.questions([question])[0]
            with self._guard:
                self._questions[key] = asked
                while len(self._questions) > QUESTIONS:
                    self._questions.popitem(last=False)
        return asked if stored.array.shape[1:] == asked.shape else None  # else of another model

    def _cosines(self, query: str, videos: set[str]) -> dict[str, float]:
        """How near in meaning each text is, by evidence id; empty where there are no vectors."""
        from tools.index import ExactIndex

        found: dict[str, float] = {}
        for video in videos:
            vectors = self._library.vectors(video)
            asked = self._asked(vectors, query)
            if vectors is None or asked is None:
                continue
            index = self._index or ExactIndex()
            generation = self._library.generation(video)
            found |= dict(index.nearest(video, generation, vectors, asked, NEIGHBOURS))
        return found


def overlaps(begin: float, finish: float, start: float | None, end: float | None) -> bool:
    """Whether [begin, finish) and [start, end) share a moment; instants count as moments."""
    after = start is None or finish > start or begin >= start
    before = end is None or begin < end or (start == end and begin <= end)
    return after and before
