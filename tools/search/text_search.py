"""Search in what is said and shown: by words, and by meaning where there are vectors."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from tools.embed import Vectors, bundled_embedder, load_embedder
from tools.embed.passages import ABOUT
from tools.errors import ProviderUnavailable
from tools.media import overlaps
from tools.search.vector_index import ExactIndex
from tools.store.dense import without_parts
from tools.store.evidence import of_words
from tools.text.tokens import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed import Floats, TextEmbedder
    from tools.embed.passages import Nearness
    from tools.media import Evidence, ScreenText, Utterance
    from tools.search.text_ranking import Corpus
    from tools.store.store import Store

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
CORPORA = 8
"""Sets of videos whose texts are held prepared for search."""
TEXTS = ("subtitles", "screen", "speech", "speakers")
"""The stages whose files these are."""
QUESTIONS = 16
"""Questions whose vectors are held: a turn asks the same one several times."""
PASSAGES = 64
"""Passages whose nearness in meaning is asked for: of all others it is told that it is less."""
NEIGHBOURS = 4096
"""Texts of a video whose nearness in meaning is asked for: all, but in the longest videos."""


class TextSearch:
    """The texts of one library. Safe for many threads."""

    def __init__(
        self,
        store: Store,
        index: ExactIndex | None = None,
        threads: int = 0,
        device: str = "auto",
    ) -> None:
        self._store = store
        self._index, self._runs = index or ExactIndex(), (threads, device)
        self._provider = ""
        self._told: set[str] = set()
        self._questions: OrderedDict[tuple[str, str], Floats] = OrderedDict()
        self._corpora: OrderedDict[Any, tuple[Corpus[Utterance], Corpus[ScreenText]]] = (
            OrderedDict()
        )
        self._guard = threading.Lock()

    @property
    def embedder(self) -> TextEmbedder:
        """What made the text vectors of this library, where it is there; else the package's own."""
        if not self._provider:
            found = (self._store.vectors(video.id) for video in self._store.list())
            self._provider = next((one.provider for one in found if one), "")
        return (self._load(self._provider) if self._provider else None) or bundled_embedder()

    def unread(self, videos: Sequence[str]) -> str:
        """Why texts of these are compared by their words only; empty where they are not."""
        stored = [one for video in videos if (one := self._store.vectors(video))]
        for name in dict.fromkeys(one.provider for one in stored):
            try:
                load_embedder(name, self._store.home, *self._runs)
            except ProviderUnavailable as error:
                return f"what is said is compared word by word only, as {error}"
        return ""

    def corpora(self, videos: Sequence[str]) -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
        """Speech and on-screen text of some videos, prepared for search."""
        from tools.search.text_ranking import Corpus

        samples = {video: self._store.dense_samples(video) for video in videos}
        # A dense sample only ever adds texts, and a stamp does not tell of it.
        key = tuple(
            (video, self._store.stamp(video, *TEXTS), sum(len(one.texts) for one in samples[video]))
            for video in videos
        )

        def prepare() -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
            said = [one for video in videos for one in self._store.utterances(video)]
            shown = [
                one
                for video in videos
                for one in without_parts(self._store.screen_text(video), samples[video])
            ]
            return Corpus(said), Corpus(shown, noisy=True)

        return self._held(self._corpora, key, CORPORA, prepare)

    def found(
        self,
        corpus: Corpus[Any],
        query: str,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """What fits a query in words and meaning, best first."""
        from tools.search.text_ranking import find_words, search

        if not corpus.items:
            return []
        if not content_words(query):  # "How are you?" is found as it stands, or not at all
            same = [one for one in find_words([query], corpus.items)
                    if overlaps(one.start, one.end, start, end)]  # fmt: skip
            return [of_words(self._store, one, 1.0) for one in same[:limit]]
        within = {"start": start or 0.0, "end": float("inf") if end is None else end}
        cosines, read = self._meant(corpus, query)
        hits = search(query, corpus, cosines, read=read, limit=limit, **within)
        return [of_words(self._store, one, score) for one, score in hits]

    def weights(self, corpus: Corpus[Utterance], question: str) -> NDArray[np.float64]:
        """How well the surroundings of each text answer a question: see Weighed.fused."""
        import numpy as np

        from tools.search.text_ranking import weigh

        cosines, read = self._meant(corpus, question)
        weighed = weigh(question, corpus, cosines, read=read)
        return weighed.fused if weighed else np.zeros(len(corpus.items))

    def _meant(self, corpus: Corpus[Any], question: str) -> tuple[dict[str, float], bool]:
        """Cosines of the nearest passages or on-screen texts; whether a model has read them."""
        if corpus.noisy:
            return self._cosines(question, {one.video for one in corpus.items}), False
        near = self.nearness(corpus.items, question)
        passages = near.around[ABOUT].tolist()
        found = sorted(zip(passages, (one.id for one in corpus.items), strict=True), reverse=True)
        return {id: cosine for cosine, id in found[:PASSAGES]}, bool(near.reader)

    def nearness(self, said: Sequence[Utterance], question: str) -> Nearness:
        """How near a question is to cues, which come by video, and what is said around them."""
        import numpy as np

        from tools.embed import passages

        found: list[NDArray[np.float64]] = []
        readers: set[str] = set()
        for video, group in groupby(said, key=lambda one: one.video):
            cues = list(group)
            (stored, asked), read = self._asked(video, question), self._store.passages(video)
            rows = np.zeros((len(cues), len(asked)), np.float32)
            known = {id: place for place, id in enumerate(stored.ids)}
            places = np.array([known.get(one.id, -1) for one in cues])
            rows[places >= 0] = stored.array[places[places >= 0]]
            ours = read if read and read.provider == stored.provider else None
            if ours and ours.array.shape[1:] == asked.shape:
                readers.add(ours.provider)
                around = passages.read(ours, cues, asked)
            else:
                readers.add("")
                around = passages.means(cues, rows, asked)
            found.append(np.vstack([(rows @ asked).astype(np.float64), around]))
        near = np.hstack(found)
        return passages.Nearness(near[0], near[1:], readers.pop() if len(readers) == 1 else "")

    def _load(self, name: str) -> TextEmbedder | None:
        try:
            return load_embedder(name, self._store.home, *self._runs)
        except ProviderUnavailable as error:
            if name not in self._told:
                self._told.add(name)
                _log.warning("text vectors are left aside: %s", error)
            return None

    def _vectors(self, video: str) -> Vectors:
        """Those that are stored; of the words alone where none are, or their model is another."""
        stored = self._store.vectors(video)
        embedder = self._load(stored.provider) if stored else None
        if stored and embedder and stored.array.shape[1:] == (embedder.dimensions,):
            return stored

        def make() -> Vectors:
            embedder, said = bundled_embedder(), self._store.utterances(video)
            rows = embedder.texts([one.text for one in said])
            return Vectors([one.id for one in said], rows, embedder.name)

        return self._store.cached(video, "words' vectors", make)

    def _asked(self, video: str, question: str) -> tuple[Vectors, Floats]:
        """The vectors of a video, and the question as they can be compared with it."""
        vectors = self._vectors(video)

        def ask() -> Floats:
            embedder = self._load(vectors.provider) or bundled_embedder()
            return embedder.questions([question])[0]

        key = vectors.provider, question
        return vectors, self._held(self._questions, key, QUESTIONS, ask)

    def _held(self, store: OrderedDict[Any, _T], key: Any, most: int, make: Callable[[], _T]) -> _T:
        """Get or make an entry of an LRU cache of at most `most` entries."""
        with self._guard:
            if key in store:
                store.move_to_end(key)
                return store[key]
        made = make()
        with self._guard:
            store[key] = made
            while len(store) > most:
                store.popitem(last=False)
        return made

    def _cosines(self, query: str, videos: set[str]) -> dict[str, float]:
        """How near in meaning each text is, by evidence id; none where no vectors are stored."""
        found: dict[str, float] = {}
        for video in videos:
            vectors, asked = self._asked(video, query)
            if vectors is not self._store.vectors(video):
                continue  # numbers are alike as words: what is read is compared as it stands
            generation = self._store.generation(video)
            found |= dict(self._index.nearest(video, generation, vectors, asked, NEIGHBOURS))
        return found
