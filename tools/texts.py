"""Search in what is said and shown: by words, and by meaning where there are vectors."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tools.closer import without_parts
from tools.evidence import parse_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed import Embedder, Floats
    from tools.index import VectorIndex
    from tools.library import Library
    from tools.media import ScreenText, Utterance
    from tools.search import Corpus, Hit

CORPORA = 8
"""Sets of videos whose texts are held prepared for search."""
TEXTS = ("subtitles", "screen", "speech", "speakers", "vectors")
"""The stages whose files these are."""
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
        self._corpora: OrderedDict[Any, tuple[Corpus[Utterance], Corpus[ScreenText]]] = (
            OrderedDict()
        )
        self._guard = threading.Lock()

    @property
    def embedder(self) -> Embedder | None:
        """What made the text vectors of this library; None where there are none."""
        if not self._provider:
            found = (self._library.vectors(video.id) for video in self._library.list())
            self._provider = next((one.provider for one in found if one), "")
        return self._load(self._provider) if self._provider else None

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
        vectors = [one for video in videos if (one := self._library.vectors(video))]
        made = Corpus(said, vectors), Corpus(shown, vectors, noisy=True)
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
        within = {"start": start or 0.0, "end": float("inf") if end is None else end}
        return search(query, corpus, cosines, limit=limit, cut=cut, **within)

    def weights(self, corpus: Corpus[Utterance], question: str) -> NDArray[np.float64]:
        """How well the surroundings of each text answer a question: see Weighed.fused."""
        import numpy as np

        from tools.search import weigh

        cosines = self._cosines(question, {one.video for one in corpus.items})
        weighed = weigh(question, corpus, cosines)
        return weighed.fused if weighed else np.zeros(len(corpus.items))

    def vectors(self, ids: Sequence[str], question: str) -> tuple[Floats, Floats]:
        """A row for each text, and the vector of a question; zeros where there are none.

        Of texts from several embedders those of the one that searches count.
        """
        import numpy as np

        embedder = self.embedder
        if embedder is None:
            return np.zeros((len(ids), 1), np.float32), np.zeros(1, np.float32)
        asked = embedder.texts([question])[0]
        rows = np.zeros((len(ids), len(asked)), np.float32)
        known: dict[str, Any] = {}
        for video in {one[1] for id in ids if (one := parse_id(id))}:
            stored = self._library.vectors(video)
            if stored and stored.provider == embedder.name and stored.array.shape[1] == len(asked):
                known |= dict(zip(stored.ids, stored.array, strict=True))
        for place, id in enumerate(ids):
            if id in known:
                rows[place] = known[id]
        return rows, asked

    def _load(self, name: str) -> Embedder:
        from tools.embed import load_embedder

        return load_embedder(name, self._library.home, self._threads)

    def _cosines(self, query: str, videos: set[str]) -> dict[str, float]:
        """How near in meaning each text is, by evidence id; empty where there are no vectors."""
        from tools.index import ExactIndex

        found: dict[str, float] = {}
        asked: dict[str, Floats] = {}
        for video in videos:
            vectors = self._library.vectors(video)
            if vectors is None:
                continue
            name = self._provider = vectors.provider
            if name not in asked:
                asked[name] = self._load(name).texts([query])[0]
            if vectors.array.shape[1:] != asked[name].shape:  # of another model of the same name
                continue
            index = self._index or ExactIndex()
            generation = self._library.generation(video)
            found |= dict(index.nearest(video, generation, vectors, asked[name], NEIGHBOURS))
        return found


def overlaps(begin: float, finish: float, start: float | None, end: float | None) -> bool:
    """Whether [begin, finish) and [start, end) share a moment; instants count as moments."""
    after = start is None or finish > start or begin >= start
    before = end is None or begin < end or (start == end and begin <= end)
    return after and before
